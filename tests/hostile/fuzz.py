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
import logging
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

from server.document.replica import Replica
from server.protocol.errors import PeerError
from server.protocol.ids import ClientId, UserId
from server.protocol.messages import SyncUpdate, encode
from server.protocol.ranges import ClockRange, missing
from server.protocol.roles import Role
from server.protocol.update import read_snapshot
from server.room.peer import Peer
from server.room.ports import Seat
from tests.doubles.clock import settle
from tests.doubles.guest import Guest
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.hostile.mutation import corpus, mutate
from tests.hostile.wellformed import well_formed
from tests.server.room.conftest import PROJECT, House, house

PER_ROUND = 500
OFFENDERS = 32
LAST_BYTES = 1 << 20
HEADER = struct.Struct("<QII")
ADA, BO = ClientId(1000), ClientId(1001)
TYPISTS = {ADA, BO}


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
        self.typed = ""

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
        """What was typed is there for all; after spoiled frames, everybody has the same.

        Mischief says two things of the same clocks, or puts something right of what is behind
        it. Yjs promises nothing for that, and copies do come to differ in the offender's own
        part: there only what is the honest ones' is compared.
        """
        late = Honest("late", 1002)
        self.here.guests.append(late)
        await late.connect(self.here.rooms, PROJECT)
        await self.here.deliver()
        live = await self.here.rooms.read(PROJECT, Replica.moment)
        stored = await self.here.store.log.load(PROJECT)
        with closing(Replica.load([row.payload for row in stored.tail])) as cold:
            began, seen = cold.moment(), cold.read(honest_text)
        difference = began.difference(live)
        assert self.mischief or difference is None, difference
        assert all(began.clocks[c] == live.clocks[c] for c in TYPISTS), "typed, and not logged"
        state = {client: clock for client, clock in live.clocks.items() if clock}
        deletes = missing((*live.deletes, *began.deletes), ())
        for guest in (*self.honest, late):
            assert guest.connected, f"{guest.name} was ended: {guest.channel.closed}"
            clocks, gone = moment(guest.doc)
            lacking = {c for c in state if clocks.get(c) != state[c]}
            assert not lacking & TYPISTS, f"{guest.name} lacks what was typed"
            assert self.mischief or clocks == state, f"{guest.name} differs"
            assert self.mischief or gone == deletes, f"{guest.name} has deleted something else"
            deletes = missing((*deletes, *gone), ())
        self._judge_texts(deletes, [seen, *(honest_text(g.doc) for g in (*self.honest, late))])
        assert self.here.rooms.statistics.failed_rooms == 0, "a room failed"

    def _judge_texts(self, deletes: tuple[ClockRange, ...], texts: list[str]) -> None:
        for author in self.honest:
            for text in texts:
                kept = author.kept(deletes)
                there = Counter(kept) <= Counter(text) if self.mischief else is_within(kept, text)
                assert there, f"{author.name} has lost something"
            self.totals["typed"] += len(author.typed)
            self.totals["typed and then deleted"] += len(author.typed) - len(author.kept(deletes))


class Strict(logging.Handler):
    """An error in the log is a failure."""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.errors.append(record.getMessage() + str(record.exc_info))

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []


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
    logging.getLogger().addHandler(strict)
    rounds = range(-(-args.frames // PER_ROUND)) if args.round is None else [args.round]
    totals: Counter[str] = Counter()
    began = time.monotonic()
    path = args.last or Path(f"/tmp/fuzz-last-{args.seed}")
    with path.open("w+b") as file:
        file.truncate(LAST_BYTES)
        with mmap.mmap(file.fileno(), LAST_BYTES) as last:
            for number in rounds:
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
