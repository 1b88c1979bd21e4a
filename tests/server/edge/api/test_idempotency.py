"""A POST that is repeated with its key is not done twice, and says the same."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from httpx2 import ASGITransport, AsyncClient, Response

from server.edge.api.application import build_api
from server.edge.api.callers import KnownCaller
from server.edge.api.idempotency import MAX_ANSWER
from server.edge.api.services import Services
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.protocol.errors import StoreUnavailable
from server.room.kept_answers import CLAIM_MILLIS, KEPT_MILLIS
from server.room.project_ports import FileQuery
from tests.server.edge.api.house import ABSENT, bearer
from tests.server.edge.api.sql_house import SqlHouse, sql_house

pytestmark = pytest.mark.anyio

PROJECT = {"title": "Bakery"}
ALL = FileQuery(limit=100)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SqlHouse]:
    async with sql_house(tmp_path) as house:
        await house.person("ada")
        await house.person("bo")
        yield house


async def create(
    here: SqlHouse, key: str | None, token: str | None = "ada", body: Any = None
) -> Response:
    return await here.ask(token, "POST", "/projects", key=key, json=body or PROJECT)


async def count(here: SqlHouse) -> int:
    return len((await here.store.projects.files(ALL)).files)


async def test_a_repetition_gets_the_first_answer_and_does_nothing(here: SqlHouse) -> None:
    first, second = await create(here, "k1"), await create(here, "k1")
    quoted = await create(here, '"k1"')
    for again in (second, quoted):
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        for name in ("etag", "location", "content-type"):
            assert again.headers[name] == first.headers[name]
        assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await count(here) == 1
    assert (await create(here, "k2")).json()["id"] != first.json()["id"]


async def test_another_request_with_the_same_key_is_invalid(here: SqlHouse) -> None:
    await create(here, "k1")
    assert (await create(here, "k1", body={"title": "Other"})).status_code == 422
    elsewhere = await here.ask("ada", "POST", "/projects?x=1", key="k1", json=PROJECT)
    assert elsewhere.status_code == 422
    assert await count(here) == 1


async def test_a_key_is_its_callers_alone(here: SqlHouse) -> None:
    first, other = await create(here, "k1"), await create(here, "k1", "bo")
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.json()["id"] != other.json()["id"]


async def test_without_a_valid_credential_a_key_is_worth_nothing(here: SqlHouse) -> None:
    await create(here, "k1")
    assert (await create(here, "k1", None)).status_code == 401
    ada = here.people["ada"]
    [token] = await here.store.directory.list_tokens(ada)
    await here.store.directory.revoke_token(token.id)
    assert (await create(here, "k1")).status_code == 401


async def test_a_refusal_is_asked_again(here: SqlHouse) -> None:
    project = await here.project("ada")
    path = f"/projects/{project}/members"
    body = {"email": "cy@x.example", "role": "viewer"}
    assert (await here.ask("ada", "POST", path, key="k", json=body)).status_code == 422
    await here.person("cy")
    assert (await here.ask("ada", "POST", path, key="k", json=body)).status_code == 201
    assert (await here.ask("ada", "POST", path, key="k", json=body)).status_code == 201


async def test_an_answer_is_kept_for_a_day(here: SqlHouse) -> None:
    first = await create(here, "k1")
    here.clock.elapsed += KEPT_MILLIS / 1000 - 1
    assert (await create(here, "k1")).json() == first.json()
    here.clock.elapsed += 1
    assert (await create(here, "k1")).json()["id"] != first.json()["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, '"a"b"', "\t"])
async def test_what_is_no_key_is_invalid(here: SqlHouse, key: str) -> None:
    assert (await create(here, key)).status_code == 422
    assert await count(here) == 0


class Counter:
    """A route that the tests can hold up, break and make talkative."""

    def __init__(self) -> None:
        self.calls = 0
        self.called = asyncio.Event()
        self.held = asyncio.Event()
        self.failure: Exception | None = None
        self.size = 1

    def routes(self) -> APIRouter:
        router = APIRouter(tags=["test"])
        router.post("/count")(self.count)
        return router

    async def count(self, _: KnownCaller) -> str:
        """Count one more."""
        self.calls += 1
        self.called.set()
        await self.held.wait()
        if self.failure is not None:
            raise self.failure
        return "x" * self.size


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def client(here: SqlHouse, counter: Counter) -> AsyncIterator[AsyncClient]:
    store = here.store
    services = Services(
        here.rooms, store.directory, here.clock, Settings(),
        store.projects, store.invitations, store.answers, store.reader, store.search,
        ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT,
    )  # fmt: skip
    api = build_api(services, [counter.routes])
    transport = ASGITransport(api, raise_app_exceptions=False)
    headers = bearer("ada") | {"Idempotency-Key": "k"}
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def test_a_repetition_while_the_first_is_running_conflicts(
    client: AsyncClient, counter: Counter
) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(client.post("/count"))
        await counter.called.wait()
        assert (await client.post("/count")).status_code == 409
        counter.held.set()
    assert first.result().status_code == 200
    assert (await client.post("/count")).status_code == 200
    assert counter.calls == 1


@pytest.mark.parametrize("failure", [StoreUnavailable("down"), RuntimeError("a bug")])
async def test_a_failed_attempt_may_be_tried_again(
    client: AsyncClient, counter: Counter, failure: Exception
) -> None:
    counter.held.set()
    counter.failure = failure
    assert (await client.post("/count")).status_code >= 500
    counter.failure = None
    assert (await client.post("/count")).status_code == 200
    assert (await client.post("/count")).status_code == 200
    assert counter.calls == 2


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    here: SqlHouse, client: AsyncClient, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("down")

    counter.held.set()
    monkeypatch.setattr(here.store.answers, "keep", fail)
    assert (await client.post("/count")).status_code == 200
    assert (await client.post("/count")).status_code == 409
    here.clock.elapsed += CLAIM_MILLIS / 1000
    assert (await client.post("/count")).status_code == 200
    assert counter.calls == 2


async def test_an_answer_that_is_too_large_to_keep_is_not_done_twice_either(
    client: AsyncClient, counter: Counter
) -> None:
    counter.held.set()
    counter.size = MAX_ANSWER + 1
    assert (await client.post("/count")).status_code == 200
    assert (await client.post("/count")).status_code == 409
    assert counter.calls == 1


async def test_what_is_kept_is_readable_to_nobody_without_the_credential__L11(
    here: SqlHouse, tmp_path: Path
) -> None:
    title = "a title that is only in the answer and the project"
    await create(here, "secret-key", body={"title": title})
    rows = await here.store.db.read(
        lambda conn: conn.exec_driver_sql("SELECT * FROM kept_answers").all()
    )
    assert len(rows) == 1
    text = repr(rows[0])
    assert title not in text
    assert "secret-key" not in text
    assert token_digest("ada") not in rows[0]
