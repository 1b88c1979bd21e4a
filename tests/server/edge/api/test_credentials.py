"""Tokens: shown once, as far as their scope, ended by their owner (L8, L11)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.edge.sessions import COOKIE
from server.protocol.roles import Role
from tests.server.edge.api.newcomers import PASSWORD, newcomer
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        yield house


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
