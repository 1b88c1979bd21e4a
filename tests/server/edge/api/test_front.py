"""What stands round the API: pages of others, rates, compression, freshness (L8)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from server.edge.rate_limit import Recent
from server.edge.secrets import new_session, token_digest
from server.edge.sessions import COOKIE
from server.edge.settings import Settings
from server.protocol.credentials import TokenKind
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

STUDIO = "https://studio.example"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, Settings(allowed_origins=(STUDIO,))) as house:
        yield house


async def logged_in(here: SqlHouse, name: str = "ada") -> AsyncClient:
    """A browser with a session; no password was needed."""
    await here.person(name)
    text = new_session()
    await here.store.directory.add_token(
        here.people[name],
        digest=token_digest(text),
        label="",
        expires_at=None,
        kind=TokenKind.SESSION,
    )
    browser = here.browser()
    browser.cookies.set(COOKIE, text)
    return browser


# --- pages of others ---


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**JSON, "Origin": "http://test"}, 201),
        ({**JSON, "Origin": STUDIO}, 201),
        ({**JSON, "Sec-Fetch-Site": "same-origin"}, 201),
        (JSON, 201),
        ({**JSON, "Origin": "https://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "text/plain", "Origin": "http://test"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ({}, 403),
    ],
    ids=str,
)
async def test_with_a_cookie_only_our_own_pages_change_anything_L8(
    here: SqlHouse, headers: dict[str, str], status: int
) -> None:
    browser = await logged_in(here)
    answer = await browser.post("/projects", content=b'{"title": "Plan"}', headers=headers)
    assert answer.status_code == status, answer.text


async def test_a_post_without_a_body_needs_to_be_vouched_for_too_L8(here: SqlHouse) -> None:
    browser = await logged_in(here)
    assert (await browser.post("/auth/logout")).status_code == 403
    own = {"Origin": "http://test"}
    assert (await browser.post("/auth/logout", headers=own)).status_code == 204


async def test_a_star_is_for_tokens_and_not_for_cookies_L8(tmp_path: Path) -> None:
    async with sql_house(tmp_path, Settings(allowed_origins=("*",))) as here:
        browser = await logged_in(here)
        evil = {"Origin": "https://evil.example"}
        assert (await browser.get("/users/me", headers=evil)).status_code == 403
        answer = await here.ask("ada", "GET", "/users/me", headers=evil)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_listed_page_may_read_with_cookies_and_refusals_too(here: SqlHouse) -> None:
    browser = await logged_in(here)
    for path, status in (("/users/me", 200), ("/projects/none", 404)):
        answer = await browser.get(path, headers={"Origin": STUDIO})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == STUDIO
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]
    other = await browser.get("/users/me", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_a_preflight_lets_listed_pages_send_json_and_keys(here: SqlHouse) -> None:
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type, if-match, idempotency-key",
    }
    answer = await here.browser().options("/projects/x", headers={"Origin": STUDIO, **asked})
    assert answer.status_code == 200
    evil = {"Origin": "https://evil.example", **asked}
    refused = await here.browser().options("/projects/x", headers=evil)
    assert refused.status_code == 400


# --- rates ---


async def test_the_rate_is_told_and_too_much_is_refused_for_a_while(tmp_path: Path) -> None:
    settings = Settings(anonymous_requests_per_minute=3, requests_per_minute=5)
    async with sql_house(tmp_path, settings) as here:
        await here.person("ada")
        answers = [await here.ask(None, "GET", "/auth/methods") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
        assert [answer.headers["ratelimit"] for answer in answers] == [
            '"address";r=2;t=20',
            '"address";r=1;t=40',
            '"address";r=0;t=60',
            '"address";r=0;t=60',
        ]
        assert answers[3].headers["retry-after"] == "20"
        assert answers[3].json()["type"] == "urn:8gentc:problem:too-many"
        await here.clock.advance(20)
        assert (await here.ask(None, "GET", "/auth/methods")).status_code == 200


async def test_a_person_has_one_rate_with_all_their_credentials(tmp_path: Path) -> None:
    settings = Settings(anonymous_requests_per_minute=10, requests_per_minute=3)
    async with sql_house(tmp_path, settings) as here:
        browser = await logged_in(here)
        for ask in (browser.get("/users/me"), here.ask("ada", "GET", "/users/me")):
            assert (await ask).headers["ratelimit"].startswith('"address"')
        told = [
            (await browser.get("/users/me")).headers["ratelimit"],
            (await here.ask("ada", "GET", "/users/me")).headers["ratelimit"],
            (await browser.get("/users/me")).headers["ratelimit"],
        ]
        assert told == ['"user";r=2;t=20', '"user";r=1;t=40', '"user";r=0;t=60']
        assert (await here.ask("ada", "GET", "/users/me")).status_code == 429


async def test_guessed_tokens_share_the_rate_of_their_address_L8(tmp_path: Path) -> None:
    async with sql_house(tmp_path, Settings(anonymous_requests_per_minute=5)) as here:
        await here.person("ada")
        assert (await here.ask("ada", "GET", "/users/me")).status_code == 200
        guesses = [(await here.ask(f"guess{n}", "GET", "/users/me")).status_code for n in range(6)]
        assert guesses == [401] * 4 + [429] * 2
        assert (await here.ask("ada", "GET", "/users/me")).status_code == 200


async def test_limits_can_be_lifted(tmp_path: Path) -> None:
    settings = Settings(anonymous_requests_per_minute=1, rate_limits=False)
    async with sql_house(tmp_path, settings) as here:
        answers = [await here.ask(None, "GET", "/auth/methods") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert "ratelimit" not in answers[0].headers


def test_what_is_remembered_is_bounded_and_recent() -> None:
    recent: Recent[str, int] = Recent(most=2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), len(recent)) == (1, None, 2)


# --- size and freshness ---


async def test_large_json_is_compressed_for_who_asks(here: SqlHouse) -> None:
    for encoding, expected in (("gzip", "gzip"), ("identity", None)):
        headers = {"Accept-Encoding": encoding}
        answer = await here.browser().get("/openapi.json", headers=headers)
        assert answer.headers.get("content-encoding") == expected
        assert answer.json()["openapi"].startswith("3.1")


async def test_what_has_not_changed_is_not_sent_again(here: SqlHouse) -> None:
    await here.person("ada")
    project = await here.project("ada")
    path = f"/projects/{project}"
    first = await here.ask("ada", "GET", path)
    assert first.headers["cache-control"] == "private, no-cache"
    held = {"If-None-Match": first.headers["etag"]}
    second = await here.ask("ada", "GET", path, headers=held)
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]
    await here.ask("ada", "PATCH", path, json={"title": "New"})
    third = await here.ask("ada", "GET", path, headers=held)
    assert (third.status_code, third.json()["title"]) == (200, "New")


async def test_what_has_no_tag_is_kept_by_nobody(here: SqlHouse) -> None:
    await here.person("ada")
    answer = await here.ask("ada", "GET", "/users/me")
    assert answer.headers["cache-control"] == "no-store"
