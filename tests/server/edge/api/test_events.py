"""``/projects/{id}/events``: told as it happens, and nothing missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from server.edge.settings import Settings
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.event_ports import EventKind, NewEvent
from server.room.events import BEAT_SECONDS, Follower
from tests.doubles.clock import settle
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

PATIENCE = 20.0
POLL_SECONDS = 0.25


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, Settings(max_connections_per_user=1)) as house:
        for name in ("owner", "viewer"):
            await house.person(name)
        yield house


@dataclass
class Reader:
    """Somebody who follows a project until ``over``."""

    here: SqlHouse
    asking: "asyncio.Task[Response]"
    follower: Follower

    async def until(self, number: int) -> None:
        """Until this event has been told."""
        async with asyncio.timeout(PATIENCE):
            while self.follower.seen < number:
                await self.here.clock.advance(POLL_SECONDS)

    async def over(self) -> list[tuple[str, str, Any]]:
        """All that was told: id, event and data of each."""
        self.follower.end()
        return parsed(await self.asking)


def parsed(answer: Response) -> list[tuple[str, str, Any]]:
    """The events of a stream, as a browser reads them."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = []
    for block in answer.text.split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        fields = {name: value for name, _, value in lines}
        if "event" in fields:
            told.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return told


async def follow(
    here: SqlHouse, project: ProjectId, who: str = "viewer", last: str | None = None
) -> Reader:
    known = set(here.rooms.followers.live())
    headers = {} if last is None else {"Last-Event-ID": last}
    url = f"/projects/{project}/events"
    asking = asyncio.get_running_loop().create_task(here.ask(who, "GET", url, headers=headers))
    async with asyncio.timeout(PATIENCE):
        while not (new := set(here.rooms.followers.live()) - known):
            await settle(1)
    [follower] = new
    return Reader(here, asking, follower)


async def test_who_follows_hears_of_snapshots_restores_and_members(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project, last="1")
    url = f"/projects/{project}/snapshots"
    taken = (await here.ask("owner", "POST", url, json={"name": ["A", "B", "C"][0]})).json()
    restored = (await here.ask("owner", "POST", f"{url}/{taken['id']}/restore", json={})).json()
    await here.ask("owner", "DELETE", f"{url}/{taken['id']}")
    members = f"/projects/{project}/members"
    await here.ask("owner", "POST", members, json={"email": "owner@x.example", "role": "viewer"})
    path = f"{members}/{here.people['viewer']}"
    await here.ask("owner", "PATCH", path, json={"role": "editor"})
    await reader.until(5)
    told = await reader.over()
    owner, at = here.people["owner"], "2023-11-14T22:13:"
    assert [(number, kind) for number, kind, _ in told] == [
        ("1", "ready"),
        ("2", "snapshot-taken"),
        ("3", "restored"),
        ("4", "snapshot-removed"),
        ("5", "members-changed"),
    ]
    assert told[1][2] == {
        "at": told[1][2]["at"], "by": owner, "snapshot": taken["id"], "seq": taken["seq"],
        "occasion": "named", "name": "A",
    }  # fmt: skip
    assert told[1][2]["at"].startswith(at)
    assert told[2][2]["snapshot"] == taken["id"]
    assert told[2][2]["backup"] == restored["backup"]["id"]
    assert told[3][2]["snapshot"] == taken["id"]
    assert told[4][2]["user"] == here.people["viewer"]
    assert told[4][2]["role"] == "editor"


async def test_who_comes_back_is_told_what_came_meanwhile(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    note = NewEvent(project, EventKind.RESTORED, None, {"snapshot": "s"})
    for _ in range(3):
        await here.store.events.note(note)
    reader = await follow(here, project, last="2")
    await reader.until(4)
    assert [number for number, _, _ in await reader.over()] == ["2", "3", "4"]
    newcomer = await follow(here, project)
    assert [(number, kind) for number, kind, _ in await newcomer.over()] == [("4", "ready")]


@pytest.mark.parametrize("last", ["99", "-1", "next", "1" * 30])
async def test_a_place_that_is_not_ours_is_said_to_be_lost(here: SqlHouse, last: str) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project, last=last)
    assert [(number, kind) for number, kind, _ in await reader.over()] == [("1", "missed")]


async def test_events_that_are_gone_are_said_to_be_missed_L6(
    here: SqlHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.events.KEPT", 2)
    project = await here.project("owner", viewer=Role.VIEWER)
    for _ in range(4):
        await here.store.events.note(NewEvent(project, EventKind.RESTORED, None, {}))
    reader = await follow(here, project, last="1")
    await reader.until(5)
    told = [(number, kind) for number, kind, _ in await reader.over()]
    assert told == [("1", "ready"), ("3", "missed"), ("4", "restored"), ("5", "restored")]


async def test_silence_is_broken_by_a_comment(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project)
    await here.clock.advance(BEAT_SECONDS)
    reader.follower.end()
    answer = await reader.asking
    assert "\n\n:\n\n" in answer.text
    assert answer.text.startswith("retry: 2000\nid: 1\nevent: ready\ndata: {}\n\n")
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers


async def test_followers_count_as_connections(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project)
    refused = await here.ask("viewer", "GET", f"/projects/{project}/events")
    assert refused.status_code == 429
    await reader.over()
    again = await follow(here, project)
    await again.over()


async def test_who_is_removed_is_told_nothing_more_L8(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project)
    await here.ask("owner", "DELETE", f"/projects/{project}/members/{here.people['viewer']}")
    async with asyncio.timeout(PATIENCE):
        while not reader.asking.done():
            await here.clock.advance(POLL_SECONDS)
    assert "restored" not in reader.asking.result().text
    refused = await here.ask("viewer", "GET", f"/projects/{project}/events")
    assert refused.status_code == 404


async def test_a_server_that_stops_lets_go_and_takes_nobody(here: SqlHouse) -> None:
    project = await here.project("owner", viewer=Role.VIEWER)
    reader = await follow(here, project)
    here.rooms.followers.close()
    assert parsed(await reader.asking)[0][1] == "ready"
    refused = await here.ask("viewer", "GET", f"/projects/{project}/events")
    assert refused.status_code == 503
