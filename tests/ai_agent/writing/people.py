"""People at their own replicas, and a room that passes on what everybody writes.

Every character that a person types is one that nobody has typed before, so that each can be
looked for at the end. Everything is drawn from a seed; updates leave and arrive late, in order.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import pycrdt

from server.document.offsets import delete_text, insert_text
from server.document.replica import Replica

ROOTS = ("nodes", "edges", "plan", "diagrams", "proposals")
FIRST = ord("一")


def is_persons(char: str) -> bool:
    """Whether people type this character here, and the agent does not."""
    return FIRST <= ord(char) < FIRST + 20_000


@dataclass
class Line:
    """The updates on their way from one participant to the room, and how many it has heard."""

    out: deque[bytes] = field(default_factory=deque)
    heard: int = 0


class Room:
    """Orders updates, and tells everybody all of them."""

    def __init__(self, state: bytes) -> None:
        self.replica = Replica.load([state])
        self.log: list[tuple[object, bytes]] = []

    def take(self, who: object, update: bytes) -> None:
        event = self.replica.apply(update).event
        if event is not None:
            self.log.append((who, event))


class Person:
    """Types, deletes, moves, undoes; ``alive`` are the characters that they typed
    or brought back, ``gone`` those that they deleted or took back; ``lost`` counts the agent's,
    ``restored`` those of the agent that they brought back, as their own."""

    def __init__(self, number: int, state: bytes, chance: random.Random) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=number)
        self.doc.apply_update(state)
        self.roots = {name: self.doc.get(name, type=pycrdt.Map) for name in ROOTS}
        self.undo = pycrdt.UndoManager(
            scopes=[*self.roots.values()], timestamp=partial(next, count(0, 1000))
        )
        self.undo.include_origin(number)
        self.number = number
        self.line = Line()
        self.alive: set[str] = set()
        self.gone: set[str] = set()
        self.lost = 0
        self.restored = 0
        self._chance = chance
        self._typed = 0
        self._watch = self.doc.observe(lambda event: self._note(event.update))
        self._mine = False

    def _note(self, update: bytes) -> None:
        if self._mine:
            self.line.out.append(update)

    def hear(self, update: bytes) -> None:
        self.doc.apply_update(update)

    def act(self) -> None:
        """One thing that people do."""
        self.do(self._anything)

    def do(self, change: Callable[[], object]) -> None:
        """One change, and what it means for the characters of people and of the agent."""
        before, agents = self._seen(), self._agents()
        self._mine = True
        change()
        self._mine = False
        after = self._seen()
        self.lost += agents - self._agents()
        self.restored += max(0, self._agents() - agents)
        self.gone = (self.gone | (before - after)) - (after - before)
        self.alive = (self.alive | (after - before)) - (before - after)

    def _anything(self) -> None:
        match self._chance.randrange(10):
            case 0 | 1 | 2 | 3 | 4:
                self._type()
            case 5:
                self._delete()
            case 6 | 7:
                self._move()
            case 8:
                self._remove()
            case _:
                self.undo.undo()

    def close(self) -> None:
        self._watch.drop()

    def _seen(self) -> set[str]:
        """Characters of people in the texts of sections."""
        return {char for char in self._texts() if is_persons(char)}

    def _agents(self) -> int:
        return sum(not is_persons(char) for char in self._texts())

    def _texts(self) -> str:
        return "".join(str(section["body"]) for section in self.roots["plan"].values())

    def _body(self) -> Any:
        bodies = [section["body"] for section in self.roots["plan"].values()]
        return self._chance.choice(bodies) if bodies else None

    def _type(self) -> None:
        body = self._body()
        if body is None:
            return
        length = len(str(body))
        at = self._chance.choice([length, self._chance.randint(0, length)])
        for _ in range(self._chance.randint(1, 3)):
            self._typed += 1
            char = chr(FIRST + 5000 * (self.number % 4) + self._typed)
            with self.doc.transaction(origin=self.number):
                insert_text(body, at, char)
            at += 1

    def _delete(self) -> None:
        body = self._body()
        if body is None or not len(str(body)):
            return
        start = self._chance.randrange(len(str(body)))
        with self.doc.transaction(origin=self.number):
            delete_text(body, start, min(len(str(body)), start + self._chance.randint(1, 4)))

    def _move(self) -> None:
        ids = sorted(self.roots["nodes"].keys())
        if ids:
            with self.doc.transaction(origin=self.number):
                node = self.roots["nodes"][self._chance.choice(ids)]
                node["x"] = float(self._chance.randint(-500, 500))
                node["y"] = float(self._chance.randint(-500, 500))

    def _remove(self) -> None:
        ids = sorted(self.roots["nodes"].keys())
        if ids:
            with self.doc.transaction(origin=self.number):
                del self.roots["nodes"][self._chance.choice(ids)]
