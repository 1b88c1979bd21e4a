"""The caller's own account: password, address, second factor (L8, L11)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from httpx2 import AsyncClient, Response

from tests.server.edge.api.newcomers import PASSWORD, login, newcomer, told
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        yield house


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


# --- leaving ---


async def left(browser: AsyncClient, **who: str) -> Response:
    return await browser.post("/users/me/delete", json=who)


async def test_an_account_is_deleted_by_its_owner_and_nobody_else__L8(here: SqlHouse) -> None:
    browser, phone = await newcomer(here), here.browser()
    await phone.post("/auth/login", json=login())
    assert told(await left(browser)) == (403, "forbidden")
    assert told(await left(browser, password="wrong")) == (403, "forbidden")
    gone = await left(browser, password=PASSWORD)
    assert gone.status_code == 204
    assert 'session=""' in gone.headers["set-cookie"]
    assert "was deleted" in here.mailbox.mails[-1].text
    for one in (browser, phone):
        assert (await one.get("/users/me")).status_code == 401
    assert (await phone.post("/auth/login", json=login())).status_code == 401
    assert (await (await newcomer(here)).get("/users/me")).status_code == 200


async def test_what_would_have_no_owner_is_named_and_stays(here: SqlHouse) -> None:
    browser = await newcomer(here)
    made = (await browser.post("/projects", json={"title": "Bakery"})).json()
    refused = await left(browser, password=PASSWORD)
    assert told(refused) == (409, "conflict")
    assert f"“Bakery” ({made['id']})" in refused.json()["detail"]
    await here.person("bo")
    project = f"/projects/{made['id']}"
    await browser.post(f"{project}/members", json={"email": "bo@x.example", "role": "editor"})
    await browser.post(f"{project}/transfer", json={"user_id": here.people["bo"]})
    words = {"title": "Ada's words"}
    assert (await browser.post(f"{project}/plan", json=words)).status_code == 201
    assert (await left(browser, password=PASSWORD)).status_code == 204
    members = (await here.ask("bo", "GET", f"{project}/members")).json()["items"]
    assert [one["email"] for one in members] == ["bo@x.example"]
    [done, *_] = (await here.ask("bo", "GET", f"{project}/activity")).json()["items"]
    assert done["author"]["name"] is None
    assert "ada" not in str(done).lower()


async def test_who_has_a_second_factor_shows_it_to_leave(here: SqlHouse) -> None:
    browser = await newcomer(here)
    seed = (await browser.post("/users/me/second-factor", json={"password": PASSWORD})).json()
    totp = pyotp.TOTP(seed["seed"])
    code = totp.at(here.clock.now() // 1000)
    await browser.post("/users/me/second-factor/confirm", json={"code": code})
    assert told(await left(browser, password=PASSWORD)) == (403, "forbidden")
    assert told(await left(browser, password=PASSWORD, code="000000")) == (403, "forbidden")
    later = totp.at(here.clock.now() // 1000 + 30)
    assert (await left(browser, password=PASSWORD, code=later)).status_code == 204


async def test_who_has_no_password_has_just_logged_in_to_leave(here: SqlHouse) -> None:
    await here.person("bo")
    browser = here.browser()

    async def log_in() -> None:
        body = {"link": await here.login_link("bo")}
        assert (await browser.post("/auth/link", json=body)).status_code == 200

    await log_in()
    await here.clock.advance(601)
    assert told(await left(browser)) == (403, "forbidden")
    await log_in()
    assert (await left(browser)).status_code == 204
