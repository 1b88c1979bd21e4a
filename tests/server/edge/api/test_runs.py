"""Runs over HTTP: asked for, watched, stopped and taken back (L8, L9, L10).

Long because one fixture, a project with runs in every state, serves every route of runs.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.document.elements import ElementRef, Kind
from server.document.nodes import NewNode, NodeChange, add_node, change_node
from server.document.plan import NewSection, add_section, append_body
from server.document.proposals import How, NewProposal, add_proposal, reject_proposal
from server.document.replica import Document, Replica
from server.document.schema import read_project
from server.document.whereabouts import Spot
from server.edge.api.runs import POLL_SECONDS
from server.edge.settings import Settings
from server.protocol.ids import ProjectId, RunId
from server.protocol.roles import Role
from server.room.compactor import Compactor
from server.room.difference import digest_of
from server.room.ports import Attribution, Means
from server.room.run_ports import (
    Lease,
    Outcome,
    Progress,
    ReadElement,
    RunReason,
    RunStatus,
    Usage,
)
from server.room.statistics import Statistics
from tests.doubles.here_worker import HereWorker
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

PROMPT = {"prompt": "A plan for a repair café", "task": "plan"}


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, Settings(agent_runs_per_user=3)) as house:
        for name in ("ada", "bob", "eve"):
            await house.person(name)
        yield house


@pytest.fixture
async def project(here: SqlHouse) -> ProjectId:
    return await here.project("ada", bob=Role.EDITOR, eve=Role.VIEWER)


async def ask(here: SqlHouse, who: str, method: str, path: str, **body: Any) -> Any:
    answer = await here.ask(who, method, path, json=body if method == "POST" else None)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def asked(here: SqlHouse, project: ProjectId, **more: Any) -> str:
    run: str = (await ask(here, "bob", "POST", f"/projects/{project}/runs", **PROMPT, **more))["id"]
    return run


async def wrote(here: SqlHouse, project: ProjectId, run: str, change: Any) -> None:
    """A run writes, as the agent does: under a client id of its own."""
    by = Attribution(here.people["bob"], Means.RUN, RunId(run))
    state = await here.rooms.read(project, Replica.everything)
    with closing(Replica.load([state])) as replica:
        _, update = replica.edit(change, lambda _: None)
    assert update is not None
    await here.rooms.write(project, update, by, Role.EDITOR)


async def edited(here: SqlHouse, project: ProjectId, change: Any) -> None:
    """A person writes."""
    by = Attribution(here.people["ada"], Means.CLIENT)
    await here.rooms.edit(project, change, by, Role.OWNER)


async def finished(
    here: SqlHouse, run: str, status: RunStatus = RunStatus.DONE, **more: Any
) -> None:
    await here.store.runs.claim("worker", RunId(run))
    outcome = Outcome(status, **more)
    await here.store.runs.finish(Lease(RunId(run), 1), Progress(Usage(5, 6, 7), 8, 9), outcome)


async def test_a_person_gets_all_that_they_asked_for_and_nobody_elses(
    here: SqlHouse, project: ProjectId
) -> None:
    first, second = await asked(here, project), await asked(here, project)
    await here.store.directory.remove_member(project, here.people["bob"])
    page = await ask(here, "bob", "GET", "/users/me/runs?limit=1")
    [one] = page["items"]
    assert (one["project_id"], one["prompt"]) == (project, PROMPT["prompt"])
    rest = await ask(here, "bob", "GET", f"/users/me/runs?limit=1&before={page['next']}")
    assert ({one["id"], rest["items"][0]["id"]}, rest["next"]) == ({first, second}, None)
    assert (await ask(here, "ada", "GET", "/users/me/runs"))["items"] == []
    foreign = await here.ask("ada", "GET", f"/users/me/runs?before={first}")
    assert foreign.status_code == 404


async def test_a_run_is_asked_for_listed_and_read(here: SqlHouse, project: ProjectId) -> None:
    path = f"/projects/{project}/runs"
    answer = await here.ask("bob", "POST", path, json=PROMPT)
    run = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"runs/{run['id']}")
    assert (run["status"], run["task"], run["user_name"]) == ("queued", "plan", "bob")
    await finished(here, run["id"], said="Wrote it.")
    done = await ask(here, "eve", "GET", f"{path}/{run['id']}")
    assert done["run"]["status"] == "done"
    assert done["run"]["usage"] == {
        "input_tokens": 5,
        "output_tokens": 6,
        "cost": 0.000007,
        "estimated": False,
    }
    assert (await ask(here, "eve", "GET", path))["items"] == [done["run"]]
    said = (await ask(here, "eve", "GET", f"/projects/{project}/conversation"))["items"]
    assert [(one["speaker"], one["user_name"], one["text"]) for one in said] == [
        ("person", "bob", PROMPT["prompt"]),
        ("agent", None, "Wrote it."),
    ]


async def test_runs_come_in_pages(here: SqlHouse, project: ProjectId) -> None:
    made = []
    for _ in range(3):
        made.append(await asked(here, project))
        await here.clock.advance(1)
    page = await ask(here, "eve", "GET", f"/projects/{project}/runs?limit=2")
    assert [run["id"] for run in page["items"]] == [made[2], made[1]]
    rest = await ask(here, "eve", "GET", f"/projects/{project}/runs?before={page['next']}")
    assert ([run["id"] for run in rest["items"]], rest["next"]) == ([made[0]], None)


async def test_a_day_allows_so_many_runs_and_says_so(here: SqlHouse, project: ProjectId) -> None:
    for _ in range(3):
        await asked(here, project)
    refused = await here.ask("bob", "POST", f"/projects/{project}/runs", json=PROMPT)
    assert refused.status_code == 429
    assert "used up" in refused.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": " "},
        {"prompt": "x" * 8001},
        {"prompt": "x", "task": "delete"},
        {"prompt": "x", "diagram": "pie"},
        {"prompt": "x", "target": {"elements": [], "span": {"start": 4, "end": 3}}},
        {"prompt": "x\0y"},
    ],
)
async def test_what_is_no_request_is_refused(
    here: SqlHouse, project: ProjectId, body: dict[str, Any]
) -> None:
    answer = await here.ask("bob", "POST", f"/projects/{project}/runs", json=body)
    assert answer.status_code == 422
    assert (await ask(here, "bob", "GET", f"/projects/{project}/runs"))["items"] == []


async def test_a_run_of_another_project_is_not_there__L8(
    here: SqlHouse, project: ProjectId
) -> None:
    run = await asked(here, project)
    other = await here.project("bob")
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/revert")):
        answer = await here.ask("bob", method, f"/projects/{other}/runs/{run}{path}")
        assert answer.status_code == 404


async def test_progress_is_told_until_the_run_has_ended(here: SqlHouse, project: ProjectId) -> None:
    run = await asked(here, project)
    path = f"/projects/{project}/runs/{run}"
    watching = asyncio.create_task(here.ask("eve", "GET", path + "/events"))
    while not any(alarm == POLL_SECONDS for alarm, _ in here.clock.sleepers):
        here.clock.fell_asleep.clear()
        await here.clock.fell_asleep.wait()
    await finished(here, run, RunStatus.FAILED, reason=RunReason.NO_QUOTA, told="No credit.")
    while not watching.done():
        await here.clock.advance(POLL_SECONDS)
    answer = await watching
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [one["status"] for one in told] == ["queued", "failed"]
    assert (told[-1]["reason"], told[-1]["told"]) == ("no-quota", "No credit.")


async def test_who_loses_the_right_to_read_is_told_no_more__L8(
    here: SqlHouse, project: ProjectId
) -> None:
    run = await asked(here, project)
    watching = asyncio.create_task(here.ask("eve", "GET", f"/projects/{project}/runs/{run}/events"))
    while not any(alarm == POLL_SECONDS for alarm, _ in here.clock.sleepers):
        here.clock.fell_asleep.clear()
        await here.clock.fell_asleep.wait()
    await here.store.directory.remove_member(project, here.people["eve"])
    await finished(here, run, said="A secret.")
    while not watching.done():
        await here.clock.advance(POLL_SECONDS)
    assert (await watching).text.count("event: run") == 1


async def test_a_queued_run_is_cancelled_at_once(here: SqlHouse, project: ProjectId) -> None:
    run = await asked(here, project)
    path = f"/projects/{project}/runs/{run}/cancel"
    assert (await ask(here, "ada", "POST", path))["status"] == "cancelled"
    assert (await ask(here, "ada", "POST", path))["status"] == "cancelled"


async def test_what_a_run_has_read_and_what_of_it_has_changed_is_told(
    here: SqlHouse, project: ProjectId
) -> None:
    await edited(here, project, lambda doc: add_node(doc, NewNode("n1", "Beans")))
    await edited(here, project, lambda doc: add_node(doc, NewNode("n2", "Milk")))
    run = await asked(here, project)
    await here.store.runs.claim("worker", RunId(run))
    view = await here.rooms.read(project, read_project)
    reads = [ReadElement(ElementRef(Kind.NODE, one.id), digest_of(one)) for one in view.nodes]
    await here.store.runs.note_reads(Lease(RunId(run), 1), "model", reads)
    await edited(here, project, lambda doc: change_node(doc, "n2", NodeChange(label="Oats")))
    details = await ask(here, "eve", "GET", f"/projects/{project}/runs/{run}")
    assert [one["id"] for one in details["read"]] == ["n1", "n2"]
    assert details["changed"] == [{"kind": "node", "id": "n2"}]
    assert details["run"]["model"] == "model"


@pytest.mark.parametrize("compacted", [False, True])
async def test_a_run_is_taken_back_and_peoples_words_stay__L10(
    here: SqlHouse, project: ProjectId, compacted: bool
) -> None:
    run = await asked(here, project)
    await wrote(here, project, run, lambda doc: add_section(doc, NewSection("s1", "Own", "Mine.")))
    await wrote(here, project, run, lambda doc: add_section(doc, NewSection("s2", "Both", "Run.")))
    await edited(here, project, lambda doc: append_body(doc, "s2", " Person."))
    path = f"/projects/{project}/runs/{run}"
    assert (await here.ask("bob", "POST", path + "/revert")).status_code == 409
    await finished(here, run)
    if compacted:
        compactor = Compactor(here.store.compaction, HereCompacts(), here.clock, Statistics())
        await compactor.compact(project)
    done = await ask(here, "bob", "POST", path + "/revert")
    assert (done["removed"], done["kept"]) == (1, 1)
    plan = (await ask(here, "eve", "GET", f"/projects/{project}/plan"))["items"]
    assert [(one["title"], one["body"]) for one in plan] == [("Both", " Person.")]
    assert (await ask(here, "eve", "GET", path))["run"]["reverted_at"] is not None
    backup = done["backup"]["id"]
    before = await ask(here, "eve", "GET", f"/projects/{project}/snapshots/{backup}/content")
    assert [one["title"] for one in before["plan"]] == ["Own", "Both"]
    again = await ask(here, "bob", "POST", path + "/revert")
    assert (again["removed"], again["kept"]) == (0, 1)
    assert (await ask(here, "eve", "GET", f"/projects/{project}/plan"))["items"] == plan


class HereCompacts(HereWorker):
    """Compaction in this process, whatever its arguments are."""

    async def run(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """The result of the work."""
        return work(*args)


async def proposing(here: SqlHouse, project: ProjectId) -> str:
    """A run that waits for a word on two proposals."""
    await edited(here, project, lambda doc: add_section(doc, NewSection("s", "Rent", "Due.")))
    run = await asked(here, project)

    def propose(doc: Document) -> None:
        target = Spot("plan", "s")
        add_proposal(doc, NewProposal("p1", run, target, How.APPEND, text=" Monthly."))
        add_proposal(doc, NewProposal("p2", run, target, How.REPLACE, base="Due.", text="Is due."))

    await wrote(here, project, run, propose)
    await finished(here, run, RunStatus.WAITING)
    return run


async def test_proposals_are_accepted_and_rejected_and_then_the_run_is_done(
    here: SqlHouse, project: ProjectId
) -> None:
    run = await proposing(here, project)
    path = f"/projects/{project}/proposals"
    listed = (await ask(here, "eve", "GET", path))["items"]
    assert [(one["id"], one["run"], one["kind"], one["element"]) for one in listed] == [
        ("p1", run, "section", "s"),
        ("p2", run, "section", "s"),
    ]
    accepted = await ask(here, "ada", "POST", f"{path}/p1/accept")
    assert accepted["proposal"]["status"] == "accepted"
    assert (await here.ask("ada", "POST", f"{path}/p1/reject")).status_code == 409
    assert (await here.ask("ada", "POST", f"{path}/p3/reject")).status_code == 404
    assert (await ask(here, "eve", "GET", path))["items"][1]["stale"] is True
    details = f"/projects/{project}/runs/{run}"
    assert (await ask(here, "eve", "GET", details))["run"]["status"] == "waiting"
    await ask(here, "ada", "POST", f"{path}/p2/reject")
    assert (await ask(here, "eve", "GET", details))["run"]["status"] == "done"
    [section] = (await ask(here, "eve", "GET", f"/projects/{project}/plan"))["items"]
    assert section["body"] == "Due. Monthly."


async def test_what_is_decided_in_the_document_settles_the_run_as_well(
    here: SqlHouse, project: ProjectId
) -> None:
    run = await proposing(here, project)
    for name in ("p1", "p2"):
        await edited(here, project, lambda doc, name=name: reject_proposal(doc, name))
    details = await ask(here, "eve", "GET", f"/projects/{project}/runs/{run}")
    assert details["run"]["status"] == "done"
