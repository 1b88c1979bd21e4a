"""People finish what a mail or an invitation begins, in a browser and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from server.edge.settings import Settings
from tests.interop.node import require_node, run_script
from tests.server.edge.api.newcomers import ADA, PASSWORD, login
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.node, pytest.mark.slow]

MAILS = Settings(smtp_url="smtp://mail.x.example", rate_limits=False)


@asynccontextmanager
async def listening(here: SqlHouse) -> AsyncIterator[str]:
    """The house on a port; where."""
    require_node()
    config = uvicorn.Config(here.app, port=0, lifespan="off", log_config=None, access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


@pytest.fixture(params=[MAILS, Settings(rate_limits=False)], ids=["mails", "no mails"])
async def here(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, request.param) as house:
        yield house


def proves(here: SqlHouse) -> bool:
    """Whether addresses are proved by mail."""
    return here.settings.smtp_url is not None


async def visits(*pages: dict[str, Any]) -> list[dict[str, Any]]:
    """What one browser shows, page by page."""
    script = asyncio.to_thread(run_script, "pages.mjs", json.dumps(pages))
    seen: list[dict[str, Any]] = json.loads(await script)
    assert [one["errors"] for one in seen] == [[] for _ in pages]
    return seen


def page(url: str, form: str | None = None, **fields: str) -> dict[str, Any]:
    return {"url": url} | ({} if form is None else {"form": form, "fields": fields})


async def test_somebody_registers_and_logs_in(here: SqlHouse) -> None:
    async with listening(here) as base:
        if proves(here):
            [asked] = await visits(page(f"{base}/register", "address", email=ADA["email"]))
            assert "on its way" in asked["news"]
            link = f"{base}/register?link={here.mailbox.link()}"
            made = page(link, "confirm", name="Ada", password=PASSWORD)
        else:
            made = page(f"{base}/register", "account", **ADA)
        first, second = await visits(made, page(f"{base}/login", "login", **login()))
        assert first["news"] == "Welcome, Ada."
        assert first["address"] == f"{base}/register"
        assert second["news"] == "You are logged in as ada@x.example."
        [wrong] = await visits(page(f"{base}/login", "login", **login("wrong")))
        assert (wrong["forms"], "logged in" in wrong["news"]) == (["login"], False)


async def test_a_login_link_logs_in_and_is_taken_out_of_sight__L11(here: SqlHouse) -> None:
    await here.person("ada")
    async with listening(here) as base:
        link = await here.login_link("ada")
        once, again = await visits(*[page(f"{base}/login?link={link}")] * 2)
        assert once["news"] == "You are logged in as ada@x.example."
        assert once["address"] == again["address"] == f"{base}/login"
        assert again["forms"] == ["login"]


async def test_a_forgotten_password_is_chosen_anew(here: SqlHouse) -> None:
    await here.person("ada")
    async with listening(here) as base:
        [asked] = await visits(page(f"{base}/reset", "forgotten", email=ADA["email"]))
        assert "on its way" in asked["news"]
        link = f"{base}/reset?link={here.mailbox.link()}"
        chosen, used, entered = await visits(
            page(link, "choose", password=PASSWORD),
            page(link, "choose", password=PASSWORD),
            page(f"{base}/login", "login", **login()),
        )
        assert (chosen["news"], chosen["links"]) == ("Your password is changed.", ["login"])
        assert used["forms"] == ["choose"]
        assert entered["news"] == "You are logged in as ada@x.example."


async def test_a_new_address_is_confirmed(here: SqlHouse) -> None:
    browser = here.browser()
    await here.person("ada")
    await browser.post("/auth/link", json={"link": await here.login_link("ada")})
    await browser.post("/users/me/email", json={"email": "new@x.example"})
    async with listening(here) as base:
        confirmed, empty = await visits(
            page(f"{base}/email?link={here.mailbox.link()}", "confirm"), page(f"{base}/email")
        )
        assert confirmed["news"] == "Your address is new@x.example now."
        assert (empty["offered"], "mailed" in empty["news"]) == ([], True)


async def test_an_invitation_is_accepted_by_a_member_to_be(here: SqlHouse) -> None:
    await here.person("bo")
    path = f"/projects/{await here.project('bo')}/invitations"
    made = (await here.ask("bo", "POST", path, json={"role": "editor", "uses": 2})).json()
    async with listening(here) as base:
        link = f"{base}/invitation#{made['code']}"
        assert made["link"].endswith(f"/invitation#{made['code']}")
        begun, *_ = await visits(page(link))
        assert "invited to “Plan 0” as editor" in begun["text"]
        if proves(here):
            assert begun["offered"] == ["login", "address"]
            [asked] = await visits(page(link, "address", email=ADA["email"]))
            assert "open this invitation again" in asked["news"]
            confirming = f"{base}/register?link={here.mailbox.link()}"
            introduced = page(confirming, "confirm", name="Ada", password=PASSWORD)
        else:
            assert begun["offered"] == ["login", "account"]
            introduced = page(link, "account", **ADA)
        _, joined, gone = await visits(
            introduced, page(link, "join"), page(f"{base}/invitation#none")
        )
        assert joined["offered"] == ["join"]
        assert joined["news"] == "You are in “Plan 0” as editor now."
        assert joined["address"] == f"{base}/invitation"
        assert (gone["offered"], "does not hold" in gone["news"]) == ([], True)


async def test_a_title_is_a_text_and_no_page(here: SqlHouse) -> None:
    await here.person("bo")
    title = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    made = (await here.ask("bo", "POST", "/projects", json={"title": title})).json()
    path = f"/projects/{made['id']}/invitations"
    code = (await here.ask("bo", "POST", path, json={"role": "viewer"})).json()["code"]
    async with listening(here) as base:
        [seen] = await visits(page(f"{base}/invitation#{code}"))
        assert title in seen["text"]
