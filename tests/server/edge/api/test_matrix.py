"""The table "Who gets what" of docs/SPEC.md, tried: each route, each kind of person (L8)."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from server.edge.api.application import build_api
from server.edge.settings import Settings
from server.protocol.roles import Role
from tests.doubles.clock import settle
from tests.server.edge.api.samples import SAMPLES, Sample
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

SPEC = (Path(__file__).parents[4] / "docs/SPEC.md").read_text()
PEOPLE = ("nobody", "stranger", "viewer", "editor", "owner", "admin", "other's")
NOWHERE = "0" * 32
ENDLESS = "GET /projects/{project_id}/events"
"""The one answer that does not end by itself."""


def table(spec: str) -> dict[str, dict[str, int]]:
    """The rows, by what stands in their first cell: the route, and perhaps a case of it."""
    section = spec.partition("### Who gets what")[2].partition("\n### ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {
        name.replace("`", ""): dict(zip(PEOPLE, map(int, statuses), strict=True))
        for name, *statuses in rows
    }


TABLE = table(SPEC)


def route_of(row: str) -> tuple[str, str]:
    """Method and path of a row."""
    method, path, *_ = row.split(" ", 2)
    return method, path


def documented() -> set[tuple[str, str]]:
    """Method and path of every operation in the OpenAPI document."""
    services: Any = None
    paths = build_api(services).openapi()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


def test_the_table_has_every_route_and_no_other() -> None:
    assert {route_of(row) for row in TABLE} == documented()


def test_the_head_of_the_table_is_what_is_tried() -> None:
    assert f"| route | {' | '.join(PEOPLE)} |" in SPEC


def test_every_sample_belongs_to_a_row() -> None:
    assert SAMPLES.keys() - TABLE.keys() == set()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path, Settings(rate_limits=False)) as house:
        for name in ("stranger", "viewer", "editor", "owner", "other", "guest"):
            await house.person(name)
        await house.person("admin", is_admin=True)
        await house.project("other")
        yield house


def token_of(person: str) -> str | None:
    return {"nobody": None, "other's": "other"}.get(person, person)


async def begun(here: SqlHouse, token: str | None, url: str) -> Response:
    """The answer, which ends as soon as somebody has been let in."""
    asking = asyncio.get_running_loop().create_task(here.ask(token, "GET", url))
    followers = here.rooms.followers
    while not asking.done() and not followers.live():
        await settle(1)
    for follower in followers.live():
        follower.end()
    return await asking


async def tried(here: SqlHouse, row: str, person: str, project: str | None = None) -> Response:
    """One person asks, about a fresh project, or about the one that is given."""
    sample = SAMPLES.get(row, Sample())
    fresh = await here.project("owner", viewer=Role.VIEWER, editor=Role.EDITOR)
    names = {"project_id": project or fresh, **await sample.before(here, fresh)}
    method, path = route_of(row)
    url = path.format(**names) + sample.query
    if row == ENDLESS:
        return await begun(here, token_of(person), url)
    return await here.ask(token_of(person), method, url, **sample.body(names))


@pytest.mark.slow
@pytest.mark.parametrize("row", TABLE)
async def test_everybody_gets_what_the_table_says__L8(here: SqlHouse, row: str) -> None:
    answers = {person: await tried(here, row, person) for person in PEOPLE}
    statuses = {person: answer.status_code for person, answer in answers.items()}
    assert statuses == TABLE[row], {who: answer.text for who, answer in answers.items()}


def told(answer: Response) -> tuple[int, dict[str, str], Any]:
    """All that an answer says, but for the names that each request has of its own."""
    told = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    body = answer.json()
    body.pop("request_id")
    told.pop("content-length")
    return answer.status_code, told, body


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [row for row in TABLE if re.match(r"\w+ /projects/\{project_id\}", row)]
)
async def test_a_project_of_others_is_answered_as_one_that_does_not_exist__L8(
    here: SqlHouse, row: str
) -> None:
    for person in ("stranger", "admin", "other's"):
        theirs, none = await tried(here, row, person), await tried(here, row, person, NOWHERE)
        assert told(theirs) == told(none)


def test_a_row_that_is_missing_or_wrong_is_found() -> None:
    row = next(line for line in SPEC.splitlines() if line.startswith("| `POST /projects` "))
    assert {route_of(one) for one in table(SPEC.replace(row, ""))} != documented()
    with pytest.raises(ValueError, match="argument"):
        table(SPEC.replace(row, row.replace(" 401 |", "")))
