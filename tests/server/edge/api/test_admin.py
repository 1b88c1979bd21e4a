"""What platform admins see of accounts and of the server, and do (L8)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.edge.settings import Settings
from server.protocol.errors import StoreUnavailable
from server.protocol.roles import Role
from server.room.ports import Seat
from tests.doubles.channels import RecordingChannel
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    settings = Settings(smtp_url="smtp://mail.x.example", rate_limits=False)
    async with sql_house(tmp_path, settings) as house:
        await house.person("root", is_admin=True)
        await house.person("ada")
        yield house


async def ask(here: SqlHouse, method: str, path: str, **request: Any) -> Any:
    return await here.ask("root", method, "/admin" + path, **request)


async def test_accounts_are_listed_found_and_read(here: SqlHouse) -> None:
    await here.person("bo")
    first = (await ask(here, "GET", "/users?limit=2")).json()
    rest = (await ask(here, "GET", f"/users?limit=2&cursor={first['next']}")).json()
    shown = first["items"] + rest["items"]
    assert [one["name"] for one in shown] == ["ada", "bo", "root"]
    assert rest["next"] is None
    found = (await ask(here, "GET", "/users?search=BO")).json()["items"]
    assert found == [shown[1]]
    assert (await ask(here, "GET", f"/users/{shown[1]['id']}")).json() == shown[1]
    admins = (await ask(here, "GET", "/users?state=admins")).json()["items"]
    assert [(one["name"], one["tokens"], one["has_password"]) for one in admins] == [
        ("root", 1, False)
    ]
    for cursor in ("x", "WyJhIiwiYiJd"):
        assert (await ask(here, "GET", f"/users?cursor={cursor}")).status_code == 422


async def test_an_account_is_made_and_its_owner_chooses_the_password(here: SqlHouse) -> None:
    body = {"email": "Bo@x.example", "name": "Bo", "is_admin": True}
    made = await ask(here, "POST", "/users", json=body)
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["is_admin"]) == ("bo@x.example", True)
    assert here.mailbox.mails[-1].to == "bo@x.example"
    assert "/reset?link=" in here.mailbox.mails[-1].text
    assert "link=" not in made.text
    assert (await ask(here, "POST", "/users", json=body)).status_code == 409


async def test_who_is_disabled_or_signed_out_opens_nothing_until_then__L8(here: SqlHouse) -> None:
    user = f"/users/{here.people['ada']}"
    for disabled, status in ((True, 401), (False, 200)):
        assert (await ask(here, "PATCH", user, json={"disabled": disabled})).status_code == 200
        assert (await here.ask("ada", "GET", "/users/me")).status_code == status
    assert (await ask(here, "POST", f"{user}/sign-out")).status_code == 204
    assert (await here.ask("ada", "GET", "/users/me")).status_code == 401


async def test_an_admin_is_made_and_the_last_one_stays(here: SqlHouse) -> None:
    root, ada = (f"/users/{here.people[name]}" for name in ("root", "ada"))
    for last in ({"is_admin": False}, {"disabled": True}):
        assert (await ask(here, "PATCH", root, json=last)).status_code == 409
    assert (await ask(here, "DELETE", root)).status_code == 409
    assert (await ask(here, "PATCH", ada, json={"is_admin": True})).json()["is_admin"]
    assert (await here.ask("ada", "GET", "/admin/users")).status_code == 200
    assert (await ask(here, "DELETE", root)).status_code == 204
    assert (await ask(here, "GET", "/users")).status_code == 401


async def test_an_account_that_owns_a_project_alone_is_not_deleted(here: SqlHouse) -> None:
    project = await here.project("ada")
    user = f"/users/{here.people['ada']}"
    refused = await ask(here, "DELETE", user)
    assert refused.status_code == 409
    assert project in refused.json()["detail"]
    await ask(here, "DELETE", f"/projects/{project}")
    assert (await ask(here, "DELETE", user)).status_code == 204
    assert (await ask(here, "DELETE", user)).status_code == 404


async def test_live_documents_are_listed_with_who_is_in_them(here: SqlHouse) -> None:
    await here.person("bo")
    quiet, busy = await here.project("ada"), await here.project("ada", bo=Role.VIEWER)
    await here.rooms.open(quiet)
    channel = RecordingChannel()
    for name, role in (("ada", Role.OWNER), ("bo", Role.VIEWER)):
        await here.rooms.join(busy, channel, Seat(here.people[name], None, busy), role)
    await here.rooms.look(busy, lambda _: None)  # A turn later they have joined.
    channel.held = [b"words"]
    listed = (await ask(here, "GET", "/rooms")).json()
    assert listed["total"] == 2
    assert [one["project_id"] for one in listed["items"]] == [busy, quiet]
    room = listed["items"][0]
    people = [(one["email"], one["role"], one["backlog_bytes"]) for one in room["people"]]
    assert people == [("ada@x.example", "owner", 5), ("bo@x.example", "viewer", 5)]
    assert (room["title"], room["seq"], room["backlog_bytes"]) == ("Plan 1", 1, 5)
    assert room["stored_bytes"] > 0
    assert len((await ask(here, "GET", "/rooms?limit=1")).json()["items"]) == 1


async def test_edits_that_wait_are_seen_by_their_age(here: SqlHouse) -> None:
    project = await here.project("ada")
    body = {"title": "Market"}
    assert (await here.ask("ada", "POST", f"/projects/{project}/plan", json=body)).is_success
    # Less than a second, after which it would be in a row.
    await here.clock.advance(0.2)
    [room] = (await ask(here, "GET", "/rooms")).json()["items"]
    assert room["oldest_unprojected_seconds"] == pytest.approx(0.2)
    assert room["oldest_uncommitted_seconds"] == 0


async def test_the_server_says_how_it_is_doing(here: SqlHouse) -> None:
    project = await here.project("ada")
    await here.store.directory.delete_project(await here.project("ada"))
    body = {"title": "Market"}
    await here.ask("ada", "POST", f"/projects/{project}/plan", json=body)
    told = (await ask(here, "GET", "/server")).json()
    storage = told["storage"]
    counts = (storage["users"], storage["projects"], storage["deleted_projects"])
    assert counts == (2, 1, 1)
    assert storage["database_bytes"] > storage["document_bytes"] > 0
    assert (told["rooms"], told["work"]["edits"], told["problem"]) == (1, 1, None)
    here.rooms.breaker.trip(StoreUnavailable("the disk is full"))
    assert (await ask(here, "GET", "/server")).json()["problem"] == "the disk is full"
