"""Reads over HTTP: by rows where these are abreast of the log, by the live document where not.

The clock stands still, so that nothing is projected unless a test waits for it.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pycrdt
import pytest
from httpx2 import Response

from server.protocol.errors import RoomClosed
from server.protocol.ids import ProjectId, Seq
from server.room.worker import Worker
from tests.doubles.here_worker import HereWorker
from tests.server.edge.api.sql_house import SqlHouse, sql_house
from tests.server.room.projecting import projected

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

IDS = ("n", "a b/c", "\uffee", "\U0001f680", "Ä")
ELEMENTS = [*(f"/nodes/{quote(id, safe='')}" for id in IDS), "/edges/e1", "/plan/s1", "/diagrams/d"]
LISTS = [
    *(f"/{kind}{query}" for kind in ("nodes", "edges", "plan", "diagrams") for query in ("",)),
    "/nodes?limit=2",
    "/plan?limit=1",
    "/graph",
    "/graph/neighbours?node=n&depth=3",
    "/graph/neighbours?node=n&direction=in",
    "/graph/paths?source=n&target=Ä",
    "/graph/cycles",
    "/graph/components",
    "/graph.mmd",
    "/plan.md",
]


def odd_document() -> bytes:
    """Everything in which rows and documents might differ."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()

    def root(name: str) -> "pycrdt.Map[Any]":
        found: pycrdt.Map[Any] = doc.get(name, type=pycrdt.Map)
        return found

    def node(label: str, x: Any, content: str) -> "pycrdt.Map[Any]":
        fields = {"label": label, "kind": "", "x": x, "y": -0.0, "content": pycrdt.Text(content)}
        return pycrdt.Map(fields)

    for id in IDS:
        root("nodes")[id] = node(f"nul\0 {id}", 5e-324, "a\0b 中文 👍🏻")
    root("nodes")["nan"] = node("", float("nan"), "")
    root("nodes")["list"] = pycrdt.Array([1])
    for at, (one, other) in enumerate([("n", "Ä"), ("Ä", "\U0001f680"), ("Ä", "n"), ("n", "-")]):
        fields = {"source": one, "target": other, "label": "\0"}
        root("edges")[f"e{at}"] = pycrdt.Map(fields)
    for at, rank in enumerate(["\uffee", "\U0001f680", "a", "a"]):
        body = pycrdt.Text("a\0b")
        root("plan")[f"s{at}"] = pycrdt.Map({"title": "T\0", "rank": rank, "body": body})
    source = pycrdt.Text("graph TD")
    root("diagrams")["d"] = pycrdt.Map({"title": "D", "kind": "flowchart", "source": source})
    return doc.get_update()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlHouse]:
    monkeypatch.setattr("server.room.rooms.Worker", HereWorker)
    async with sql_house(tmp_path) as house:
        await house.person("ada")
        yield house


async def with_content(here: SqlHouse) -> tuple[ProjectId, Seq]:
    """A project that is in its room and in no row."""
    project = await here.project("ada")
    path = f"/projects/{project}/update"
    answer = await here.ask("ada", "POST", path, content=odd_document())
    return project, Seq(answer.json()["seq"])


async def leave_to_rows(here: SqlHouse, project: ProjectId, seq: Seq) -> None:
    """Project what there is, and close the room."""
    await projected(here.rooms, here.clock, project, seq)
    await here.rooms.end(project, RoomClosed("nobody is here"))
    assert here.rooms.at_hand(project) is None


def told(answer: Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.text, answer.headers.get("etag")


async def test_rows_and_document_give_the_same_answer_and_tag(here: SqlHouse) -> None:
    project, seq = await with_content(here)
    paths = [f"/projects/{project}{path}" for path in (*LISTS, *ELEMENTS)]
    by_room = [told(await here.ask("ada", "GET", path)) for path in paths]
    assert all(status == 200 for status, _, _ in by_room), by_room
    await leave_to_rows(here, project, seq)
    by_rows = [told(await here.ask("ada", "GET", path)) for path in paths]
    assert here.rooms.at_hand(project) is None
    for path, room, rows in zip(paths, by_room, by_rows, strict=True):
        assert rows == room, path
    assert all(tag for _, _, tag in by_rows[len(LISTS) :])


async def test_all_of_a_large_document_is_read_beside_its_room(
    here: SqlHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = await with_content(here)
    exports = [f"/export?format={form}" for form in ("json", "yjs", "markdown", "mermaid")]
    paths = [f"/projects/{project}{path}" for path in (*LISTS, *exports)]
    small = [told(await here.ask("ada", "GET", path)) for path in paths]
    monkeypatch.setattr("server.room.content.ROOM_BYTES", 0)
    monkeypatch.setattr("server.room.content._view", None)
    monkeypatch.setattr("server.room.content._links", None)
    monkeypatch.setattr("server.room.content._everything", None)
    # The worker process has the functions that this one has lost.
    monkeypatch.setattr(here.rooms, "_reading", worker := Worker())
    large = [told(await here.ask("ada", "GET", path)) for path in paths]
    worker.close()
    for path, one, other in zip(paths, small, large, strict=True):
        assert one == other, path


async def test_parts_of_a_list_go_together_whoever_answers(here: SqlHouse) -> None:
    project, seq = await with_content(here)
    for kind, wanted in (("nodes", sorted(IDS)), ("plan", ["s2", "s3", "s1", "s0"])):
        path = f"/projects/{project}/{kind}?limit=2"
        first = (await here.ask("ada", "GET", path)).json()
        await leave_to_rows(here, project, seq)
        second = (await here.ask("ada", "GET", f"{path}&after={first['next']}")).json()
        assert here.rooms.at_hand(project) is None
        shown = [one["id"] for one in first["items"] + second["items"]]
        assert shown == wanted[:4]
        made = await here.ask("ada", "POST", f"/projects/{project}/diagrams", json={"title": "x"})
        seq = Seq(made.json()["seq"])


async def test_who_has_written_reads_it_before_it_is_in_a_row(here: SqlHouse) -> None:
    project, seq = await with_content(here)
    await leave_to_rows(here, project, seq)
    path = f"/projects/{project}/nodes"
    made = await here.ask("ada", "POST", path, json={"id": "new", "label": "New"})
    listed = (await here.ask("ada", "GET", path)).json()
    assert "new" in [one["id"] for one in listed["items"]]
    assert listed["seq"] == made.json()["seq"] > seq
    near = await here.ask("ada", "GET", f"/projects/{project}/graph/neighbours?node=new")
    assert near.status_code == 200


async def test_a_tag_that_rows_gave_holds_for_a_change_of_the_document(here: SqlHouse) -> None:
    project, seq = await with_content(here)
    await leave_to_rows(here, project, seq)
    path = f"/projects/{project}/nodes/n"
    tag = (await here.ask("ada", "GET", path)).headers["etag"]
    for status in (200, 412):
        headers = {"If-Match": tag}
        answer = await here.ask("ada", "PATCH", path, json={"label": "New"}, headers=headers)
        assert answer.status_code == status


async def test_what_no_row_has_is_explained_by_the_document(here: SqlHouse) -> None:
    project, seq = await with_content(here)
    await leave_to_rows(here, project, seq)
    answer = await here.ask("ada", "GET", f"/projects/{project}/nodes/nan")
    assert answer.status_code == 404
    assert "nodes/nan/x" in answer.json()["detail"]


def hostile_document() -> bytes:
    """Anything anywhere."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    for name in ("nodes", "edges"):
        doc.get(name, type=pycrdt.Array).extend([1, "two", None])
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    where = {"inf": float("inf"), "nan": float("nan"), "true": True, "big": 2**60, "text": "left"}
    for id, x in where.items():
        fields = {"label": "", "kind": "", "x": x, "y": 0.0, "content": pycrdt.Text("deep down")}
        nodes[id] = pycrdt.Map(fields)
    nodes["string"] = "no map"
    plan: pycrdt.Map[Any] = doc.get("plan", type=pycrdt.Map)
    body = pycrdt.Text("endless " * 125_000)
    plan["title"] = pycrdt.Map({"title": "T" * 1_000_000, "rank": "a", "body": body})
    plan["list"] = pycrdt.Map({"title": ["a"], "rank": {"b": 1}, "body": "a string"})
    doc.get("diagrams", type=pycrdt.Text).insert(0, "a text")
    doc.get("meta", type=pycrdt.Map)["schema"] = "9"
    return doc.get_update()


async def test_a_hostile_document_is_answered_and_its_problems_named__L7(here: SqlHouse) -> None:
    project = await here.project("ada")
    path = f"/projects/{project}"
    body = hostile_document()
    seq = Seq((await here.ask("ada", "POST", f"{path}/update", content=body)).json()["seq"])
    asked = ["/nodes", "/edges", "/plan", "/diagrams", "/graph", "/graph/cycles", "/graph.mmd"]
    asked += ["/graph/components", "/plan.md", "/graph/neighbours?node=big"]
    by_room = [told(await here.ask("ada", "GET", path + one)) for one in asked]
    assert [status for status, _, _ in by_room] == [200] * len(asked)
    await leave_to_rows(here, project, seq)
    assert [told(await here.ask("ada", "GET", path + one)) for one in asked] == by_room
    problems = (await here.ask("ada", "GET", f"{path}/problems")).json()
    assert {one["path"] for one in problems["items"]} == {
        *("nodes", "edges", "diagrams", "meta/schema"),
        *(f"nodes/{id}/x" for id in ("inf", "nan", "true", "text")),
        *("nodes/string", "plan/title/title"),
        *(f"plan/list/{field}" for field in ("title", "rank", "body")),
    }
    found = (await here.ask("ada", "GET", "/search?q=deep down")).json()["items"]
    assert [one["id"] for one in found] == ["big"]
    for form in ("json", "zip", "yjs", "markdown", "mermaid"):
        answer = await here.ask("ada", "GET", f"{path}/export?format={form}")
        assert answer.status_code == 200
