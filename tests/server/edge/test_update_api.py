"""Documents as Yjs updates over HTTP: the way round the limit of a frame (L1, L8)."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pycrdt
import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from server.edge.app import build_app
from server.edge.secrets import token_digest
from server.edge.update_api import UpdateApi
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from server.room.ports import Means
from server.room.rooms import Ports, hosting
from tests.doubles.clock import ManualClock
from tests.doubles.memory_store import MemoryStore

pytestmark = pytest.mark.anyio


def update(words: str) -> bytes:
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.get("t", type=pycrdt.Text).insert(0, words)
    return doc.get_update()


@dataclass
class House:
    store: MemoryStore
    project: ProjectId
    client: AsyncClient

    async def token(self, name: str, role: Role | None) -> str:
        user = await self.store.directory.add_user(
            email=f"{name}@x.example", name=name, is_admin=False, password_hash=None
        )
        await self.store.directory.add_token(
            user.id, digest=token_digest(name), label="", expires_at=None
        )
        if role is not None:
            await self.store.directory.set_member(self.project, user.id, role)
        return name

    async def get(self, token: str | None, project: str | None = None) -> Response:
        return await self.client.get(self.path(project), headers=bearer(token))

    async def post(self, token: str | None, body: bytes | AsyncIterator[bytes]) -> Response:
        return await self.client.post(self.path(None), headers=bearer(token), content=body)

    def path(self, project: str | None) -> str:
        return f"/api/v1/projects/{project or self.project}/update"


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def house(max_body: int = 1 << 20) -> AsyncIterator[House]:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    owner = await store.directory.add_user(
        email="owner@x.example", name="owner", is_admin=False, password_hash=None
    )
    project = await store.directory.add_project("Plan", owner=owner.id, seed=None)
    ports = Ports(store.log, store.compaction, store.directory, store.feed, clock)
    async with hosting(ports, RoomLimits()) as rooms:
        api = UpdateApi(rooms, store.directory, ())
        app = build_app(routes=api.routes(), clock=clock, max_body_bytes=max_body)
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield House(store, project.id, client)


async def test_what_is_written_is_in_the_log_and_can_be_read_back__L1() -> None:
    async with house() as here:
        token = await here.token("ada", Role.EDITOR)
        answer = await here.post(token, update("over HTTP"))
        assert (answer.status_code, answer.json()) == (200, {"seq": 1})
        (row,) = here.store.database.documents[here.project].rows
        assert row.by.means is Means.REST
        read = await here.get(token)
        assert read.headers["content-type"] == "application/octet-stream"
        assert b"over HTTP" in read.content


async def test_rights_are_those_of_the_websocket__L8() -> None:
    async with house() as here:
        viewer = await here.token("eve", Role.VIEWER)
        stranger = await here.token("mallory", None)
        assert (await here.get(viewer)).status_code == 200
        assert (await here.post(viewer, update("x"))).status_code == 403
        assert (await here.get(stranger)).status_code == 404
        assert (await here.post(stranger, update("x"))).status_code == 404
        assert (await here.get(None)).status_code == 401
        assert (await here.get(viewer, "nowhere")).status_code == 404
        assert not here.store.database.documents[here.project].rows


async def test_rights_that_end_while_the_body_is_sent_are_no_rights__L8() -> None:
    async with house() as here:
        directory = here.store.directory
        token = await here.token("ada", Role.EDITOR)
        ada = (await directory.user_by_email("ada@x.example")).id
        [(credential, _, _)] = await directory.list_tokens(ada)

        async def slow_body(change: Awaitable[None]) -> AsyncIterator[bytes]:
            yield update("x")[:5]
            await change
            yield update("x")[5:]

        for change, status in (
            (directory.set_member(here.project, ada, Role.VIEWER), 403),
            (directory.set_member(here.project, ada, Role.EDITOR), 200),
            (directory.revoke_token(credential), 404),
        ):
            await directory.set_member(here.project, ada, Role.EDITOR)
            assert (await here.post(token, slow_body(change))).status_code == status


async def test_who_may_not_write_is_refused_before_the_body_is_read__L8() -> None:
    async with house() as here:
        viewer = await here.token("eve", Role.VIEWER)
        read = list[bytes]()

        async def body() -> AsyncIterator[bytes]:
            read.append(update("x"))
            yield read[-1]

        assert (await here.post(viewer, body())).status_code == 403
        assert not read


async def test_bytes_that_are_no_update_are_refused_with_the_reason__L7() -> None:
    async with house() as here:
        token = await here.token("ada", Role.EDITOR)
        answer = await here.post(token, b"\x05nonsense")
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:8gentc:problem:malformed"


async def test_a_body_over_the_documents_limit_is_too_large() -> None:
    async with house(max_body=100) as here:
        token = await here.token("ada", Role.EDITOR)
        assert (await here.post(token, update("x" * 200))).status_code == 413
