"""The studio is served whole, safely and cheaply; a server without it says so."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.edge.app import build_app
from server.edge.studio import PAGES, Studio, load_studio, unbuilt_routes
from tests.doubles.clock import ManualClock


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>the page")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "sw.js").write_text("the worker")
    (tmp_path / "assets/index-1a2b.js").write_text("plain")
    (tmp_path / "assets/index-1a2b.js.br").write_bytes(b"brotli")
    (tmp_path / "assets/index-1a2b.js.gz").write_bytes(b"gzip")
    (tmp_path / "assets/inter.woff2").write_bytes(b"font")
    return tmp_path


def client_of(studio: Studio | None) -> TestClient:
    """In front of a studio, through the front door."""
    routes = studio.routes() if studio else unbuilt_routes()
    app = build_app(routes=routes, clock=ManualClock(), max_body_bytes=1000)
    return TestClient(app, headers={"Accept-Encoding": "identity"})


def test_every_page_is_the_page_and_is_asked_for_again(built: Path) -> None:
    client = client_of(load_studio(built))
    for path in (page.replace("{path:path}", "p1/board") for page in PAGES):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "<!doctype html>the page"), path
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-cache"


def test_only_our_own_scripts_may_run(built: Path) -> None:
    for path in ("/", "/sw.js"):
        headers = client_of(load_studio(built)).get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["referrer-policy"] == "no-referrer"


def test_files_with_a_digest_in_their_names_are_kept_for_ever(built: Path) -> None:
    answer = client_of(load_studio(built)).get("/assets/index-1a2b.js")
    assert (answer.text, answer.headers["content-type"]) == (
        "plain",
        "text/javascript; charset=utf-8",
    )
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "size"),
    [("gzip, deflate, br", "br", 6), ("gzip;q=0.5", "gzip", 4), ("identity", None, 5)],
)
def test_the_smallest_form_that_is_taken_is_sent(
    built: Path, accepted: str, encoding: str | None, size: int
) -> None:
    client = client_of(load_studio(built))
    path = "/assets/index-1a2b.js"
    with client.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-length"] == str(size)
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/../index.html", "/nothing", "/api"])
def test_what_is_not_there_is_not_found(built: Path, path: str) -> None:
    assert client_of(load_studio(built)).get(path).status_code == 404


def test_a_server_without_a_studio_says_how_to_get_one(tmp_path: Path) -> None:
    assert load_studio(tmp_path) is None
    answer = client_of(None).get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


def test_a_font_is_sent_as_one(built: Path) -> None:
    studio = load_studio(built)
    assert studio is not None
    answer = TestClient(Starlette(routes=studio.routes())).get("/assets/inter.woff2")
    assert answer.headers["content-type"] == "font/woff2"
