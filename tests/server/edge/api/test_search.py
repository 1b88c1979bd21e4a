"""From an edit over HTTP to a finding over HTTP, on a real database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.protocol.ids import ProjectId, Seq
from server.protocol.roles import Role
from tests.doubles.here_worker import HereWorker
from tests.server.edge.api.sql_house import SqlHouse, sql_house
from tests.server.room.projecting import projected

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlHouse]:
    monkeypatch.setattr("server.room.rooms.Worker", HereWorker)
    async with sql_house(tmp_path) as house:
        for name in ("ada", "bo"):
            await house.person(name)
        yield house


async def write(
    here: SqlHouse, project: ProjectId, change: Callable[["pycrdt.Doc[Any]"], None]
) -> None:
    """Edit over HTTP, and wait until lists and searches show it."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    change(doc)
    path = f"/projects/{project}/update"
    answer = await here.ask("ada", "POST", path, content=doc.get_update())
    await projected(here.rooms, here.clock, project, Seq(answer.json()["seq"]))


def a_section(doc: "pycrdt.Doc[Any]") -> None:
    body = pycrdt.Text("We open in the Café district, 北京.")
    section = pycrdt.Map({"title": "Market", "body": body, "rank": "a"})
    doc.get("plan", type=pycrdt.Map)["s1"] = section


def spoilt(doc: "pycrdt.Doc[Any]") -> None:
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    nodes["list"] = pycrdt.Array([1])
    nodes["nan"] = pycrdt.Map(
        {"label": "x" * 1_000_000, "kind": "\0", "x": float("nan"), "y": float("inf")}
    )
    edge = pycrdt.Map({"source": "none", "target": "nan", "label": "dangling"})
    doc.get("edges", type=pycrdt.Map)["e"] = edge


async def found(here: SqlHouse, token: str, query: str) -> list[Any]:
    answer = await here.ask(token, "GET", f"/search?{query}")
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def test_new_words_are_found_by_members_and_nobody_else_L8(here: SqlHouse) -> None:
    project = await here.project("ada")
    await write(here, project, a_section)
    [item] = await found(here, "ada", "q=cafe")
    assert item == {
        "project_id": project,
        "project_title": "Plan 0",
        "kind": "section",
        "id": "s1",
        "title": "Market",
        "excerpt": [
            {"text": "We open in the ", "found": False},
            {"text": "Café", "found": True},
            {"text": " district, 北京.", "found": False},
        ],
    }
    assert await found(here, "bo", "q=cafe") == []
    await here.store.directory.set_member(project, here.people["bo"], Role.VIEWER)
    assert [one["id"] for one in await found(here, "bo", "q=北京")] == ["s1"]


async def test_a_project_is_found_by_its_title_at_once_and_by_the_new_one_after_a_change(
    here: SqlHouse,
) -> None:
    project = await here.project("ada")
    assert [one["id"] for one in await found(here, "ada", "q=plan&kind=project")] == [project]
    answer = await here.ask("ada", "PATCH", f"/projects/{project}", json={"title": "Bakery"})
    assert answer.status_code == 200
    assert [one["title"] for one in await found(here, "ada", "q=bak")] == ["Bakery"]
    assert await found(here, "ada", "q=plan") == []


@pytest.mark.parametrize(
    "query",
    ["q=x&cursor=nonsense", "q=x&kind=other", "q=x&limit=0", "q=x&project=%00", f"q={'x' * 501}"],
)
async def test_a_question_that_cannot_be_understood_is_invalid(here: SqlHouse, query: str) -> None:
    answer = await here.ask("ada", "GET", f"/search?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("words", ["", "%22", "%00", "%ED%A0%80", "NEAR(", "*", "%27%3B--"])
async def test_whatever_is_typed_is_answered(here: SqlHouse, words: str) -> None:
    await here.project("ada")
    assert await found(here, "ada", f"q={words}") == []


async def test_what_is_malformed_is_listed_as_the_projects_problems(here: SqlHouse) -> None:
    project = await here.project("ada")
    before = (await here.ask("ada", "GET", f"/projects/{project}/problems")).json()
    assert (before["items"], before["seq"], before["projected_at"]) == ([], 0, None)
    await write(here, project, spoilt)
    answer = await here.ask("ada", "GET", f"/projects/{project}/problems")
    body = answer.json()
    assert body["total"] == len(body["items"])
    assert [item["path"] for item in body["items"]] == [
        "nodes/list",
        "nodes/nan/label",
        "nodes/nan/x",
        "nodes/nan/y",
        "nodes/nan/content",
        "edges/e/source",
        "edges/e/target",
    ]
    assert body["seq"] == body["head"]
    assert await found(here, "ada", "q=dangling") == []
