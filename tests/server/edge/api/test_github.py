"""GitHub's OAuth 2, as its documentation gives the answers: there is no GitHub to run here."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import MockTransport, Request, Response

from server.edge.settings import Settings
from tests.server.edge.api.newcomers import told
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

SETTINGS = Settings(
    public_url="http://test", github_client_id="us", github_client_secret="between us"
)


class GitHub:
    """Answers as documented for web application flow, "Get the authenticated user" and "List
    email addresses"."""

    verified = True

    def __call__(self, request: Request) -> Response:
        match request.url.path:
            case "/login/oauth/access_token":
                form = parse_qs(request.content.decode())
                if form.get("code") != ["good"] or "code_verifier" not in form:
                    return Response(200, json={"error": "bad_verification_code"})
                return Response(200, json={"access_token": "gho_x", "token_type": "bearer"})
            case "/user":
                return Response(200, json={"id": 7, "login": "ada", "name": None})
            case "/user/emails":
                other = {"email": "old@x.example", "primary": False, "verified": True}
                first = {"email": "ada@x.example", "primary": True, "verified": self.verified}
                return Response(200, json=[other, first])
            case _:
                return Response(404)


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture
async def here(tmp_path: Path, github: GitHub) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, SETTINGS, MockTransport(github)) as house:
        yield house


async def returning(here: SqlHouse, code: str) -> Response:
    """A browser that went to GitHub, and came back with a code."""
    browser = here.browser()
    away = await browser.get("/auth/providers/github/login")
    location = urlsplit(away.headers["location"])
    assert location.netloc == "github.com"
    asked = parse_qs(location.query)
    assert asked["code_challenge_method"] == ["S256"]
    back = {"code": code, "state": asked["state"][0]}
    return await browser.get("/auth/providers/github/callback", params=back)


async def test_a_login_through_github_makes_an_account_of_its_primary_address(
    here: SqlHouse,
) -> None:
    assert (await returning(here, "good")).status_code == 303
    assert (await returning(here, "good")).status_code == 303
    [user] = await here.store.directory.list_users()
    assert (user.email, user.name) == ("ada@x.example", "ada")


async def test_a_code_that_github_does_not_know_opens_nothing_L8(here: SqlHouse) -> None:
    assert told(await returning(here, "bad")) == (401, "not-authenticated")


async def test_an_address_that_github_has_not_verified_is_none_L8(
    here: SqlHouse, github: GitHub
) -> None:
    github.verified = False
    assert told(await returning(here, "good")) == (403, "forbidden")
