"""The past of a project over HTTP: who, when, what, and what came too late (L3, L6, L8)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.document.offsets import insert_text
from server.protocol.ids import ProjectId, RunId
from server.protocol.roles import Role
from server.room.ports import Attribution, Means
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        for name in ("ada", "bob", "eve"):
            await house.person(name)
        yield house


class Writers:
    """People who type into a section of a live room."""

    def __init__(self, here: SqlHouse, project: ProjectId) -> None:
        self.here = here
        self.project = project
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=9)

    async def begin(self) -> None:
        """A section without text."""
        fields = {"title": "Goals", "rank": "a", "body": pycrdt.Text("")}
        self.doc.get("plan", type=pycrdt.Map)["s"] = pycrdt.Map(fields)
        await self.send("ada", self.doc.get_update())

    async def type(self, who: str, at: int, words: str, run: str | None = None) -> None:
        """Some words, in one go."""
        before = self.doc.get_state()
        insert_text(self.doc.get("plan", type=pycrdt.Map)["s"]["body"], at, words)
        await self.send(who, self.doc.get_update(before), run)

    async def send(self, who: str, update: bytes, run: str | None = None) -> None:
        means = Means.CLIENT if run is None else Means.RUN
        by = Attribution(self.here.people[who], means, None if run is None else RunId(run))
        await self.here.rooms.write(self.project, update, by, Role.EDITOR)


@pytest.fixture
async def project(here: SqlHouse) -> ProjectId:
    return await here.project("ada", bob=Role.EDITOR, eve=Role.VIEWER)


@pytest.fixture
async def writers(here: SqlHouse, project: ProjectId) -> Writers:
    made = Writers(here, project)
    await made.begin()
    return made


async def get(here: SqlHouse, project: ProjectId, path: str) -> Any:
    answer = await here.ask("eve", "GET", f"/projects/{project}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_blame_names_two_people_and_the_run__L3(
    here: SqlHouse, project: ProjectId, writers: Writers
) -> None:
    await writers.type("ada", 0, "We grow. ")
    await writers.type("bob", 9, "Slowly 😀. ")
    await writers.type("ada", 9, "Fast, says the model. ", run="run-7")
    spans = (await get(here, project, "/blame/section/s"))["spans"]
    told = [(s["text"], s["author"]["name"], s["author"]["ai"], s["author"]["run"]) for s in spans]
    assert told == [
        ("We grow. ", "ada", False, None),
        ("Fast, says the model. ", "ada", True, "run-7"),
        ("Slowly 😀. ", "bob", False, None),
    ]
    for path in ("/blame/section/none", "/blame/edge/s"):
        missing = await here.ask("eve", "GET", f"/projects/{project}{path}")
        assert missing.status_code == 404
    assert (await here.ask("eve", "GET", f"/projects/{project}/blame/pig/s")).status_code == 422


async def test_activity_is_filtered_and_paged__L3(
    here: SqlHouse, project: ProjectId, writers: Writers
) -> None:
    for hour in range(3):
        await writers.type("ada", 0, "a")
        await writers.type("bob", 0, "b", run=f"run-{hour}")
        await here.clock.advance(3600.0)
    everything = (await get(here, project, "/activity"))["items"]
    assert [one["last_seq"] for one in everything] == [8, 7, 6, 5, 4, 3, 1]
    assert [one["author"]["means"] for one in everything[-2:]] == ["client", "seed"]
    paged: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(here, project, f"/activity?limit=2&cursor={cursor}")
        paged += page["items"]
        cursor = page["next"]
    assert paged == everything
    bob = here.people["bob"]
    for query, count in (
        (f"user={bob}", 3),
        ("means=run", 3),
        ("run=run-1", 1),
        ("means=client", 3),
        ("since=2023-11-14T23:10:00Z", 4),
        ("until=2023-11-14T23:10:00Z", 3),
        ("kind=section&element=s", 6),
        ("kind=node&element=s", 0),
    ):
        assert len((await get(here, project, f"/activity?{query}"))["items"]) == count, query
    detailed = (await get(here, project, "/activity?elements=true"))["items"]
    assert detailed[0]["elements"] == [{"kind": "section", "id": "s"}]
    for query in ("cursor=x", "kind=section", "limit=0", "since=yesterday"):
        refused = await here.ask("eve", "GET", f"/projects/{project}/activity?{query}")
        assert refused.status_code == 422, query


async def test_the_project_is_shown_as_it_was(
    here: SqlHouse, project: ProjectId, writers: Writers
) -> None:
    await writers.type("ada", 0, "one")
    await writers.type("bob", 3, " two")
    for seq, text in ((3, "one"), (4, "one two")):
        state = await get(here, project, f"/states/{seq}")
        assert (state["seq"], state["plan"][0]["body"]) == (seq, text)
    became = (await get(here, project, "/states/3/difference?to=4"))["items"]
    assert [(one["id"], one["change"], one["text"]) for one in became] == [
        (
            "s",
            "changed",
            [{"change": "delete", "text": "one"}, {"change": "insert", "text": "one two"}],
        )
    ]
    assert (await get(here, project, "/states/4/difference?to=4"))["items"] == []
    for path in ("/states/4/difference?to=5", "/states/5/difference?to=4"):
        assert (await here.ask("eve", "GET", f"/projects/{project}{path}")).status_code == 404
    beyond = await here.ask("eve", "GET", f"/projects/{project}/states/5")
    assert beyond.status_code == 404


async def test_text_that_came_too_late_is_offered__L6(
    here: SqlHouse, project: ProjectId, writers: Writers
) -> None:
    offline: pycrdt.Doc[Any] = pycrdt.Doc(client_id=10)
    offline.apply_update(writers.doc.get_update())
    before = writers.doc.get_state()
    del writers.doc.get("plan", type=pycrdt.Map)["s"]
    await writers.send("ada", writers.doc.get_update(before))
    before = offline.get_state()
    offline.get("plan", type=pycrdt.Map)["s"]["body"].insert(0, "Typed in a tunnel.")
    assert (await get(here, project, "/recovered")) == {"items": []}
    await writers.send("bob", offline.get_update(before))
    (found,) = (await get(here, project, "/recovered"))["items"]
    assert found["text"] == "Typed in a tunnel."
    assert found["author"]["name"] == "bob"
    assert found["element"] == {"kind": "section", "id": "s"}
