"""Pages of links run their own scripts only, and take a link out of sight first (L11)."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.edge.mail_pages import ASSETS, NAMES, page_routes
from server.edge.one_time import PAGES

client = TestClient(Starlette(routes=page_routes()))


def test_every_kind_of_link_has_a_page() -> None:
    assert set(NAMES) == {path.strip("/") for path in PAGES.values()} | {"invitation"}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_nobody_else_and_repeats_nothing_that_it_was_asked__L11(name: str) -> None:
    page = client.get(f"/{name}?link=8gl_secret")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "8gl_secret" not in page.text
    assert "//" not in page.text
    assert not re.search(r"\son\w+=|style=|<script>", page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(f"/{path}").status_code == 200, path


@pytest.mark.parametrize("name", ASSETS)
def test_a_script_asks_nobody_else_and_writes_no_html(name: str) -> None:
    text = client.get(f"/pages/{name}").text
    code = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    assert "//" not in code
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval", code)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_is_taken_out_of_the_address_bar_before_anything_is_asked__L11(name: str) -> None:
    text = client.get(f"/pages/{name}.js").text
    assert 0 < text.index("take") < text.index("ask(")
    assert client.get("/pages/common.js").text.count("history.replaceState") == 2
