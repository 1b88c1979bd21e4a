"""Spoiled frames against a live room in which two honest people type.

    python -m tests.hostile.fuzz --frames 1000000 [--seed S] [--round R] [--last FILE]

Rounds of a few thousand frames, each with a document of its own, so that a failure is
found again by its seed and round. The frame that is being thrown is kept in a file that
outlives a crash. Offenders who are closed come back at once. After each round the honest
ones, a late joiner and a cold start must agree, and nothing that was typed may be lost.
Every other round adds well-formed mischief to the spoiled frames.
"""

import argparse
import asyncio
import mmap
import random
import struct
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pycrdt

from server.document.moment import Moment
from server.document.replica import Replica
from server.protocol.errors import PeerError
from server.protocol.ids import ClientId, UserId
from server.protocol.messages import Message, SyncStep2, SyncUpdate, encode
from server.protocol.ranges import ClockRange, missing
from server.protocol.roles import Role
from server.protocol.update import read_snapshot
from server.room.peer import Peer
from server.room.ports import Seat
from tests.doubles.clock import settle
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.hostile.frames import TABLE
from tests.hostile.mutation import corpus, mutate
from tests.hostile.strict import Strict
from tests.hostile.wellformed import well_formed
from tests.server.room.conftest import PROJECT, House, house

PER_ROUND = 500
OFFENDERS = 32
LAST_BYTES = 1 << 20
HEADER = struct.Struct("<QII")
ADA, BO, LATE = ClientId(1000), ClientId(1001), ClientId(1002)
HONEST = {ADA, BO, LATE}


class Deaf:
    """An offender's channel: it remembers only how it ended, and whether it was refused."""

    backlog = 0

    def __init__(self) -> None:
        self.closed: int | None = None
        self.refusals = 0

    def write(self, frame: bytes) -> None:
        """Forget it."""
        self.refusals += frame[:1] == b"\x02"

    def close(self, code: int, reason: str) -> None:
        """Remember the first."""
        self.closed = self.closed or code


class Honest(Guest):
    """Types ASCII at the end of a text, and knows which clocks that took."""

    def __init__(self, name: str, client_id: int) -> None:
        super().__init__(name, client_id)
        self.id = ClientId(client_id)
        self.typed = ""
        self.told: list[bytes] = []

    async def work(self, number: int) -> None:
        """Read what came, then type a word."""
        await self.catch_up()
        word = f"{self.name}{number} "
        text = self.doc.get("honest", type=pycrdt.Text)
        self.typed += word
        await self.edit(lambda _: text.__iadd__(word))

    async def catch_up(self) -> None:
        """Read what came, and forget the frames."""
        await self.read()
        self.channel.frames.clear()
        self._seen = 0

    async def _take(self, message: Message) -> None:
        if isinstance(message, SyncStep2 | SyncUpdate):
            self.told.append(message.update)
        await super()._take(message)

    def kept(self, deletes: tuple[ClockRange, ...]) -> str:
        """What was typed and nobody has deleted."""
        gone = {
            clock
            for run in deletes
            if run.client == self.client_id
            for clock in range(run.start, min(run.end, len(self.typed)))
        }
        return "".join(c for clock, c in enumerate(self.typed) if clock not in gone)


def moment(doc: "pycrdt.Doc[Any]") -> tuple[dict[ClientId, int], tuple[ClockRange, ...]]:
    """Clocks and deletions of a document."""
    shape = read_snapshot(pycrdt.Snapshot.from_doc(doc).encode())
    return {c: n for c, n in shape.state.items() if n}, missing(shape.deletes, ())


def honest_text(doc: "pycrdt.Doc[Any]") -> str:
    """What the honest ones write."""
    return str(doc.get("honest", type=pycrdt.Text))


def is_within(few: str, many: str) -> bool:
    """Whether all of ``few`` occurs in ``many``, in order."""
    rest = iter(many)
    return all(char in rest for char in few)


class Round:
    """One document, two honest people, many offenders."""

    def __init__(self, here: House, rng: random.Random, last: mmap.mmap, number: int) -> None:
        self.here, self.rng, self.last, self.number = here, rng, last, number
        self.mischief = number % 2 == 1
        self.totals: Counter[str] = Counter()
        self.honest = [Honest("ada", ADA), Honest("bo", BO)]
        self._offenders: list[tuple[Deaf, Peer]] = []
        self._frames: list[bytes] = []

    async def run(self, frames: int) -> None:
        """Begin, throw, judge."""
        for guest in self.honest:
            self.here.guests.append(guest)
            await guest.connect(self.here.rooms, PROJECT)
        await self.here.deliver()
        for guest in self.honest:
            await guest.work(0)
            await self.here.deliver()
        self._frames = corpus(self.number, self.here.logged())
        self._offenders = [await self._offender() for _ in range(OFFENDERS)]
        for batch in range(-(-frames // OFFENDERS)):
            await self._throw(batch)
            if batch % 4 == 0:
                for guest in self.honest:
                    await guest.work(batch)
        await self._judge()

    async def _offender(self) -> tuple[Deaf, Peer]:
        channel = Deaf()
        seat = Seat(UserId("mallory"), None, PROJECT)
        return channel, await self.here.rooms.join(PROJECT, channel, seat, Role.EDITOR)

    async def _throw(self, batch: int) -> None:
        """A frame from every offender, one turn of the room, and what became of them."""
        for index, (channel, peer) in enumerate(self._offenders):
            frame = self._next()
            size = min(len(frame), LAST_BYTES - HEADER.size)
            self.last[: HEADER.size] = HEADER.pack(self.number, batch * OFFENDERS + index, size)
            self.last[HEADER.size : HEADER.size + size] = frame[:size]
            try:
                await peer.receive(frame)
            except PeerError as error:
                channel.close(error.close_code, error.message)
        await settle(12)
        for index, (channel, peer) in enumerate(self._offenders):
            if channel.closed is not None:
                assert channel.closed in TABLE, f"close code {channel.closed}"
                self.totals[str(channel.closed)] += 1
                peer.leave()
                self._offenders[index] = await self._offender()
            else:
                self.totals["refused" if channel.refusals else "accepted"] += 1
                channel.refusals = 0

    def _next(self) -> bytes:
        if self.mischief and self.rng.random() < 0.4:
            return encode(SyncUpdate(well_formed(self.rng)))
        return mutate(self._frames, self.rng)

    async def _judge(self) -> None:
        """The log, and what was told, make the live room; what was typed is there for all."""
        late = Honest("late", LATE)
        self.here.guests.append(late)
        await late.connect(self.here.rooms, PROJECT)
        await self.here.deliver()
        live, full, text = await self.here.rooms.read(PROJECT, _seen)
        stored = await self.here.store.log.load(PROJECT)
        with closing(Replica.load([row.payload for row in stored.tail])) as cold:
            difference = cold.moment().difference(live)
            assert difference is None, f"a cold start: {difference}"
            assert cold.full() == full, "a cold start: content differs"
        for guest in (*self.honest, late):
            assert guest.connected, f"{guest.name} was ended: {guest.channel.closed}"
            with closing(Replica.load(guest.told)) as follower:
                told, _, _ = _seen(follower)
            assert told.clocks == live.clocks, f"{guest.name} was told other edits"
            self._judge_deletions(guest, told, live)
            self._judge_guest(guest, live, text)
        self.totals["typed"] += sum(len(author.typed) for author in self.honest)
        assert self.here.rooms.statistics.failed_rooms == 0, "a room failed"

    def _judge_deletions(self, guest: Honest, told: Moment, live: Moment) -> None:
        """Who was there was told exactly what the room did.

        A joiner gets the whole at once. Where mischief tells of places that do not exist,
        another of an offender's own values for a key may win there: docs/DECISIONS.md.
        """
        other = {run.client for run in set(told.deletes) ^ set(live.deletes)}
        if self.mischief and guest not in self.honest:
            other &= HONEST
        assert not other, f"{guest.name} was told other deletions of {other}"

    def _judge_guest(self, guest: Honest, live: Moment, text: str) -> None:
        """After spoiled frames everybody has the same.

        Mischief tells of places that do not exist, and cuts characters in half. Where that ends
        up depends on the order of arrival in every Yjs document, and a pycrdt document without
        our help loses count of what was cut: there only what the honest ones typed is compared.
        """
        clocks, gone = moment(guest.doc)
        own = honest_text(guest.doc)
        if not self.mischief:
            assert clocks == live.clocks, f"{guest.name} differs"
            assert gone == live.deletes, f"{guest.name} has deleted something else"
            assert own == text, f"{guest.name} reads {own!r}, and the room {text!r}"
        for author in self.honest:
            assert clocks.get(author.id) == live.clocks[author.id], f"{guest.name} lacks edits"
            kept = author.kept(missing((*live.deletes, *gone), ()))
            assert Counter(kept) <= Counter(own), f"{guest.name} lacks what {author.name} typed"
            assert Counter(author.kept(live.deletes)) <= Counter(text), f"{author.name} lost words"
            assert self.mischief or is_within(kept, own), f"{author.name} is out of order"


def _seen(replica: Replica) -> tuple[Moment, bytes, str]:
    return replica.moment(), replica.full(), replica.read(honest_text)


async def one_round(seed: int, number: int, frames: int, last: mmap.mmap) -> Counter[str]:
    """A round in a house of its own; what became of its frames."""
    database = MemoryDatabase()
    database.documents[PROJECT] = MemoryDocument()
    async with house(database) as here:
        play = Round(here, random.Random(f"{seed} {number}"), last, number)
        await play.run(frames)
    return play.totals


def main() -> int:
    """Throw them all; 1 where a round failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, help="only this one")
    parser.add_argument("--last", type=Path, help="where to keep the frame being thrown")
    args = parser.parse_args()
    strict = Strict()
    rounds = range(-(-args.frames // PER_ROUND)) if args.round is None else [args.round]
    totals: Counter[str] = Counter()
    began = time.monotonic()
    path = args.last or Path(f"/tmp/fuzz-last-{args.seed}")
    with path.open("w+b") as file:
        file.truncate(LAST_BYTES)
        with mmap.mmap(file.fileno(), LAST_BYTES) as last:
            for number in rounds:
                with strict.watching():
                    totals += asyncio.run(one_round(args.seed, number, PER_ROUND, last))
                if strict.errors:
                    print(f"seed {args.seed} round {number}: {strict.errors}")
                    return 1
                if number % 20 == 19:
                    _report(totals, time.monotonic() - began)
    _report(totals, time.monotonic() - began)
    return 0


def _report(totals: Counter[str], seconds: float) -> None:
    thrown = sum(n for name, n in totals.items() if not name.startswith("typed"))
    outcomes = ", ".join(f"{name}: {n}" for name, n in sorted(totals.items()))
    print(f"{thrown} frames in {seconds:.0f} s ({thrown / seconds:.0f}/s) {outcomes}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
