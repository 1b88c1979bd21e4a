"""While the agent writes, people type into its sections, move and delete its nodes, undo.

From a seed: everybody ends with the same document, no character of a person is lost, and
the agent's words stand in their order, once (L9); though the agent may die on the way, with what
it had not sent yet, and begin again. In the end its run is taken back (L10).
"""

import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from ai_agent.writing.operations import Operation
from ai_agent.writing.readers import Reader, graph_reader, plan_reader
from ai_agent.writing.scribe import Scribe
from server.document.landed import landed
from server.document.proposals import How, proposals_of
from server.document.reverting import take_back, taking_of
from server.document.schema import read_project, seed, view_of
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId, RunId
from tests.ai_agent.writing.people import Line, Person, Room, is_persons

RUN = RunId("run")
BODIES = {
    "costs": "Rent is 1200 a month. Wagés: 😀 two people, part time.",
    "market": "Every commuter. Then couriers; later families & schools.",
}
PLAN = json.dumps({"sections": [{"title": t.title(), "body": b} for t, b in BODIES.items()]})
GRAPH = json.dumps(
    {
        "nodes": [{"id": f"n{n}", "label": f"N{n}", "kind": "", "content": ""} for n in range(8)],
        "edges": [
            {"source": f"n{n}", "target": f"n{(3 * n + 1) % 8}", "label": ""} for n in range(8)
        ],
    }
)


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    seconds: float = 0.0


def stream(chance: random.Random) -> Iterator[list[Operation]]:
    """What the agent does, flush by flush."""
    tasks: list[tuple[str, Reader]] = [(PLAN, plan_reader()), (GRAPH, graph_reader({}))]
    chance.shuffle(tasks)
    for text, reader in tasks:
        at = 0
        while at < len(text):
            size = chance.randint(1, 60)
            yield reader.feed(text[at : at + size])
            at += size
        yield reader.end()


class Afternoon:
    """Two people and the agent in a room."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        self.clock = Clock()
        first = seed(1, "Plan")
        self.room = Room(first)
        self.people = [Person(10 + n, first, self.chance) for n in range(2)]
        self.scribe = self._attempt()
        self.line = Line()
        self.clocks: list[int] = []

    def run(self) -> None:
        todo = deque(stream(self.chance))
        dies = self.chance.randrange(2 * len(todo))
        while todo:
            if len(todo) == dies:
                self._begin_again()
                todo, dies = deque(stream(self.chance)), -1
            self.clock.seconds += self.chance.choice([0.05, 0.05, 20.0])
            match self.chance.randrange(6):
                case 0 | 1:
                    self._write(todo.popleft())
                case 2:
                    self.chance.choice(self.people).act()
                case 3:
                    self._show_cursor()
                case _:
                    self._carry()
        while self._carry(everything=True):
            pass

    def close(self) -> None:
        self.scribe.close()
        self.room.replica.close()
        for person in self.people:
            person.close()

    @property
    def rows(self) -> list[bytes]:
        """What the run has written, as it was logged."""
        return [update for who, update in self.room.log if isinstance(who, Scribe)]

    def _attempt(self) -> Scribe:
        state = self.room.replica.full()
        found = landed(self.rows, state)
        return Scribe(
            RUN, state, name="A", color="#00f", now=lambda: self.clock.seconds, landed=found
        )

    def _begin_again(self) -> None:
        """The agent's process dies, and with it what it has not sent."""
        self.scribe.close()
        self.scribe = self._attempt()
        self.line = Line(heard=len(self.room.log))
        self.clocks.clear()

    def _write(self, operations: list[Operation]) -> None:
        before = dangling(self.scribe)
        update = self.scribe.perform(operations)
        assert dangling(self.scribe) == before
        if update is not None:
            self.line.out.append(update)
        self.clocks.append(self.scribe.presence().clock)

    def _show_cursor(self) -> None:
        """The cursor of a person at the last thing in the log, or their leaving."""
        client = ClientId(self.chance.choice(self.people).number)
        item = {"client": self.scribe.client_id, "clock": self.chance.randrange(40)}
        state = json.dumps({"cursor": {"anchor": {"item": item}}})
        shown = self.chance.choice([state, None, None])
        self.scribe.hear([PresenceEntry(client, len(self.clocks), shown)])

    def _carry(self, *, everything: bool = False) -> bool:
        """Bring some updates on their way; whether there were any."""
        ends: list[tuple[object, Line, Callable[[bytes], None]]] = [
            *((one, one.line, one.hear) for one in self.people),
            (self.scribe, self.line, self.scribe.receive),
        ]
        carried = False
        for who, line, hear in ends:
            for _ in range(len(line.out) if everything else self.chance.randint(0, 2)):
                if line.out:
                    self.room.take(who, line.out.popleft())
                    carried = True
            behind = len(self.room.log) - line.heard
            for _ in range(behind if everything else min(behind, self.chance.randint(0, 3))):
                _, update = self.room.log[line.heard]
                line.heard += 1
                carried = True
                hear(update)
        return carried


def check(number: int) -> tuple[bool, int]:
    """One afternoon; whether the agent stepped aside, and how many characters people wrote."""
    day = Afternoon(number)
    try:
        day.run()
        view = read_project(day.room.replica)
        state = day.room.replica.moment()
        for person in day.people:
            assert view_of(person.doc) == view
        assert read_project(day.scribe._replica) == view
        assert day.scribe._replica.moment() == state
        text = "".join(section.body for section in view.sections)
        alive = day.people[0].alive | day.people[1].alive
        gone = {c for one in day.people for c in one.gone}
        assert alive - gone <= set(text)
        proposed: dict[str, str] = {}
        for one in day.room.replica.read(proposals_of):
            assert one.how is How.APPEND
            proposed[one.target.id] = proposed.get(one.target.id, "") + one.text
        kept = 0
        for section in view.sections:
            ours = agents(section.body) + agents(proposed.get(section.id, ""))
            assert is_in_order(ours, BODIES[section.title.casefold()])
            kept += len(ours)
        assert kept + sum(one.lost for one in day.people) >= sum(map(len, BODIES.values()))
        assert day.clocks == sorted(set(day.clocks))
        taking = taking_of(day.rows, day.room.replica.full())
        day.room.replica.edit(partial(take_back, taking=taking), lambda _: None)
        left = read_project(day.room.replica)
        text = "".join(section.body for section in left.sections)
        assert alive - gone <= set(text)
        assert len(agents(text)) <= sum(one.restored for one in day.people)
        return bool(proposed), len(alive)
    finally:
        day.close()


def agents(text: str) -> str:
    return "".join(char for char in text if not is_persons(char))


def is_in_order(some: str, whole: str) -> bool:
    """Whether the characters of one stand in the other, in this order."""
    rest = iter(whole)
    return all(char in rest for char in some)


def dangling(scribe: Scribe) -> int:
    """Edges without both ends."""
    return sum(one.path.startswith("edges/") for one in read_project(scribe._replica).problems)


@pytest.mark.parametrize("number", range(12))
def test_L9_L10_people_and_the_agent_write_together(number: int) -> None:
    check(number)


@pytest.mark.slow
def test_L9_L10_two_hundred_afternoons_end_well() -> None:
    ends = [check(number) for number in range(100, 300)]
    assert 40 < sum(stepped for stepped, _ in ends) < 200
    assert sum(characters for _, characters in ends) > 1000
