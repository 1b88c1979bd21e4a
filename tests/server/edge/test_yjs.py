"""The way in: refused before the upgrade, paced, told why at the end (L2, L6, L7, L8).

Long because each way to be refused, and each way to end, has its own small test.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.types import Message, Scope

from server.edge.app import build_app
from server.edge.pace import ConnectionCount
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.edge.tickets import TicketOffice
from server.edge.yjs import YjsEndpoint
from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Role
from server.room.rooms import Ports, Rooms, hosting
from tests.doubles.clock import STILL, ManualClock, settle
from tests.doubles.memory_projection import Abreast
from tests.doubles.memory_store import MemoryStore
from tests.doubles.second_thoughts import Roles, answers_first

pytestmark = pytest.mark.anyio


async def nothing() -> None:
    """Wait for nothing, answer nothing."""


STEP_1 = bytes.fromhex("00000100")
EDIT = bytes.fromhex("00020c010101000401017402686900")
"""An update: client 1 puts "hi" into the root text "t"."""


class Browser:
    """The other end of one ASGI websocket."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self._news = asyncio.Condition()
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})

    def says(self, frame: bytes | str) -> None:
        """Send a message."""
        kind = "bytes" if isinstance(frame, bytes) else "text"
        self._incoming.put_nowait({"type": "websocket.receive", kind: frame})

    def leaves(self) -> None:
        """Close from this side."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    @property
    def unread(self) -> int:
        """Messages that the server has not asked for."""
        return self._incoming.qsize()

    async def receive(self) -> Message:
        """What the server reads."""
        return await self._incoming.get()

    async def send(self, message: Message) -> None:
        """What the server writes."""
        async with self._news:
            self.sent.append(message)
            self._news.notify_all()

    async def sees(self, condition: Callable[[Message], bool]) -> Message:
        """The first message that fits, once it has come."""
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: any(map(condition, self.sent)))
        return next(filter(condition, self.sent))

    async def sees_type(self, kind: str) -> Message:
        """The first message of an ASGI type."""
        return await self.sees(lambda message: message["type"] == kind)

    async def sees_frame(self, start: bytes) -> Message:
        """The first frame that begins like this."""
        return await self.sees(lambda message: message.get("bytes", b"").startswith(start))


@dataclass(slots=True)
class House:
    """One server in memory, with a project of Ada's."""

    store: MemoryStore
    rooms: Rooms
    clock: ManualClock
    endpoint: YjsEndpoint
    tasks: asyncio.TaskGroup
    project: ProjectId
    ada: UserId
    visits: list["asyncio.Task[None]"] = field(default_factory=list)

    def visit(self, query: str = "token=ada", path: str = "", **headers: str) -> Browser:
        """Somebody connects."""
        browser = Browser()
        path = f"/yjs/{path or self.project}"
        app = build_app(routes=[self.endpoint.route()], clock=self.clock, max_body_bytes=1024)
        scope: Scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }

        async def visit() -> None:
            await app(scope, browser.receive, browser.send)

        self.visits.append(self.tasks.create_task(visit()))
        return browser

    async def refused(self, query: str = "token=ada", path: str = "", **headers: str) -> int:
        """The HTTP status of a refused upgrade."""
        browser = self.visit(query, path, **headers)
        start = await browser.sees_type("websocket.http.response.start")
        status: int = start["status"]
        return status

    async def connected(self) -> Browser:
        """A connection that has been answered."""
        browser = self.visit()
        await browser.sees_type("websocket.accept")
        browser.says(STEP_1)
        await browser.sees_frame(b"\x00\x01")
        return browser


@asynccontextmanager
async def house(settings: Settings | None = None) -> AsyncIterator[House]:
    """A server that runs while inside."""
    settings = settings or Settings()
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    directory = store.directory
    ada = await directory.add_user(email="ada@x.org", name="A", is_admin=False, password_hash=None)
    await directory.add_token(ada.id, digest=token_digest("ada"), label="t", expires_at=None)
    project = await directory.add_project("Plan", owner=ada.id, seed=None)
    projection = Abreast(store.database)
    ports = Ports(
        store.log, store.compaction, directory, store.feed, clock, projection, store.events
    )
    limit = settings.max_connections_per_user if settings.rate_limits else None
    async with (
        hosting(ports, STILL) as rooms,
        asyncio.TaskGroup() as tasks,
    ):
        count, tickets = ConnectionCount(limit), TicketOffice(b"key", clock)
        endpoint = YjsEndpoint(rooms, directory, clock, settings, count, tickets)
        made = House(store, rooms, clock, endpoint, tasks, project.id, ada.id)
        yield made
        for visit in made.visits:
            visit.cancel()


async def test_a_member_is_let_in_and_answered() -> None:
    async with house() as home:
        await home.connected()


async def test_whoever_may_not_come_in_is_told_before_the_upgrade_L8() -> None:
    async with house() as home:
        assert await home.refused(query="") == 401
        assert await home.refused(query="token=bob") == 401
        assert await home.refused(path="another") == 404
        assert await home.refused(host="h", origin="https://evil.example") == 403


async def test_a_store_out_of_service_refuses_before_asking_who_L2() -> None:
    async with house() as home:
        home.rooms.breaker.trip(StoreUnavailable("the disk is full"))
        browser = home.visit(query="token=whoever")
        start = await browser.sees_type("websocket.http.response.start")
        assert start["status"] == 503
        assert (b"retry-after", b"1") in start["headers"]


async def test_more_connections_than_a_user_may_hold_are_refused() -> None:
    async with house(Settings(max_connections_per_user=1)) as home:
        first = await home.connected()
        assert await home.refused() == 429
        first.leaves()
        await settle(50)
        await home.connected()


async def test_a_role_that_changes_while_the_peer_sits_down_ends_the_connection_L8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house() as home:

        async def before_the_change() -> Roles:
            home.rooms.reviews.begun += 1
            return [Role.EDITOR]

        answers_first(monkeypatch, before_the_change, nothing)
        closed = await home.visit().sees_type("websocket.close")
        assert closed["code"] == 4502


async def test_a_change_that_is_followed_after_the_seating_is_not_missed_L8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with house() as home:
        other = await home.store.directory.add_user(
            email="bob@x.org", name="B", is_admin=False, password_hash=None
        )
        await home.store.directory.set_member(home.project, other.id, Role.OWNER)
        again: list[object] = []

        async def lowered() -> Roles:
            """After the answer, before the peer is seated."""
            await home.store.directory.set_member(home.project, home.ada, Role.VIEWER)
            return [Role.OWNER]

        async def counted() -> None:
            again.append(None)

        answers_first(monkeypatch, lowered, counted)
        browser = home.visit()
        await browser.sees(
            lambda message: (
                message["type"] == "websocket.close" or b"viewer" in message.get("bytes", b"")
            )
        )
        assert again, "either it asks again, or the review of all who are seated does"


async def test_who_sits_down_in_peace_is_asked_about_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as home:
        again: list[object] = []

        async def counted() -> None:
            again.append(None)

        answers_first(monkeypatch, nothing, counted)
        await home.connected()
        assert not again


async def test_a_revoked_token_ends_a_live_connection_L8() -> None:
    async with house() as home:
        browser = await home.connected()
        [token] = await home.store.directory.list_tokens(home.ada)
        await home.store.directory.revoke_token(token.id)
        closed = await browser.sees_type("websocket.close")
        assert 4400 <= closed["code"] < 4500


async def test_text_ends_the_connection_as_malformed_L7() -> None:
    async with house() as home:
        browser = await home.connected()
        browser.says("hello")
        closed = await browser.sees_type("websocket.close")
        assert closed["code"] == 4400
        assert "binary" in closed["reason"]


async def test_a_crash_ends_one_connection_with_1011_and_tells_nothing_L7(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with house() as home:
        honest = await home.connected()
        browser = await home.connected()

        def crash(_: object, frame: bytes) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr("server.room.peer.Peer.receive", crash)
        browser.says(STEP_1)
        closed = await browser.sees_type("websocket.close")
        assert closed["code"] == 1011
        assert "bug" not in closed["reason"]
        assert "a bug" in caplog.text
        assert not [message for message in honest.sent if message["type"] == "websocket.close"]


async def test_a_peer_that_leaves_is_forgotten() -> None:
    async with house() as home:
        browser = await home.connected()
        assert home.rooms.gauges().connections == 1
        browser.leaves()
        await settle(50)
        assert home.rooms.gauges().connections == 0
        assert all(visit.done() for visit in home.visits)


async def test_an_edit_comes_back_once_it_is_saved_L1() -> None:
    async with house() as home:
        browser = await home.connected()
        home.store.faults.hold_appends()
        browser.says(EDIT)
        await settle(50)
        assert not [m for m in browser.sent if m.get("bytes", b"").startswith(b"\x00\x02")]
        home.store.faults.release_appends()
        await browser.sees_frame(b"\x00\x02")


async def test_too_fast_is_read_slowly_and_nothing_is_lost_L6() -> None:
    settings = Settings(edits_per_second=1, bytes_per_second=1_000_000)
    async with house(settings) as home:
        browser = await home.connected()
        for _ in range(10):
            browser.says(STEP_1)
        await settle(100)
        assert browser.unread > 0
        before = browser.unread
        await home.clock.advance(1)
        await settle(100)
        assert browser.unread == before - 1
        for _ in range(10):
            await home.clock.advance(1)
        assert browser.unread == 0
        assert not [message for message in browser.sent if message["type"] == "websocket.close"]


async def test_a_frame_of_many_messages_is_as_fast_as_many_frames_L6() -> None:
    async with house(Settings(edits_per_second=1)) as home:
        browser = await home.connected()
        for _ in range(2):
            browser.says(STEP_1 * 9)
        await settle(100)
        assert browser.unread == 1
        await home.clock.advance(9)
        assert browser.unread == 0


async def test_without_rate_limits_nobody_waits() -> None:
    async with house(Settings(edits_per_second=1, rate_limits=False)) as home:
        browser = await home.connected()
        for _ in range(100):
            browser.says(STEP_1)
        await settle(500)
        assert browser.unread == 0
