"""The whole server on a database in a file, in this process: everything as ``server.main``
wires it, but for sockets. A person's token is their name."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from httpx2 import ASGITransport, AsyncBaseTransport, AsyncClient, Response
from starlette.types import ASGIApp

from server.edge.accounts import account_services
from server.edge.api.application import PREFIX
from server.edge.draining import Standing
from server.edge.keys import derive_keys
from server.edge.one_time import OneTimeLinks
from server.edge.passwords import Passwords
from server.edge.projects import create_project
from server.edge.providers import Providers
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.edge.visits import VisitBook
from server.ground import historian_of
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Role
from server.room.account_ports import Purpose
from server.room.ports import Clock
from server.room.rooms import Ports, Rooms, hosting
from server.room.worker import Here
from server.serving import application, is_invitation
from store.open import Store, open_store
from tests.doubles.clock import STILL, ManualClock
from tests.doubles.mailbox import Mailbox
from tests.doubles.migrated import migrated
from tests.server.edge.api.house import bearer

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What takes a server a tenth of a second on purpose is not what is tried here."""


@dataclass
class SqlHouse:
    """A server, its people and a client for each of them."""

    store: Store
    rooms: Rooms
    clock: Any
    client: AsyncClient
    app: ASGIApp
    mailbox: Mailbox
    settings: Settings
    people: dict[str, UserId] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def person(self, name: str, *, is_admin: bool = False) -> str:
        """Somebody with an account and a token, which is their name."""
        user = await self.store.directory.add_user(
            email=f"{name}@x.example", name=name, is_admin=is_admin, password_hash=None
        )
        await self.store.directory.add_token(
            user.id, digest=token_digest(name), label="", expires_at=None
        )
        self.people[name] = user.id
        return name

    async def project(self, owner: str, **members: Role) -> ProjectId:
        """A project of its own title, with members by name."""
        project = await create_project(
            self.store.directory,
            self.clock,
            title=f"Plan {next(self._numbers)}",
            owner=self.people[owner],
        )
        for name, role in members.items():
            await self.store.directory.set_member(project.id, self.people[name], role)
        return project.id

    async def login_link(self, name: str) -> str:
        """The secret of a one-time login link."""
        links = OneTimeLinks(self.store.people.links, self.clock, "http://test")
        made = await links.make(Purpose.LOGIN, user=self.people[name])
        return made.partition("link=")[2]

    def browser(self) -> AsyncClient:
        """A client with a cookie jar of its own, and no token."""
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        return AsyncClient(transport=transport, base_url="http://test" + PREFIX)

    async def ask(
        self, token: str | None, method: str, path: str, *, key: str | None = None, **request: Any
    ) -> Response:
        """One request below the API."""
        headers = bearer(token) | ({} if key is None else {"Idempotency-Key": key})
        headers |= request.pop("headers", {})
        return await self.client.request(method, PREFIX + path, headers=headers, **request)


@asynccontextmanager
async def sql_house(
    folder: Path,
    settings: Settings | None = None,
    transport: AsyncBaseTransport | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[SqlHouse]:
    """A server on an empty database; ``transport`` is its way to identity providers."""
    clock = clock or ManualClock()
    async with AsyncExitStack() as ending:
        store = await open_store(f"sqlite:///{migrated(folder / '8gentc.db')}", clock)
        ending.push_async_callback(store.close)
        ports = Ports(
            store.log,
            store.compaction,
            store.directory,
            store.feed,
            clock,
            store.projection,
            store.events,
        )
        rooms = await ending.enter_async_context(hosting(ports, STILL))
        visits = VisitBook(store.projects, clock)
        chosen, keys, mailbox = settings or Settings(), derive_keys("k" * 32), Mailbox()
        people = account_services(
            store.people,
            store.directory,
            clock,
            chosen,
            passwords=Passwords(CHEAP),
            keys=keys,
            mailer=mailbox,
            providers=Providers(chosen, transport),
            invited=partial(is_invitation, store),
        )
        historian = historian_of(store, chosen, Here())
        standing, studio = Standing(), None
        app = application(
            store, rooms, visits, people, keys, historian, chosen, clock, standing, studio
        )
        serving = ASGITransport(app, raise_app_exceptions=False)
        client = AsyncClient(transport=serving, base_url="http://test")
        await ending.enter_async_context(client)
        yield SqlHouse(store, rooms, clock, client, app, mailbox, chosen)
