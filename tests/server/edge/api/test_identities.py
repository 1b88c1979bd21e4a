"""Logging in through a real provider, and everything about it that must be refused (L8)."""

import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import AsyncBaseTransport, AsyncClient, AsyncHTTPTransport, Request, Response
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from server.edge.sessions import COOKIE
from server.edge.settings import Settings
from tests.interop.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
    logs_in,
)
from tests.server.edge.api.newcomers import ADA, told
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.node, pytest.mark.slow]

BASE = "http://test"
LOGIN, CALLBACK = "/auth/providers/oidc/login", "/auth/providers/oidc/callback"
BACK = f"{BASE}/api/v1{CALLBACK}"


@dataclass
class Wire(AsyncBaseTransport):
    """The way to the provider; a test may change what its token endpoint answers."""

    changed: dict[str, Any] = field(default_factory=dict)
    """Claims to change before the token is signed again."""
    key: Any = None
    """Signs instead of the provider's, if set."""
    alg: str = "RS256"
    real: AsyncHTTPTransport = field(default_factory=AsyncHTTPTransport)
    provider: IdentityProvider | None = None

    async def handle_async_request(self, request: Request) -> Response:
        answer = await self.real.handle_async_request(request)
        if not request.url.path.endswith("/token") or not (self.changed or self.key):
            return answer
        body = json.loads(await answer.aread())
        body["id_token"] = self.forged(body["id_token"])
        return Response(answer.status_code, json=body)

    def forged(self, token: str) -> str:
        assert self.provider is not None
        head, payload = (_decoded(part) for part in token.split(".")[:2])
        claims = {**payload, **self.changed}
        header = {"alg": self.alg, "kid": head["kid"]}
        return jwt.encode(header, claims, self.key or self.provider.key, algorithms=[self.alg])


def _decoded(part: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider(BACK) as running:
        yield running


def settings(provider: IdentityProvider, **more: Any) -> Settings:
    return Settings(
        public_url=BASE,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        **more,
    )


@pytest.fixture
def wire(provider: IdentityProvider) -> Wire:
    return Wire(provider=provider)


@pytest.fixture
async def here(tmp_path: Path, provider: IdentityProvider, wire: Wire) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, settings(provider), wire) as house:
        yield house
    await wire.real.aclose()


async def comes_back(browser: AsyncClient, name: str, start: str = LOGIN) -> str:
    """Log in at the provider; the path and query that it sends the browser to."""
    away = await browser.get(start)
    assert away.status_code == 302, away.text
    async with AsyncClient() as theirs:
        back = await logs_in(theirs, away.headers["location"], name, BACK)
    return back.removeprefix(f"{BASE}/api/v1")


async def test_a_login_elsewhere_makes_an_account_once_and_a_session(here: SqlHouse) -> None:
    browser = here.browser()
    answer = await browser.get(await comes_back(browser, "ada", LOGIN + "?next=/plans/1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/1")
    me = (await browser.get("/users/me")).json()
    assert (me["email"], me["email_verified"], me["has_password"]) == ("ada@x.example", True, False)
    again = here.browser()
    assert (await again.get(await comes_back(again, "ada"))).status_code == 303
    assert (await again.get("/users/me")).json()["id"] == me["id"]
    assert [one["label"] for one in (await again.get("/users/me/identities")).json()["items"]] == [
        "ada@x.example"
    ]


async def test_the_request_has_pkce_state_and_nonce(here: SqlHouse) -> None:
    away = await here.browser().get(LOGIN)
    asked = {
        name: values[0]
        for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()
    }
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    assert min(len(asked["state"]), len(asked["nonce"]), len(asked["code_challenge"])) >= 16
    cookie = away.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_wrong_state_is_refused_L8(here: SqlHouse) -> None:
    browser = here.browser()
    back = await comes_back(browser, "ada")
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert told(await browser.get(back.replace(state, "x" * len(state)))) == (
        401,
        "not-authenticated",
    )
    assert COOKIE not in browser.cookies


async def test_a_login_that_began_in_another_browser_is_refused_L8(here: SqlHouse) -> None:
    back = await comes_back(here.browser(), "ada")
    victim = here.browser()
    assert told(await victim.get(back)) == (401, "not-authenticated")
    await comes_back(victim, "bo")
    assert told(await victim.get(back)) == (401, "not-authenticated")


async def test_a_code_is_good_once_even_with_the_state_of_before_L8(here: SqlHouse) -> None:
    browser = here.browser()
    back = await comes_back(browser, "ada")
    kept = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    assert (await browser.get(back)).status_code == 303
    assert told(await browser.get(back)) == (401, "not-authenticated")
    thief = here.browser()
    assert told(await thief.get(back, headers=kept)) == (401, "not-authenticated")
    assert COOKIE not in thief.cookies


async def test_without_its_verifier_a_code_opens_nothing_L8(here: SqlHouse) -> None:
    """PKCE: a code that leaks is worth nothing in a login that somebody else began."""
    victim, thief = here.browser(), here.browser()
    stolen = parse_qs(urlsplit(await comes_back(victim, "ada")).query)["code"][0]
    away = await thief.get(LOGIN)
    state = parse_qs(urlsplit(away.headers["location"]).query)["state"][0]
    answer = await thief.get(CALLBACK, params={"code": stolen, "state": state})
    assert told(answer) == (401, "not-authenticated")


NOW = int(time.time())


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 3600, "iat": NOW - 7200},
        {"nonce": "another"},
        {"aud": "another client"},
        {"iss": "https://another.example"},
        {"iat": NOW + 3600},
        {"sub": None},
    ],
    ids=["expired", "nonce", "audience", "issuer", "of tomorrow", "nobody"],
)
async def test_a_token_that_is_expired_or_for_somebody_else_is_refused_L8(
    here: SqlHouse, wire: Wire, changed: dict[str, Any]
) -> None:
    wire.changed = changed
    browser = here.browser()
    assert told(await browser.get(await comes_back(browser, "ada"))) == (401, "not-authenticated")
    assert await here.store.directory.list_users() == []


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RS256", RSAKey.generate_key(2048)),
        ("HS256", OctKey.import_key(CLIENT_SECRET)),
    ],
    ids=["another key", "the client secret as key"],
)
async def test_a_forged_token_is_refused_L8(here: SqlHouse, wire: Wire, alg: str, key: Any) -> None:
    wire.alg, wire.key = alg, key
    browser = here.browser()
    assert told(await browser.get(await comes_back(browser, "ada"))) == (401, "not-authenticated")
    assert await here.store.directory.list_users() == []


async def test_a_token_that_is_signed_again_by_the_provider_is_taken(
    here: SqlHouse, wire: Wire
) -> None:
    """So that the refusals above are for what they say."""
    wire.changed = {"name": "Ada"}
    browser = here.browser()
    assert (await browser.get(await comes_back(browser, "ada"))).status_code == 303


async def test_an_address_that_nobody_verified_takes_no_account_over_L8(here: SqlHouse) -> None:
    squatter = here.browser()
    await squatter.post("/auth/register", json=ADA)
    browser = here.browser()
    assert told(await browser.get(await comes_back(browser, "ada"))) == (409, "conflict")
    other = here.browser()
    assert told(await other.get(await comes_back(other, "unproved"))) == (403, "forbidden")


async def test_an_address_that_both_sides_have_verified_is_linked(here: SqlHouse) -> None:
    await here.person("ada")
    browser = here.browser()
    assert (await browser.get(await comes_back(browser, "ada"))).status_code == 303
    assert (await browser.get("/users/me")).json()["id"] == here.people["ada"]


async def test_who_is_logged_in_links_and_unlinks_an_identity(here: SqlHouse) -> None:
    browser, other = here.browser(), here.browser()
    await browser.post("/auth/register", json=ADA)
    begun = await browser.post("/users/me/identities/oidc", json={})
    async with AsyncClient() as theirs:
        back = await logs_in(theirs, begun.json()["location"], "somebody", BACK)
    assert (await browser.get(back.removeprefix(f"{BASE}/api/v1"))).status_code == 303
    assert (await other.get(await comes_back(other, "somebody"))).status_code == 303
    assert (await other.get("/users/me")).json()["email"] == "ada@x.example"
    [linked] = (await browser.get("/users/me/identities")).json()["items"]
    assert (await browser.delete(f"/users/me/identities/{linked['id']}")).status_code == 204
    assert (await browser.get("/users/me/identities")).json() == {"items": []}


async def test_a_link_that_was_begun_is_not_finished_by_somebody_else_L8(here: SqlHouse) -> None:
    browser = here.browser()
    await browser.post("/auth/register", json=ADA)
    begun = await browser.post("/users/me/identities/oidc", json={})
    async with AsyncClient() as theirs:
        back = await logs_in(theirs, begun.json()["location"], "somebody", BACK)
    await browser.post("/auth/logout", json={})
    assert (await browser.get(back.removeprefix(f"{BASE}/api/v1"))).status_code == 401


async def test_the_only_way_in_is_not_unlinked(here: SqlHouse) -> None:
    browser = here.browser()
    await browser.get(await comes_back(browser, "ada"))
    [linked] = (await browser.get("/users/me/identities")).json()["items"]
    assert told(await browser.delete(f"/users/me/identities/{linked['id']}")) == (409, "conflict")


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil", "x", ""])
async def test_nobody_is_sent_to_another_host(here: SqlHouse, target: str) -> None:
    assert (await here.browser().get(LOGIN, params={"next": target})).status_code == 422


async def test_where_registration_is_closed_no_account_is_made(
    tmp_path: Path, provider: IdentityProvider
) -> None:
    async with sql_house(tmp_path, settings(provider, registration="closed")) as here:
        browser = here.browser()
        assert (await browser.get(await comes_back(browser, "ada"))).status_code == 403


async def test_a_provider_that_is_gone_is_a_503_that_says_so(tmp_path: Path) -> None:
    chosen = Settings(oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")
    async with sql_house(tmp_path, chosen) as here:
        assert told(await here.browser().get(LOGIN)) == (503, "provider-unavailable")
        assert (await here.browser().get("/auth/providers/github/login")).status_code == 404
