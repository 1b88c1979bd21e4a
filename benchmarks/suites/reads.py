"""Lists, searches and neighbours of a large project, beside plain SQL on the same rows.

No server and no document: what is measured is the way through the ports of the projection,
as the API goes it, and the same rows asked for with ``sqlite3`` directly. Also what it
takes to project the project, and one keystroke in it, and for how long the event loop
stands still meanwhile.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pycrdt

from benchmarks.config import Reads
from benchmarks.numbers import median
from benchmarks.peers.kinds import AGENTC
from benchmarks.suite import Metric, Suite, Trial
from server.document.graph import Direction
from server.document.listing import Page
from server.document.schema import Node, seed
from server.edge.clock import SystemClock
from server.protocol.ids import ProjectId, UserId
from server.room.difference import Job, Source, packed_differences, unpacked
from server.room.ports import Attribution, Batch, Means, NewUpdate
from server.room.projection_ports import Question
from server.room.worker import Worker
from store.open import Store, open_store

T = TypeVar("T")

WORDS = ("market", "growth", "revenue", "customer", "plan", "churn", "price", "channel", "risk")
RARE = "needle"

LIST_SQL = (
    "SELECT id, label, kind, x, y, content FROM nodes WHERE project_id = ? ORDER BY id LIMIT ?"
)
GRAPH_SQL = (
    "SELECT id, label, kind, x, y, content FROM nodes WHERE project_id = ? ORDER BY id",
    "SELECT id, source, target, label FROM edges WHERE project_id = ? ORDER BY id",
)
EDGES_SQL = (
    "SELECT id, source, target, label FROM edges WHERE project_id = ? AND source = ?"
    " UNION ALL SELECT id, source, target, label FROM edges WHERE project_id = ? AND target = ?"
    " AND source <> target ORDER BY id"
)
SEARCH_SQL = (
    "SELECT e.topic, e.element, bm25(search_index) AS score FROM search_index"
    " JOIN search_entries AS e ON e.id = search_index.rowid"
    " WHERE search_index MATCH ? AND e.project_id = ? ORDER BY score LIMIT ?"
)


def reads(trial: Trial) -> Mapping[str, float]:
    """One go, on a database of its own."""
    return asyncio.run(_measure(trial.config.reads, trial.folder / "reads.db"))


async def _measure(size: Reads, path: Path) -> Mapping[str, float]:
    clock = SystemClock()
    store = await open_store(f"sqlite:///{path}", clock)
    worker = Worker()
    try:
        await worker.run(abs, -1)
        document = large_document(size)
        user, project = await _new_project(store, document.get_update())
        whole, _ = await _timed_with_pause(_project(store, worker, project))
        keystroke, pause = await _keystroke(store, worker, document, user, project)
        with closing(sqlite3.connect(path)) as plain:
            found = await _beside_sql(size, store, plain, user, project)
    finally:
        worker.close()
        await store.close()
    return {**found, "whole_ms": whole, "keystroke_ms": keystroke, "pause_ms": pause}


def large_document(size: Reads) -> "pycrdt.Doc[Any]":
    """A project of ordinary elements; one of the nodes holds a rare word."""
    chance = random.Random(8)
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=8)
    doc.apply_update(seed(1, "Bakery"))

    def text(count: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(count))

    with doc.transaction():
        nodes, edges, plan = (doc.get(n, type=pycrdt.Map) for n in ("nodes", "edges", "plan"))
        for at in range(size.nodes):
            body = pycrdt.Text(text(20) + (f" {RARE}" if at == 0 else ""))
            fields = {"label": text(3), "kind": "idea", "x": float(at), "y": 0.5, "content": body}
            nodes[f"n{at}"] = pycrdt.Map(fields)
        for at in range(size.edges):
            ends = [f"n{chance.randrange(size.nodes)}" for _ in range(2)]
            edges[f"e{at}"] = pycrdt.Map({"source": ends[0], "target": ends[1], "label": text(1)})
        for at in range(size.sections):
            body = pycrdt.Text(text(300))
            plan[f"s{at}"] = pycrdt.Map({"title": text(4), "body": body, "rank": f"a{at:04}"})
    return doc


async def _new_project(store: Store, first: bytes) -> tuple[UserId, ProjectId]:
    user = await store.directory.add_user(
        email="a@bench.example", name="", is_admin=False, password_hash=None
    )
    update = NewUpdate(first, Attribution(user.id, Means.SEED), SystemClock().now())
    project = await store.directory.add_project("Bakery", owner=user.id, seed=update)
    return user.id, project.id


async def _project(store: Store, worker: Worker, project: ProjectId) -> None:
    """As the projector does it for a document of this size."""
    known = (await store.projection.known([project]))[project]
    stored = await store.log.load(project)
    tail = tuple(row.payload for row in stored.tail)
    source = Source(project, stored.head, stored.checkpoint, tail)
    [packed] = await worker.run(packed_differences, [Job(source, known)])
    assert not isinstance(packed, Exception), packed
    for step in packed:
        await store.projection.write([unpacked(step)])


async def _keystroke(
    store: Store, worker: Worker, doc: "pycrdt.Doc[Any]", user: UserId, project: ProjectId
) -> tuple[float, float]:
    before = doc.get_state()
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    nodes["n1"]["content"].insert(0, "x")
    by = Attribution(user, Means.CLIENT)
    update = NewUpdate(doc.get_update(before), by, SystemClock().now())
    await store.log.append([Batch(project, (update,))])
    return await _timed_with_pause(_project(store, worker, project))


async def _beside_sql(
    size: Reads, store: Store, plain: sqlite3.Connection, user: UserId, project: ProjectId
) -> Mapping[str, float]:
    def ask(query: str, *values: object) -> Callable[[], Awaitable[object]]:
        async def asked() -> object:
            return plain.execute(query, values).fetchall()

        return asked

    def ask_all(*queries: str) -> Callable[[], Awaitable[object]]:
        async def asked() -> object:
            return [plain.execute(query, (project,)).fetchall() for query in queries]

        return asked

    page, found = size.page, size.found
    pairs: dict[str, tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]]] = {
        "list": (
            lambda: store.reader.part(project, Node, Page(page, None)),
            ask(LIST_SQL, project, page + 1),
        ),
        "neighbours": (
            lambda: store.reader.neighbours(project, "n7", Direction.BOTH, 1),
            ask(EDGES_SQL, project, "n7", project, "n7"),
        ),
        "graph": (lambda: store.reader.view(project), ask_all(*GRAPH_SQL)),
        "rare": (
            lambda: store.search.search(user, Question(RARE), None, found),
            ask(SEARCH_SQL, f'"{RARE}" *', project, found),
        ),
        "common": (
            lambda: store.search.search(user, Question("market"), None, found),
            ask(SEARCH_SQL, '"market" *', project, found),
        ),
    }
    figures: dict[str, float] = {}
    for name, (ours, sql) in pairs.items():
        figures[f"{name}_ms"] = await _median_ms(size, ours)
        figures[f"{name}_sql_ms"] = await _median_ms(size, sql)
    return figures


async def _median_ms(size: Reads, ask: Callable[[], Awaitable[object]]) -> float:
    times: list[float] = []
    for turn in range(size.warm_up + size.asked):
        started = time.perf_counter()
        await ask()
        if turn >= size.warm_up:
            times.append((time.perf_counter() - started) * 1e3)
    return median(times)


async def _timed_with_pause(work: Awaitable[object]) -> tuple[float, float]:
    """Milliseconds that ``work`` takes, and for which it holds up the loop at most."""
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            at = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - at - 0.001)

    async with asyncio.TaskGroup() as tasks:
        beating = tasks.create_task(beat())
        started = time.perf_counter()
        await work
        took = time.perf_counter() - started
        beating.cancel()
    return took * 1e3, worst * 1e3


SUITES = (
    Suite(
        "reads",
        "Reading a large project from its rows",
        "A project of 5,000 nodes, 10,000 edges and 200 sections on SQLite: a page of 100 nodes, "
        "the neighbours of a node, the whole graph, a search for a word of one row and one for a "
        "word of most rows, each beside a plain SQL query for the same rows over the same file. "
        "Then what it takes to make the projection, to follow one keystroke, and the longest time "
        "for which the event loop stands still while it does.",
        (AGENTC,),
        (
            Metric("list_ms", "list ms"),
            Metric("list_sql_ms", "list, SQL ms"),
            Metric("neighbours_ms", "neighbours ms"),
            Metric("neighbours_sql_ms", "neighbours, SQL ms"),
            Metric("graph_ms", "whole graph ms"),
            Metric("graph_sql_ms", "whole graph, SQL ms"),
            Metric("rare_ms", "rare word ms"),
            Metric("rare_sql_ms", "rare word, SQL ms"),
            Metric("common_ms", "common word ms"),
            Metric("common_sql_ms", "common word, SQL ms"),
            Metric("whole_ms", "first projection ms", 0),
            Metric("keystroke_ms", "a keystroke's ms", 0),
            Metric("pause_ms", "pause ms", 1),
        ),
        reads,
    ),
)
