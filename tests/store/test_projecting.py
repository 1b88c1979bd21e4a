"""Documents, their rooms, the worker process and a database together: the projection equals
the document once it is quiet, whatever the document holds, and fsck says when it does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pycrdt
import pytest
from sqlalchemy import Connection, text

from server.document.schema import ProjectView, read_project
from server.protocol.ids import ProjectId, Seq, UserId
from server.room.ports import Attribution, Means, NewUpdate
from server.room.projection_ports import Question
from server.room.replay import replay
from server.room.rooms import Ports, Rooms, hosting
from store.open import Store
from tests.contracts.backends import new_user
from tests.doubles.clock import STILL, ManualClock
from tests.doubles.here_worker import HereWorker
from tests.server.room.projecting import projected

pytestmark = pytest.mark.anyio

ROOT = {"nodes": pycrdt.Map, "edges": pycrdt.Map, "plan": pycrdt.Map, "diagrams": pycrdt.Map}


class Pen:
    """A client without a socket that writes through the room."""

    def __init__(self, rooms: Rooms, project: ProjectId, user: UserId, client: int) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client)
        self.rooms, self.project, self.user = rooms, project, user

    def root(self, name: str) -> Any:
        return self.doc.get(name, type=pycrdt.Map)

    async def send(self) -> Seq:
        room = await self.rooms.open(self.project)
        return await room.write(self.doc.get_update(), Attribution(self.user, Means.REST))


def draw(pen: Pen, tag: str) -> None:
    """One of everything."""
    content = pycrdt.Text(f"content {tag}")
    node = {"label": f"label {tag}", "kind": "idea", "x": 1.5, "y": -2.0, "content": content}
    pen.root("nodes")[f"n{tag}"] = pycrdt.Map(node)
    ends = {"source": f"n{tag}", "target": f"n{tag}", "label": f"edge {tag}"}
    pen.root("edges")[f"e{tag}"] = pycrdt.Map(ends)
    body = pycrdt.Text(f"body {tag}")
    pen.root("plan")[f"s{tag}"] = pycrdt.Map({"title": f"t {tag}", "body": body, "rank": tag})
    source = pycrdt.Text("graph TD")
    pen.root("diagrams")[f"d{tag}"] = pycrdt.Map(
        {"title": f"diagram {tag}", "kind": "flowchart", "source": source}
    )


def spoil(pen: Pen) -> None:
    """All that a hostile client may put there, beside what is in order."""
    draw(pen, "ok\U0001f680")
    nodes = pen.root("nodes")
    for id, value in {"list": pycrdt.Array([1]), "text": "s", "null": None, "\0": 1}.items():
        nodes[id] = value
    fields = {"label": "", "kind": "", "x": 0.0, "y": 0.0, "content": pycrdt.Text()}
    nodes["nan"] = pycrdt.Map(fields | {"x": float("nan"), "content": pycrdt.Text()})
    nodes["inf"] = pycrdt.Map(fields | {"y": float("-inf"), "content": pycrdt.Text()})
    nodes["huge"] = pycrdt.Map(fields | {"label": "x" * 1_000_000, "content": pycrdt.Text()})
    nodes["zero"] = pycrdt.Map(
        fields | {"label": "nul\0here", "x": 1.7e308, "y": 5e-324, "content": pycrdt.Text("a\0b")}
    )
    nodes["long"] = pycrdt.Map(fields | {"content": pycrdt.Text("long " * 400_000)})
    pen.root("edges")["e"] = pycrdt.Map({"source": "nan", "target": "zero", "label": "dangling"})
    body = pycrdt.Text("body")
    pen.root("plan")["s"] = pycrdt.Map({"title": "t", "body": body, "rank": "r" * 10_000})
    pen.doc.get("diagrams", type=pycrdt.Array).append("in a list")


@asynccontextmanager
async def rooms_on(store: Store) -> AsyncIterator[Rooms]:
    """Rooms that project, on this store."""
    clock = store.db._clock
    ports = Ports(
        store.log,
        store.compaction,
        store.directory,
        store.feed,
        clock,
        store.projection,
        store.events,
    )
    async with hosting(ports, STILL) as rooms:
        yield rooms


def clock_of(store: Store) -> ManualClock:
    clock = store.db._clock
    assert isinstance(clock, ManualClock)
    return clock


async def shown(store: Store, project: ProjectId) -> ProjectView:
    """What the rows say; they are abreast of the log."""
    view = await store.reader.view(project)
    assert view is not None
    return view.value


async def new_project(store: Store, seed: bytes | None = None) -> tuple[UserId, ProjectId]:
    user = await new_user(store)
    by = Attribution(user, Means.SEED)
    first = None if seed is None else NewUpdate(seed, by, clock_of(store).now())
    return user, (await store.directory.add_project("Plan", owner=user, seed=first)).id


@pytest.fixture
def worker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.room.rooms.Worker", HereWorker)


@pytest.mark.usefixtures("worker_here")
async def test_the_projection_equals_the_document_once_everybody_is_quiet(store: Store) -> None:
    user, project = await new_project(store)
    async with rooms_on(store) as rooms:
        seqs = [Seq(0)]
        pens = [Pen(rooms, project, user, client) for client in range(1, 5)]
        for turn in range(6):
            for number, pen in enumerate(pens):
                draw(pen, f"{number}-{turn}")
                if turn > 2:
                    del pen.root("nodes")[f"n{number}-{turn - 2}"]
            seqs = await asyncio.gather(*(pen.send() for pen in pens))
            if turn % 2:
                await projected(rooms, clock_of(store), project, max(seqs))
        await projected(rooms, clock_of(store), project, max(seqs))
        document = await rooms.read(project, read_project)
        assert await shown(store, project) == document
        dangling = [one for one in document.problems if one.path.startswith("edges/")]
        assert len(dangling) == 24, "both ends of the edges of deleted nodes"
        hits = (await store.search.search(user, Question("body 3-5"), None, 10)).items
        assert [hit.id for hit in hits] == ["s3-5"]
    assert await store.fsck(replay=replay) == []


@pytest.mark.slow
async def test_a_hostile_document_is_projected_by_the_worker_process_and_searched(
    store: Store,
) -> None:
    scratch = Pen(None, ProjectId(""), UserId(""), 9)  # type: ignore[arg-type]
    spoil(scratch)
    user, project = await new_project(store, scratch.doc.get_update())
    async with rooms_on(store) as rooms:
        await projected(rooms, clock_of(store), project, Seq(1))
        assert rooms.live() == ()
        view = await shown(store, project)
        assert [node.id for node in view.nodes] == ["long", "nok\U0001f680", "zero"]
        assert (view.nodes[2].label, view.nodes[2].content) == ("nul\ufffdhere", "a\ufffdb")
        assert [section.id for section in view.sections] == ["sok\U0001f680", "s"]
        assert {problem.path for problem in view.problems} == {
            "diagrams", "edges/e/source", "meta/schema", "nodes/\0", "nodes/huge/label",
            "nodes/inf/y", "nodes/list", "nodes/nan/x", "nodes/null", "nodes/text",
        }  # fmt: skip
        for words, ids in (("nul", ["zero"]), ("long", ["long"]), ("dangling", [])):
            found = await store.search.search(user, Question(words), None, 10)
            assert [hit.id for hit in found.items] == ids
    assert await store.fsck(replay=replay) == []


TAMPERED = [
    ("UPDATE nodes SET label = 'forged'", "nodes", "row 'na': not as the document: label"),
    ("UPDATE plans SET place = 'x'", "plans", "row 'sa': not as the document: place"),
    ("DELETE FROM edges", "edges", "row 'ea': missing"),
    ("UPDATE diagrams SET id = 'other'", "diagrams", "row 'da': missing"),
    ("DELETE FROM search_index", "search_entries", "node 'na': is not as the document"),
    ("UPDATE projections SET problems = '[]'", "projections", "the problems are not those"),
]


@pytest.mark.usefixtures("worker_here")
@pytest.mark.parametrize(("statement", "table", "what"), TAMPERED)
async def test_a_row_that_is_not_what_the_document_says_is_named(
    store: Store, statement: str, table: str, what: str
) -> None:
    user, project = await new_project(store)
    async with rooms_on(store) as rooms:
        pen = Pen(rooms, project, user, 1)
        draw(pen, "a")
        seq = await pen.send()
        await projected(rooms, clock_of(store), project, seq)
    assert await store.fsck(replay=replay) == []

    def tamper(conn: Connection) -> None:
        value = statement.replace("'x'", "'\\x00'" if conn.dialect.name != "sqlite" else "x'00'")
        conn.execute(text(value))

    await store.db.write(tamper)
    found = await store.fsck(project, replay=replay)
    assert any(one.table == table and one.what.startswith(what) for one in found), found
    assert all(one.project == project for one in found)


@pytest.mark.usefixtures("worker_here")
async def test_a_projection_that_is_behind_is_no_problem(store: Store) -> None:
    user, project = await new_project(store)
    async with rooms_on(store) as rooms:
        pen = Pen(rooms, project, user, 1)
        draw(pen, "a")
        await projected(rooms, clock_of(store), project, await pen.send())
        draw(pen, "b")
        await pen.send()
    assert (await store.reader.standing(project)).seq == 1
    assert await store.fsck(replay=replay) == []
