"""From a stranger to somebody, and out again: /auth, /users/me, /sessions, /tokens (L8, L11)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from httpx2 import AsyncClient, Response

from server.edge.sessions import COOKIE
from server.edge.settings import Settings
from server.protocol.roles import Role
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PASSWORD = "correct horse battery"
ADA: dict[str, Any] = {"email": "ada@x.example", "name": "Ada", "password": PASSWORD}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        yield house


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    """A house that proves addresses; what it mails is in its mailbox."""
    async with sql_house(tmp_path, Settings(smtp_url="smtp://mail.example")) as house:
        yield house


async def newcomer(here: SqlHouse) -> AsyncClient:
    """Ada's browser, logged in."""
    browser = here.browser()
    assert (await browser.post("/auth/register", json=ADA)).status_code == 201
    return browser


def login(password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    return {"email": "ada@x.example", "password": password, **more}


def told(answer: Response) -> tuple[int, str]:
    """Status and kind of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:8gentc:problem:")


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


# --- passwords and addresses ---


async def test_a_new_password_ends_all_other_sessions(here: SqlHouse) -> None:
    browser, phone = await newcomer(here), here.browser()
    await phone.post("/auth/login", json=login())
    wrong = {"current": "wrong", "new": "another password"}
    assert told(await browser.put("/users/me/password", json=wrong)) == (403, "forbidden")
    right = {"current": PASSWORD, "new": "another password"}
    assert (await browser.put("/users/me/password", json=right)).status_code == 204
    assert (await browser.get("/users/me")).status_code == 200
    assert (await phone.get("/users/me")).status_code == 401
    assert (await phone.post("/auth/login", json=login())).status_code == 401
    assert (await phone.post("/auth/login", json=login("another password"))).status_code == 200
    assert "was changed" in here.mailbox.mails[-1].text


async def test_a_forgotten_password_is_reset_by_mail_and_nobody_learns_who_exists(
    here: SqlHouse,
) -> None:
    browser = await newcomer(here)
    nobody = await here.browser().post("/auth/password/forgot", json={"email": "no@x.example"})
    assert here.mailbox.mails == []
    answer = await here.browser().post("/auth/password/forgot", json={"email": "ADA@x.example"})
    assert (
        (answer.status_code, answer.text) == (nobody.status_code, nobody.text) == (202, answer.text)
    )
    body = {"link": here.mailbox.link(), "password": "another password"}
    assert (await here.browser().post("/auth/password/reset", json=body)).status_code == 204
    assert (await browser.get("/users/me")).status_code == 401
    again = await here.browser().post("/auth/password/reset", json=body)
    assert told(again) == (404, "not-found")
    assert (await browser.post("/auth/login", json=login("another password"))).status_code == 200


async def test_nobodys_mailbox_is_flooded(here: SqlHouse) -> None:
    await newcomer(here)
    asked = [
        await here.browser().post("/auth/password/forgot", json={"email": "ada@x.example"})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in asked] == [202, 202, 202, 429]
    assert len(here.mailbox.mails) == 3


async def test_an_address_changes_when_the_new_one_answers(here: SqlHouse) -> None:
    browser = await newcomer(here)
    body = {"email": "countess@x.example", "password": PASSWORD}
    assert (await browser.post("/users/me/email", json=body)).status_code == 202
    assert (await browser.get("/users/me")).json()["email"] == "ada@x.example"
    link = here.mailbox.link()
    assert here.mailbox.mails[-1].to == "countess@x.example"
    assert (await browser.post("/auth/email", json={"link": link})).status_code == 200
    assert (await browser.get("/users/me")).json()["email"] == "countess@x.example"
    assert here.mailbox.mails[-1].to == "ada@x.example"


# --- second factors ---


async def with_second_factor(here: SqlHouse) -> tuple[AsyncClient, pyotp.TOTP, list[str]]:
    """A browser, an authenticator app and the recovery codes."""
    browser = await newcomer(here)
    begun = await browser.post("/users/me/second-factor", json={"password": PASSWORD})
    assert begun.status_code == 201
    app = pyotp.TOTP(begun.json()["seed"])
    code = {"code": app.at(here.clock.now() // 1000)}
    confirmed = await browser.post("/users/me/second-factor/confirm", json=code)
    assert confirmed.status_code == 200
    return browser, app, confirmed.json()["codes"]


async def test_a_login_asks_for_the_second_factor_and_takes_each_code_once(here: SqlHouse) -> None:
    _, app, _ = await with_second_factor(here)
    await here.clock.advance(60)
    browser = here.browser()
    assert told(await browser.post("/auth/login", json=login())) == (401, "second-factor-needed")
    assert told(await browser.post("/auth/login", json=login("wrong")))[1] == "not-authenticated"
    wrong = login(code="000000")
    assert told(await browser.post("/auth/login", json=wrong)) == (401, "not-authenticated")
    right = login(code=app.at(here.clock.now() // 1000))
    assert (await browser.post("/auth/login", json=right)).status_code == 200
    assert told(await browser.post("/auth/login", json=right)) == (401, "not-authenticated")


async def test_a_recovery_code_opens_once_however_it_is_typed(here: SqlHouse) -> None:
    browser, _, codes = await with_second_factor(here)
    assert len(set(codes)) == 10
    right = login(code=codes[0].upper().replace("-", " "))
    assert (await here.browser().post("/auth/login", json=right)).status_code == 200
    assert (await here.browser().post("/auth/login", json=right)).status_code == 401
    left = (await browser.get("/users/me/second-factor")).json()
    assert left == {"confirmed": True, "recovery_codes_left": 9}


async def test_a_second_factor_goes_only_with_a_code(here: SqlHouse) -> None:
    browser, _, codes = await with_second_factor(here)
    remove = "/users/me/second-factor/remove"
    assert (await browser.post(remove, json={"code": "000000"})).status_code == 403
    renew = "/users/me/second-factor/recovery-codes"
    renewed = await browser.post(renew, json={"code": codes[0]})
    assert (await browser.post(remove, json={"code": codes[1]})).status_code == 403
    code = renewed.json()["codes"][0]
    assert (await browser.post(remove, json={"code": code})).status_code == 204
    assert (await here.browser().post("/auth/login", json=login())).status_code == 200


async def test_codes_cannot_be_guessed_for_long(here: SqlHouse) -> None:
    await with_second_factor(here)
    statuses = [
        (await here.browser().post("/auth/login", json=login(code="000000"))).status_code
        for _ in range(11)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


# --- tokens ---


async def test_a_token_is_shown_once_and_goes_as_far_as_its_scope_L8(here: SqlHouse) -> None:
    browser = await newcomer(here)
    project = (await browser.post("/projects", json={"title": "Plan"})).json()["id"]
    tokens = {
        scope: (await browser.post("/tokens", json={"label": scope, "scope": scope})).json()
        for scope in ("read", "write", "admin")
    }
    assert tokens["read"]["token"] not in (await browser.get("/tokens")).text
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/projects/{project}", {}),
        ("GET", "/tokens", {}),
        ("POST", "/projects", {"json": {"title": "New"}}),
        ("POST", f"/projects/{project}/update", {"content": b"\0\0"}),
        ("POST", f"/projects/{project}/invitations", {"json": {"role": "viewer"}}),
        ("POST", f"/projects/{project}/ticket", {}),
    ]
    allowed = {
        scope: [
            (await here.ask(made["token"], method, path, **body)).status_code
            for method, path, body in requests
        ]
        for scope, made in tokens.items()
    }
    assert allowed == {
        "read": [200, 403, 403, 403, 403, 201],
        "write": [200, 403, 201, 200, 403, 201],
        "admin": [200, 200, 201, 200, 201, 201],
    }


async def test_a_token_cannot_take_the_account_over_nor_outlive_itself_L8(here: SqlHouse) -> None:
    browser = await newcomer(here)
    made = await browser.post("/tokens", json={"label": "a", "scope": "admin", "days": 10})
    token = made.json()["token"]
    for method, path, body in (
        ("PUT", "/users/me/password", {"current": PASSWORD, "new": "another password"}),
        ("POST", "/users/me/email", {"email": "e@x.example", "password": PASSWORD}),
        ("POST", "/users/me/second-factor", {"password": PASSWORD}),
        ("POST", "/auth/logout", {}),
        ("POST", "/tokens", {"label": "b", "days": 11}),
        ("POST", "/tokens", {"label": "b", "days": None}),
    ):
        assert (await here.ask(token, method, path, json=body)).status_code == 403, path
    shorter = await here.ask(token, "POST", "/tokens", json={"label": "b", "days": 10})
    assert shorter.status_code == 201


async def test_a_revoked_token_opens_nothing_L8(here: SqlHouse) -> None:
    browser = await newcomer(here)
    made = (await browser.post("/tokens", json={"label": "a"})).json()
    assert (await here.ask(made["token"], "GET", "/users/me")).status_code == 200
    assert (await browser.delete(f"/tokens/{made['id']}")).status_code == 204
    assert (await here.ask(made["token"], "GET", "/users/me")).status_code == 401
    assert (await browser.get("/tokens")).json() == {"items": []}


async def test_a_session_is_no_token_and_a_token_no_session_L8(here: SqlHouse) -> None:
    browser = await newcomer(here)
    token = (await browser.post("/tokens", json={"label": "a"})).json()["token"]
    session = browser.cookies[COOKIE]
    assert (await here.ask(session, "GET", "/users/me")).status_code == 401
    cookie = {"Cookie": f"{COOKIE}={token}"}
    assert (await here.browser().get("/users/me", headers=cookie)).status_code == 401


async def test_a_role_is_the_projects_to_give(here: SqlHouse) -> None:
    browser = await newcomer(here)
    await here.person("owner")
    project = await here.project("owner")
    assert (await browser.get(f"/projects/{project}")).status_code == 404
    ada = (await here.store.directory.user_by_email("ada@x.example")).id
    await here.store.directory.set_member(project, ada, Role.VIEWER)
    assert (await browser.get(f"/projects/{project}")).status_code == 200
