"""One behaviour over both channels, on real sockets: whatever a peer says (L1, L6, L7, L8)."""

import asyncio
from collections.abc import Sequence

import pytest
from websockets.frames import Frame, Opcode

from server.edge.settings import Settings
from server.protocol.errors import StoreUnavailable
from server.protocol.messages import SyncStatus, SyncUpdate, encode
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from server.room.peer import HEAVY_BYTES, Peer
from server.room.ports import Seat
from tests.doubles.memory_directory import MemoryDirectory
from tests.doubles.served import EDIT, STEP_1, Wire, serving
from tests.server.edge.conftest import Way
from tests.server.protocol.updates import section, text, update

pytestmark = pytest.mark.anyio

HEAVY = encode(SyncUpdate(update(section(7, 0, text("x" * (HEAVY_BYTES + 1))))))


def status(number: int) -> bytes:
    """A message that comes back once everything before it is saved."""
    return encode(SyncStatus(number.to_bytes(2, "big")))


async def confirmed(wire: Wire, number: int) -> None:
    """Return once this one has come back; before it only earlier ones may, in order. A room
    confirms once a turn, for all that it heard in it."""
    last = -1
    while last != number:
        told = int.from_bytes((await wire.hears_message(status(0)[:1]))[-2:], "big")
        assert last < told <= number
        last = told


# --- coming in ---


async def test_a_member_is_let_in_and_whoever_is_not_is_refused_before_the_upgrade_L8(
    way: Way,
) -> None:
    async with serving(way.channel) as home:
        assert b"x-request-id:" in (await home.seated()).answer.lower()
        assert (await home.connects(query="")).status == 401
        assert (await home.connects(query="token=bob")).status == 401
        assert (await home.connects(path="another")).status == 404
        assert (await home.connects(Origin="https://evil.example")).status == 403
        home.rooms.breaker.trip(StoreUnavailable("the disk is full"))
        assert (await home.connects()).status == 503


async def test_what_is_no_handshake_is_refused(way: Way) -> None:
    async with serving(way.channel) as home:
        assert (await home.connects(Sec_WebSocket_Key="no key")).status == 400
        assert (await home.connects(Sec_WebSocket_Version="1")).status == 400
        await home.seated()


async def test_the_first_subprotocol_is_chosen_and_compression_is_not(way: Way) -> None:
    async with serving(way.channel) as home:
        offer = {
            "Sec_WebSocket_Protocol": "yjs, other",
            "Sec_WebSocket_Extensions": "permessage-deflate",
        }
        answer = (await home.connects(**offer)).answer.lower()
        assert b"sec-websocket-protocol: yjs\r\n" in answer
        assert b"sec-websocket-extensions" not in answer


async def test_what_is_said_before_the_answer_is_heard(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    honest = MemoryDirectory.roles

    async def slowly(directory: MemoryDirectory, seats: Sequence[Seat]) -> Sequence[Role | None]:
        asked.set()
        await go_on.wait()
        return await honest(directory, seats)

    async with serving(way.channel) as home:
        monkeypatch.setattr(MemoryDirectory, "roles", slowly)
        wire = await home.dials()
        async with asyncio.timeout(10):
            await asked.wait()
        wire.says_message(STEP_1)
        go_on.set()
        await wire.reader.readuntil(b"\r\n\r\n")
        await wire.hears_message(b"\x00\x01")


# --- talking ---


async def test_an_edit_is_seen_by_all_once_it_is_saved_L1(way: Way) -> None:
    async with serving(way.channel) as home:
        ada, other = await home.seated(), await home.seated()
        home.store.faults.hold_appends()
        ada.says_message(EDIT)
        await home.until(lambda: home.store.faults.waiting > 0)
        early = asyncio.ensure_future(other.hears_message(b"\x00\x02"))
        await asyncio.wait({early}, timeout=0.05)
        assert not early.done()
        home.store.faults.release_appends()
        assert await early == await ada.hears_message(b"\x00\x02")


async def test_messages_are_heard_in_order_though_some_take_longer(way: Way) -> None:
    async with serving(way.channel, Settings(rate_limits=False)) as home:
        wire = await home.seated()
        wire.says_message(status(1), HEAVY, status(2), HEAVY, status(3), status(4))
        wire.says_message(status(5))
        await confirmed(wire, 5)


async def test_after_a_large_message_everything_goes_on(way: Way) -> None:
    async with serving(way.channel, Settings(rate_limits=False)) as home:
        wire = await home.seated()
        for number in range(4):
            wire.says_message(HEAVY, status(2 * number))
            wire.says_message(status(2 * number + 1))
            await confirmed(wire, 2 * number + 1)


async def test_a_message_in_fragments_is_one_message_with_pings_in_between(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        wire.says(
            Frame(Opcode.BINARY, EDIT[:5], fin=False),
            Frame(Opcode.PING, b"still there?"),
            Frame(Opcode.CONT, b"", fin=False),
            Frame(Opcode.CONT, EDIT[5:]),
        )
        pong = await wire.hears_where(lambda frame: frame.opcode is Opcode.PONG)
        assert pong.data == b"still there?"
        assert await wire.hears_message(b"\x00\x02") == EDIT


async def test_large_messages_arrive_whole_at_who_reads_late(way: Way) -> None:
    """Also a test of picows: see ``server.edge.fast_channel.COPIED_BYTES``."""
    large = [update(section(n, 0, text(chr(96 + n) * (900_000 + n * 1000)))) for n in range(1, 21)]
    limits = RoomLimits(max_backlog_bytes=1 << 26)
    async with serving(way.channel, Settings(rate_limits=False), limits) as home:
        writer, late = await home.seated(), await home.seated()
        late.reads_nothing()
        for number, content in enumerate(large):
            writer.says_message(encode(SyncUpdate(content)), status(number))
            await confirmed(writer, number)
        late.reads_again()
        for content in large:
            assert await late.hears_message(b"\x00\x02") == encode(SyncUpdate(content))


async def test_who_lags_is_caught_up_once_it_reads_again_L6(way: Way) -> None:
    settings = Settings(rate_limits=False, max_backlog_bytes=1 << 18)
    async with serving(way.channel, settings, RoomLimits(max_backlog_bytes=1 << 18)) as home:
        writer, late = await home.seated(), await home.seated()
        late.reads_nothing()
        number = 1  # EDIT is by client 1
        while not home.rooms.gauges().slowest_backlog_bytes > 1 << 18:
            number += 1
            edit = update(section(number, 0, text("x" * 100_000)))
            writer.says_message(encode(SyncUpdate(edit)), status(number))
            await confirmed(writer, number)
        writer.says_message(EDIT)
        await writer.hears_message(EDIT)
        assert home.rooms.statistics.catch_ups == 0
        late.reads_again()
        await late.hears_where(lambda frame: b"hi" in frame.data)
        assert home.rooms.statistics.catch_ups == 1


async def test_who_has_missed_much_is_brought_up_in_portions_L6(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, portion, much = 1 << 18, 1 << 16, 1 << 22
    settings = Settings(rate_limits=False, max_backlog_bytes=bound)
    limits = RoomLimits(
        max_backlog_bytes=bound, max_difference_bytes=1 << 20, portion_bytes=portion
    )
    backlogs: list[int] = []
    send_portion = Peer.send_portion

    def watched(peer: Peer, frame: bytes | None, now: float) -> None:
        send_portion(peer, frame, now)
        backlogs.append(peer.channel.backlog)

    monkeypatch.setattr(Peer, "send_portion", watched)
    async with serving(way.channel, settings, limits) as home:
        writer, late = await home.seated(), await home.seated()
        late.reads_nothing()
        number, missed = 1, 0
        while missed < much:
            number += 1
            edit = update(section(number, 0, text("x" * 50_000)))
            writer.says_message(encode(SyncUpdate(edit)), status(number))
            await confirmed(writer, number)
            missed += 50_000 * (home.rooms.gauges().slowest_backlog_bytes > bound)
        assert backlogs == []
        late.reads_again()
        writer.says_message(EDIT)
        await late.hears_where(lambda frame: b"hi" in frame.data)
        assert len(backlogs) > much // (portion + 50_000)
        assert max(backlogs) < bound + portion + 50_000
        assert home.rooms.statistics.catch_ups == 1


async def test_a_full_room_is_not_read_into_L6(way: Way) -> None:
    limits = RoomLimits(max_inbox_bytes=100_000)
    async with serving(way.channel, Settings(rate_limits=False), limits) as home:
        wire = await home.seated()
        home.store.faults.hold_appends()
        wire.says_message(EDIT)
        await home.until(lambda: home.store.faults.waiting > 0)
        for number in range(1, 500):
            edit = update(section(number + 1, 0, text("x" * 50_000)))
            wire.says_message(encode(SyncUpdate(edit)), status(number))
        late = asyncio.ensure_future(wire.writer.drain())
        await asyncio.wait({late}, timeout=0.2)
        assert not late.done(), "the server reads on"
        home.store.faults.release_appends()
        await confirmed(wire, 499)
        await late


# --- what is not allowed ---


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param([Frame(Opcode.TEXT, b"hello")], 4400, id="text"),
        pytest.param([Frame(Opcode.BINARY, b"\xff" * 20)], 4400, id="malformed"),
        pytest.param([Frame(Opcode.BINARY, STEP_1, rsv1=True)], 1002, id="reserved-bit"),
        pytest.param([Frame(Opcode.CONT, STEP_1)], 1002, id="continues-nothing"),
        pytest.param(
            [Frame(Opcode.BINARY, b"\x00", fin=False), Frame(Opcode.BINARY, STEP_1)],
            1002, id="interrupted",
        ),
        pytest.param([Frame(Opcode.BINARY, b"x" * 5000)], 1009, id="too-large"),
        pytest.param(
            [Frame(Opcode.BINARY, b"x" * 3000, fin=False), Frame(Opcode.CONT, b"x" * 3000)],
            1009, id="too-large-together",
        ),
    ],
)  # fmt: skip
async def test_what_breaks_a_rule_ends_its_sender_with_a_code_and_nobody_else_L7(
    way: Way, frames: list[Frame], code: int
) -> None:
    async with serving(way.channel, Settings(max_frame_bytes=1024)) as home:
        honest, wire = await home.seated(), await home.seated()
        wire.says(*frames)
        assert (await wire.is_told())[0] == code
        honest.says_message(STEP_1)
        await honest.hears_message(b"\x00\x01")
        wire.is_gone()
        await home.until(lambda: home.rooms.gauges().connections == 1)


async def test_frames_without_a_mask_and_unknown_opcodes_are_refused_L7(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        wire.says(Frame(Opcode.BINARY, STEP_1), mask=False)
        assert (await wire.is_told())[0] == 1002
        wire = await home.seated()
        wire.raw(b"\x83\x80\x00\x00\x00\x00")
        assert (await wire.is_told())[0] == 1002


async def test_a_crash_ends_one_connection_with_1011_and_tells_nothing_L7(
    way: Way, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(way.channel) as home:
        honest, wire = await home.seated(), await home.seated()

        def crash(_: object, frame: bytes) -> None:
            raise RuntimeError("a bug")

        with monkeypatch.context() as patch:
            patch.setattr(Peer, "understand", crash)
            wire.says_message(STEP_1)
            code, reason = await wire.is_told()
        assert (code, "bug" in reason) == (1011, False)
        assert "a bug" in caplog.text
        honest.says_message(STEP_1)
        await honest.hears_message(b"\x00\x01")
