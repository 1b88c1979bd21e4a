"""From a stranger to somebody, and out again: /auth, /users/me, /sessions, /tokens (L8, L11)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.edge.sessions import COOKIE
from server.edge.settings import Settings
from tests.server.edge.api.newcomers import ADA, PASSWORD, login, newcomer, told
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        yield house


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    """A house that proves addresses; what it mails is in its mailbox."""
    async with sql_house(tmp_path, Settings(smtp_url="smtp://mail.example")) as house:
        yield house


# --- registering ---


async def test_who_registers_is_logged_in_by_a_cookie_that_scripts_cannot_read(
    here: SqlHouse,
) -> None:
    browser = here.browser()
    answer = await browser.post("/auth/register", json=ADA)
    assert (answer.status_code, answer.json()["user"]["name"]) == (201, "Ada")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=8gs_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert browser.cookies[COOKIE] not in answer.text
    me = (await browser.get("/users/me")).json()
    assert (me["email"], me["has_password"], me["email_verified"]) == ("ada@x.example", True, False)


async def test_over_https_the_cookie_stays_there(tmp_path: Path) -> None:
    async with sql_house(tmp_path, Settings(public_url="https://8gentc.example")) as here:
        answer = await here.browser().post("/auth/register", json=ADA)
        assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_with_a_mail_server_a_taken_address_is_answered_like_a_free_one(
    mailing: SqlHouse,
) -> None:
    await mailing.person("ada")
    taken = await mailing.browser().post("/auth/register", json=ADA)
    free = await mailing.browser().post("/auth/register", json={**ADA, "email": "bo@x.example"})
    assert (taken.status_code, taken.text) == (free.status_code, free.text)
    assert taken.status_code == 202
    assert [mail.to for mail in mailing.mailbox.mails] == ["ada@x.example", "bo@x.example"]
    assert "has one already" in mailing.mailbox.mails[0].text


async def test_a_mailed_link_makes_the_account_once_with_the_password_of_who_has_it(
    mailing: SqlHouse,
) -> None:
    await mailing.browser().post("/auth/register", json={**ADA, "password": "an attacker's own"})
    browser, link = mailing.browser(), mailing.mailbox.link()
    body = {"link": link, "password": PASSWORD, "name": "Ada"}
    assert (await browser.post("/auth/register/confirm", json=body)).status_code == 201
    assert (await browser.get("/users/me")).json()["email_verified"] is True
    assert told(await browser.post("/auth/register/confirm", json=body)) == (404, "not-found")
    assert (await mailing.browser().post("/auth/login", json=login())).status_code == 200
    theirs = login("an attacker's own")
    assert (await mailing.browser().post("/auth/login", json=theirs)).status_code == 401


@pytest.mark.parametrize(
    ("settings", "body", "status"),
    [
        (Settings(registration="closed"), ADA, 403),
        (Settings(registration="invited"), ADA, 403),
        (Settings(registration="invited"), {**ADA, "invitation": "8g_made-up"}, 403),
        (Settings(registration_domains=("y.example",)), ADA, 403),
        (Settings(registration_domains=("x.example",)), ADA, 201),
        (Settings(), {**ADA, "password": "short"}, 422),
        (Settings(), {**ADA, "password": None}, 422),
        (Settings(), {**ADA, "email": "nonsense"}, 422),
        (Settings(), {**ADA, "is_admin": True}, 422),
    ],
)
async def test_who_may_register_is_the_operators_to_say(
    tmp_path: Path, settings: Settings, body: dict[str, Any], status: int
) -> None:
    async with sql_house(tmp_path, settings) as here:
        assert (await here.browser().post("/auth/register", json=body)).status_code == status
        assert len(await here.store.directory.list_users()) == (status == 201)


async def test_a_project_invitation_lets_somebody_register(tmp_path: Path) -> None:
    async with sql_house(tmp_path, Settings(registration="invited")) as here:
        await here.person("owner")
        project = await here.project("owner")
        made = await here.ask(
            "owner", "POST", f"/projects/{project}/invitations", json={"role": "editor"}
        )
        code, browser = made.json()["code"], here.browser()
        body = {**ADA, "invitation": code}
        assert (await browser.post("/auth/register", json=body)).status_code == 201
        accepted = await browser.post(f"/invitations/{code}/accept", json={})
        assert accepted.json()["role"] == "editor"


# --- logging in and out ---


async def test_wrong_password_unknown_address_and_disabled_account_are_one_answer_L8(
    here: SqlHouse,
) -> None:
    await newcomer(here)
    no_password = await here.person("bo")
    cy = await here.store.directory.add_user(
        email="cy@x.example", name="", is_admin=False, password_hash=None
    )
    await here.store.directory.disable_user(cy.id)
    answers = [
        await here.browser().post("/auth/login", json={"email": email, "password": password})
        for email, password in (
            ("ada@x.example", "wrong"),
            ("nobody@x.example", PASSWORD),
            ("no address at all", PASSWORD),
            (f"{no_password}@x.example", PASSWORD),
            ("cy@x.example", PASSWORD),
        )
    ]
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert bodies[0]["status"] == 401
    assert bodies == [bodies[0]] * len(bodies)
    assert not any("set-cookie" in answer.headers for answer in answers)


async def test_guessing_is_slowed_down_whether_there_is_an_account_or_not_L8(
    here: SqlHouse,
) -> None:
    await newcomer(here)
    for email in ("ada@x.example", "nobody@x.example"):
        guess = {"email": email, "password": "wrong"}
        statuses = [
            (await here.browser().post("/auth/login", json=guess)).status_code for _ in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2
    refused = await here.browser().post("/auth/login", json=login())
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    await here.clock.advance(30)
    assert (await here.browser().post("/auth/login", json=login())).status_code == 200


async def test_a_session_that_has_ended_opens_nothing_L8(here: SqlHouse) -> None:
    browser = await newcomer(here)
    kept = browser.cookies[COOKIE]
    answer = await browser.post("/auth/logout", json={})
    assert answer.status_code == 204
    assert COOKIE not in browser.cookies
    stolen = await here.browser().get("/users/me", headers={"Cookie": f"{COOKIE}={kept}"})
    assert stolen.status_code == 401


async def test_a_session_ends_by_itself(here: SqlHouse) -> None:
    browser = await newcomer(here)
    here.clock.elapsed += 30 * 86_400  # nobody who sleeps has to wake up for each poll
    assert (await browser.get("/users/me")).status_code == 401


async def test_sessions_are_listed_and_ended_by_their_owner_only(here: SqlHouse) -> None:
    browser, phone, stranger = await newcomer(here), here.browser(), here.browser()
    await here.clock.advance(1)  # Or their order is one of random ids.
    await phone.post("/auth/login", json=login(), headers={"User-Agent": "Phone"})
    await stranger.post("/auth/register", json={**ADA, "email": "bo@x.example"})
    listed = (await browser.get("/sessions")).json()["items"]
    assert [(one["label"], one["is_current"]) for one in listed][1] == ("Phone", False)
    assert [one["is_current"] for one in listed] == [True, False]
    path = f"/sessions/{listed[1]['id']}"
    assert (await stranger.delete(path)).status_code == 404
    assert (await phone.get("/users/me")).status_code == 200
    assert (await browser.delete(path)).status_code == 204
    assert (await phone.get("/users/me")).status_code == 401
    assert (await browser.get("/users/me")).status_code == 200
