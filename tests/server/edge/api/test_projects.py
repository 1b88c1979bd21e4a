"""Projects over REST, on a real database: what the table of rights does not show."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.edge.settings import Settings
from server.protocol.errors import NotFound
from server.protocol.roles import Role
from server.room.ports import Means, Seat
from tests.doubles.channels import RecordingChannel
from tests.server.edge.api.samples import yjs_update
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

DAY_S = 24 * 60 * 60.0


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, Settings(project_retention_days=2)) as house:
        await house.person("ada")
        await house.person("bo")
        yield house


async def made(here: SqlHouse, title: str, token: str = "ada") -> dict[str, Any]:
    answer = await here.ask(token, "POST", "/projects", json={"title": title})
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


async def test_a_project_is_made_found_and_read(here: SqlHouse) -> None:
    wanted = {"title": "  Bakery ", "description": "Bread.\nDaily."}
    answer = await here.ask("ada", "POST", "/projects", json=wanted)
    project = answer.json()
    assert (project["title"], project["description"]) == ("Bakery", "Bread.\nDaily.")
    assert (project["role"], project["seq"], project["archived_at"]) == ("owner", 1, None)
    assert answer.headers["location"] == f"projects/{project['id']}"
    found = await here.ask("ada", "GET", "/projects?search=BAKE")
    assert [item["id"] for item in found.json()["items"]] == [project["id"]]
    read = await here.ask("ada", "GET", f"/projects/{project['id']}")
    assert read.json() == project
    assert read.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("title", ["", "   ", "a\nb", "a\0b", "x" * 201, 5, None])
async def test_a_title_that_is_none_is_invalid(here: SqlHouse, title: Any) -> None:
    answer = await here.ask("ada", "POST", "/projects", json={"title": title})
    assert answer.status_code == 422
    assert (await here.ask("ada", "GET", "/projects")).json() == {"items": [], "next": None}


async def test_a_list_goes_on_where_its_cursor_says(here: SqlHouse) -> None:
    for number in range(5):
        await made(here, f"Plan {number}")
    titles: list[str] = []
    path = "/projects?sort=title&limit=2"
    cursors: list[str | None] = [""]
    for cursor in cursors:
        page = (await here.ask("ada", "GET", f"{path}&cursor={cursor}")).json()
        titles += [item["title"] for item in page["items"]]
        if page["next"] is not None:
            cursors.append(page["next"])
    assert titles == [f"Plan {number}" for number in range(5)]
    assert len(cursors) == 3


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=W10", "cursor=bnVsbA", "sort=created&cursor=WyJ0aXRsZSIsICJhIiwgIjEiXQ",
     "sort=size", "state=gone", "limit=0", "limit=201", "search=a%00b",
     "sort=created&cursor=WyJjcmVhdGVkIiwgMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsICIxIl0"],
)  # fmt: skip
async def test_a_list_that_cannot_be_is_invalid(here: SqlHouse, query: str) -> None:
    assert (await here.ask("ada", "GET", f"/projects?{query}")).status_code == 422


async def test_a_rename_meets_only_what_its_tag_names(here: SqlHouse) -> None:
    project = await made(here, "Old")
    path = f"/projects/{project['id']}"
    tag = (await here.ask("ada", "GET", path)).headers["etag"]
    await here.ask("ada", "POST", f"{path}/update", content=yjs_update())
    renamed = await here.ask("ada", "PATCH", path, json={"title": "New"}, headers={"If-Match": tag})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "New")
    late = await here.ask("ada", "PATCH", path, json={"title": "X"}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert (await here.ask("ada", "GET", path)).json()["title"] == "New"


async def test_a_duplicate_has_the_content_and_one_row_by_who_made_it__L3(here: SqlHouse) -> None:
    project = await made(here, "Plan")
    path = f"/projects/{project['id']}"
    await here.store.directory.set_member(project["id"], here.people["bo"], Role.VIEWER)
    await here.ask("ada", "POST", f"{path}/update", content=yjs_update())
    answer = await here.ask("bo", "POST", f"{path}/duplicate", json={})
    copy = answer.json()
    assert (copy["title"], copy["role"], copy["seq"]) == ("Plan (copy)", "owner", 1)
    content = (await here.ask("bo", "GET", f"/projects/{copy['id']}/update")).content
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(content)
    assert str(doc.get("t", type=pycrdt.Text)) == "words"
    [row] = (await here.store.log.load(copy["id"])).tail
    assert (row.by.user, row.by.means) == (here.people["bo"], Means.DUPLICATE)
    members = (await here.ask("bo", "GET", f"/projects/{copy['id']}/members")).json()["items"]
    assert [member["name"] for member in members] == ["bo"]


async def test_deleting_ends_the_live_connections_and_owners_can_undo_it(here: SqlHouse) -> None:
    project = await made(here, "Plan")
    path = f"/projects/{project['id']}"
    channel = RecordingChannel()
    seat = Seat(here.people["ada"], None, project["id"])
    await here.rooms.join(project["id"], channel, seat, Role.OWNER)
    assert (await here.ask("ada", "DELETE", path)).status_code == 204
    assert channel.closed is not None
    assert channel.closed[0] == NotFound.close_code
    assert (await here.ask("ada", "GET", path)).status_code == 404
    listed = await here.ask("ada", "GET", "/projects?state=deleted")
    assert [item["id"] for item in listed.json()["items"]] == [project["id"]]
    back = await here.ask("ada", "POST", f"{path}/undelete")
    assert (back.status_code, back.json()["deleted_at"]) == (200, None)
    assert (await here.ask("ada", "GET", f"{path}/update")).status_code == 200


async def test_after_the_retention_a_project_does_not_come_back(here: SqlHouse) -> None:
    project = await made(here, "Plan")
    await here.ask("ada", "DELETE", f"/projects/{project['id']}")
    here.clock.elapsed += 2 * DAY_S + 1
    listed = await here.ask("ada", "GET", "/projects?state=deleted")
    assert listed.json()["items"] == []
    late = await here.ask("ada", "POST", f"/projects/{project['id']}/undelete")
    assert late.status_code == 409
    purged = await here.ask("ada", "POST", f"/projects/{project['id']}/purge")
    assert purged.status_code == 204


async def test_a_purge_of_a_live_project_disturbs_nobody(here: SqlHouse) -> None:
    project = await made(here, "Plan")
    channel = RecordingChannel()
    seat = Seat(here.people["ada"], None, project["id"])
    await here.rooms.join(project["id"], channel, seat, Role.OWNER)
    refused = await here.ask("ada", "POST", f"/projects/{project['id']}/purge")
    assert refused.status_code == 409
    assert channel.closed is None


async def test_a_limit_on_bytes_holds_for_the_next_edit(here: SqlHouse) -> None:
    await here.person("root", is_admin=True)
    project = await made(here, "Plan")
    path = f"/projects/{project['id']}/update"
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.get("t", type=pycrdt.Text).insert(0, "x" * 5000)
    await here.ask("ada", "GET", path)  # The room is live when the limit comes.
    limits = {"max_bytes": 2000, "max_members": 1}
    limited = await here.ask("root", "PUT", f"/admin/projects/{project['id']}/limits", json=limits)
    assert (limited.json()["max_bytes"], limited.json()["max_members"]) == (2000, 1)
    assert (await here.ask("ada", "POST", path, content=doc.get_update())).status_code == 413
    add = {"email": "bo@x.example", "role": "viewer"}
    full = await here.ask("ada", "POST", f"/projects/{project['id']}/members", json=add)
    assert full.status_code == 409
    none = {"max_bytes": None, "max_members": None}
    await here.ask("root", "PUT", f"/admin/projects/{project['id']}/limits", json=none)
    assert (await here.ask("ada", "POST", path, content=doc.get_update())).status_code == 200


async def test_an_admin_sees_how_much_there_is_and_not_what(here: SqlHouse) -> None:
    await here.person("root", is_admin=True)
    body = {"title": "Plan", "description": "nobody's business"}
    project = (await here.ask("ada", "POST", "/projects", json=body)).json()
    listed = (await here.ask("root", "GET", "/admin/projects?search=plan")).json()["items"]
    assert [(one["id"], one["owners"]) for one in listed] == [(project["id"], ["ada@x.example"])]
    assert "nobody's business" not in str(listed)


async def test_who_leaves_cannot_leave_a_project_without_an_owner(here: SqlHouse) -> None:
    project = await here.project("ada", bo=Role.EDITOR)
    ada, bo = here.people["ada"], here.people["bo"]
    path = f"/projects/{project}/members"
    assert (await here.ask("ada", "DELETE", f"{path}/{ada}")).status_code == 409
    assert (await here.ask("bo", "DELETE", f"{path}/{bo}")).status_code == 204
    assert (await here.ask("bo", "GET", path)).status_code == 404
    assert (await here.ask("ada", "DELETE", f"{path}/{bo}")).status_code == 404


async def test_a_member_is_somebody_with_an_account(here: SqlHouse) -> None:
    project = await here.project("ada")
    path = f"/projects/{project}/members"
    for body in (
        {"email": "nobody@x.example", "role": "viewer"},
        {"user_id": "nobody", "role": "viewer"},
        {"email": "bo@x.example", "user_id": here.people["bo"], "role": "viewer"},
        {"role": "viewer"},
        {"email": "bo@x.example", "role": "emperor"},
    ):
        assert (await here.ask("ada", "POST", path, json=body)).status_code == 422, body
    added = await here.ask("ada", "POST", path, json={"email": "BO@x.example", "role": "viewer"})
    assert added.json()["user_id"] == here.people["bo"]
    again = await here.ask("ada", "POST", path, json={"email": "bo@x.example", "role": "editor"})
    assert again.status_code == 409


async def test_a_code_is_shown_once_and_opens_the_project__L11(
    here: SqlHouse, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG", "server")
    project = await here.project("ada")
    path = f"/projects/{project}/invitations"
    invited = await here.ask("ada", "POST", path, json={"role": "editor", "uses": 2}, key="k")
    made = invited.json()
    code, link = made.pop("code"), made.pop("link")
    assert link.endswith(f"/invitation#{code}")
    listed = await here.ask("ada", "GET", path)
    assert listed.json() == {"items": [made]}
    shown = await here.ask(None, "GET", f"/invitations/{code}")
    assert set(shown.json()) == {"title", "role"}
    accepted = await here.ask("bo", "POST", f"/invitations/{code}/accept")
    assert accepted.json()["project_id"] == project
    assert (await here.ask("bo", "GET", f"/projects/{project}")).json()["role"] == "editor"
    assert (await here.ask("ada", "GET", path)).json()["items"][0]["uses_left"] == 1
    await here.ask("ada", "DELETE", f"{path}/{made['id']}")
    assert (await here.ask(None, "GET", f"/invitations/{code}")).status_code == 404
    logged = [record.getMessage() for record in caplog.records if record.name[:6] == "server"]
    assert any("/api/v1/invitations/8g_..." in line for line in logged)
    assert not any(code in line for line in logged)
    stored = everything_in(tmp_path)
    assert made["id"].encode() in stored
    assert code.encode() not in stored


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("8gentc.db*"))


async def test_of_two_who_take_the_last_use_at_once_one_gets_it(here: SqlHouse) -> None:
    await here.person("cy")
    project = await here.project("ada")
    made = await here.ask(
        "ada", "POST", f"/projects/{project}/invitations", json={"role": "viewer"}
    )
    path = f"/invitations/{made.json()['code']}/accept"
    answers = await asyncio.gather(*(here.ask(name, "POST", path) for name in ("bo", "cy")))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
