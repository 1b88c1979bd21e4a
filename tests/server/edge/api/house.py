"""A house in memory with the API in front, and a client for whoever has a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from httpx2 import ASGITransport, AsyncClient, Response
from starlette.routing import Mount

from server.edge.api.application import PREFIX, build_api
from server.edge.api.docs import docs_routes
from server.edge.api.services import Services
from server.edge.app import build_app
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import User
from server.room.rooms import Ports, Rooms, hosting
from tests.doubles.clock import STILL, ManualClock
from tests.doubles.memory_projection import Abreast
from tests.doubles.memory_store import MemoryStore
from tests.doubles.no_rows import NoRows

ABSENT: Any = None
"""Of what has no double: who needs it builds on a real store (``sql_house``)."""


def bearer(token: str | None) -> dict[str, str]:
    """The header of whoever has this token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@dataclass
class House:
    """One project, and as many people as a test wants. A person's token is their name."""

    store: MemoryStore
    rooms: Rooms
    project: ProjectId
    client: AsyncClient

    async def person(self, name: str, role: Role | None) -> User:
        """Somebody with a token, and with a role in the project or none."""
        user = await self.store.directory.add_user(
            email=f"{name}@x.example", name=name, is_admin=False, password_hash=None
        )
        await self.store.directory.add_token(
            user.id, digest=token_digest(name), label="", expires_at=None
        )
        if role is not None:
            await self.store.directory.set_member(self.project, user.id, role)
        return user

    async def token(self, name: str, role: Role | None) -> str:
        """The token of a new person."""
        await self.person(name, role)
        return name

    async def get(self, token: str | None, path: str) -> Response:
        """Read ``path`` below the API."""
        return await self.client.get(PREFIX + path, headers=bearer(token))


@asynccontextmanager
async def house(max_body: int = 1 << 20, settings: Settings | None = None) -> AsyncIterator[House]:
    """The API, with a project that has an owner and no content."""
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    owner = await store.directory.add_user(
        email="owner@x.example", name="owner", is_admin=False, password_hash=None
    )
    project = await store.directory.add_project("Plan", owner=owner.id, seed=None)
    ports = Ports(
        store.log,
        store.compaction,
        store.directory,
        store.feed,
        clock,
        Abreast(store.database),
        store.events,
    )
    async with hosting(ports, STILL) as rooms:
        services = Services(
            rooms,
            store.directory,
            clock,
            settings or Settings(),
            projects=ABSENT,
            invitations=ABSENT,
            answers=ABSENT,
            reader=NoRows(store.database),
            search=ABSENT,
            people=ABSENT,
            historian=ABSENT,
            restorer=ABSENT,
            runs=ABSENT,
            reverter=ABSENT,
            connections=ABSENT,
        )
        api = build_api(services)
        routes = [Mount(PREFIX, api), *docs_routes()]
        app = build_app(routes=routes, clock=clock, max_body_bytes=max_body)
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield House(store, rooms, project.id, client)
