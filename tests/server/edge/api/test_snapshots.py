"""Snapshots over HTTP: taken, compared, restored while people work (L8, L10)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.document.schema import read_project
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import Attribution, Means
from tests.server.document.projects import document
from tests.server.document.test_restoring import SECTION, WHOLE
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        for name in ("ada", "bob", "eve"):
            await house.person(name)
        yield house


@pytest.fixture
async def project(here: SqlHouse) -> ProjectId:
    made = await here.project("ada", bob=Role.EDITOR, eve=Role.VIEWER)
    await edit(here, made, document(WHOLE).get_update())
    return made


async def edit(here: SqlHouse, project: ProjectId, update: bytes) -> None:
    by = Attribution(here.people["bob"], Means.CLIENT)
    await here.rooms.write(project, update, by, Role.EDITOR)


async def delete_section(here: SqlHouse, project: ProjectId) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(await here.rooms.read(project, lambda replica: replica.full()))
    before = doc.get_state()
    del doc.get("plan", type=pycrdt.Map)["s"]
    await edit(here, project, doc.get_update(before))


async def ask(here: SqlHouse, who: str, method: str, path: str, **body: Any) -> Any:
    answer = await here.ask(who, method, path, json=body if method == "POST" else None)
    assert answer.status_code < 300, answer.text
    return None if answer.status_code == 204 else answer.json()


async def test_a_snapshot_is_taken_read_and_forgotten(here: SqlHouse, project: ProjectId) -> None:
    path = f"/projects/{project}/snapshots"
    taken = await ask(here, "bob", "POST", path, name="To the bank 😀", note="final?")
    assert taken["user_name"] == "bob"
    assert (taken["name"], taken["occasion"], taken["seq"]) == ("To the bank 😀", "named", 2)
    assert (await ask(here, "eve", "GET", path)) == {"items": [taken]}
    assert (await ask(here, "eve", "GET", f"{path}/{taken['id']}")) == taken
    content = await ask(here, "eve", "GET", f"{path}/{taken['id']}/content")
    assert content["plan"] == [{"id": "s", "title": "Goals", "body": SECTION.body, "rank": "a"}]
    assert content["seq"] == 2
    await ask(here, "ada", "DELETE", f"{path}/{taken['id']}")
    assert (await here.ask("ada", "GET", f"{path}/{taken['id']}")).status_code == 404


async def test_a_restore_reaches_the_live_room_and_is_undone_by_its_backup__L10(
    here: SqlHouse, project: ProjectId
) -> None:
    path = f"/projects/{project}/snapshots"
    taken = await ask(here, "bob", "POST", path, name="Before")
    await delete_section(here, project)
    since = await ask(here, "eve", "GET", f"{path}/{taken['id']}/difference")
    assert [(one["kind"], one["id"], one["change"]) for one in since["items"]] == [
        ("section", "s", "removed")
    ]
    done = await ask(here, "bob", "POST", f"{path}/{taken['id']}/restore")
    assert (done["elements"], done["backup"]["occasion"]) == (1, "before-restore")
    view = await here.rooms.read(project, read_project)
    assert view.sections == (SECTION,)
    [row] = (await here.store.log.read_after(project, done["seq"] - 1)).updates
    assert row.by == Attribution(here.people["bob"], Means.RESTORE)
    two = f"{path}/{taken['id']}/difference?to={done['backup']['id']}"
    assert (await ask(here, "eve", "GET", two)) == since
    await ask(here, "bob", "POST", f"{path}/{done['backup']['id']}/restore")
    assert (await here.rooms.read(project, read_project)).sections == ()


async def test_one_element_is_restored_alone__L10(here: SqlHouse, project: ProjectId) -> None:
    path = f"/projects/{project}/snapshots"
    taken = await ask(here, "bob", "POST", path)
    await delete_section(here, project)
    only = {"kind": "section", "id": "s"}
    await ask(here, "bob", "POST", f"{path}/{taken['id']}/restore", element=only)
    assert (await here.rooms.read(project, read_project)) == WHOLE
    refused = await here.ask(
        "bob", "POST", f"{path}/{taken['id']}/restore", json={"element": {**only, "id": "no"}}
    )
    assert refused.status_code == 404


async def test_what_is_not_ours_stays_is_named_and_can_be_had__L10(
    here: SqlHouse, project: ProjectId
) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    sketch = doc.get("sketch", type=pycrdt.Text)
    sketch += "first"
    await edit(here, project, doc.get_update())
    path = f"/projects/{project}/snapshots"
    taken = await ask(here, "bob", "POST", path)
    before = doc.get_state()
    sketch += " and second"
    doc.get("later", type=pycrdt.Map)["a"] = 1
    await edit(here, project, doc.get_update(before))
    await delete_section(here, project)
    done = await ask(here, "bob", "POST", f"{path}/{taken['id']}/restore")
    assert done["untouched"] == ["later", "sketch"]
    assert done["elements"] == 1
    live = await here.rooms.read(project, lambda replica: replica.full())
    assert text_of(live, "sketch") == "first and second"
    kept = await here.ask("eve", "GET", f"{path}/{taken['id']}/update")
    assert kept.headers["content-type"] == "application/octet-stream"
    assert text_of(kept.content, "sketch") == "first"


def text_of(update: bytes, name: str) -> str:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(update)
    return str(doc.get(name, type=pycrdt.Text))


async def test_a_snapshot_of_another_project_is_none_of_this_one__L8(
    here: SqlHouse, project: ProjectId
) -> None:
    other = await here.project("bob")
    taken = await ask(here, "bob", "POST", f"/projects/{other}/snapshots")
    path = f"/projects/{project}/snapshots/{taken['id']}"
    for method, end in (
        ("GET", ""),
        ("GET", "/content"),
        ("GET", "/difference"),
        ("POST", "/restore"),
        ("DELETE", ""),
    ):
        body: Any = {} if method == "POST" else None
        assert (await here.ask("ada", method, path + end, json=body)).status_code == 404
    mine = await ask(here, "ada", "POST", f"/projects/{project}/snapshots")
    to = f"/projects/{project}/snapshots/{mine['id']}/difference?to={taken['id']}"
    assert (await here.ask("ada", "GET", to)).status_code == 404
