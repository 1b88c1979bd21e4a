"""People in a room with the agent: they type, delete, move, undo, look, and lose their line.

Genuine Yjs documents on the other side of the real room's protocol. What does not live here:
what they do by themselves (``tests.ai_agent.writing.people``).
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

import pycrdt

from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId, ProjectId
from server.protocol.messages import Message, Presence, SyncStep2, SyncUpdate
from server.room.rooms import Rooms
from tests.ai_agent.writing.people import FIRST, Person
from tests.doubles.guest import Guest

EMPTY = b"\x00\x00"
NOTES = "notes"
"""A section that people had before."""


@dataclass
class Seen:
    """What anybody has seen of the graph: nodes, edges, and those edges that had an end that nobody
    had seen at all."""

    nodes: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)
    dangling: set[str] = field(default_factory=set)

    def look(self, doc: "pycrdt.Doc[Any]") -> None:
        """After every message, for each of these moments is on a screen."""
        self.nodes.update(doc.get("nodes", type=pycrdt.Map).keys())
        edges = doc.get("edges", type=pycrdt.Map)
        for id in set(edges.keys()) - self.edges:
            self.edges.add(id)
            if not {edges[id]["source"], edges[id]["target"]} <= self.nodes:
                self.dangling.add(id)


class Onlooker(Guest):
    """A client whose screen is watched. Its edits leave when :meth:`send_some` says."""

    def __init__(self, number: int, chance: random.Random, seen: Seen) -> None:
        super().__init__(f"person {number}", number)
        self.person = Person(number, EMPTY, chance)
        self.doc = self.person.doc
        self._chance = chance
        self._watching = seen
        self._looks = 0

    async def _take(self, message: Message) -> None:
        await super()._take(message)
        if isinstance(message, SyncStep2 | SyncUpdate):
            self._watching.look(self.doc)

    async def live(self, rooms: Rooms, project: ProjectId) -> None:
        """One moment: perhaps do something, send some of it, read some of what came."""
        match self._chance.randrange(12):
            case 0 | 1 | 2:
                self.person.act()
            case 3:
                await self._point()
            case 4 if self._chance.randrange(4) == 0:
                self.disconnect()
            case _:
                pass
        if not self.connected:
            if self._chance.randrange(4) == 0:
                await self.come_back(rooms, project)
            return
        await self.send_some(self._chance.randint(0, 3))
        await self.read(self._chance.randint(0, 4))

    async def come_back(self, rooms: Rooms, project: ProjectId) -> None:
        """Connect again; what was not sent goes with the handshake."""
        self.disconnect()
        self.person.line.out.clear()
        await self.connect(rooms, project)

    async def send_some(self, most: int) -> None:
        """Send the oldest edits."""
        out = self.person.line.out
        for _ in range(min(most, len(out))):
            await self.say(SyncUpdate(out.popleft()))

    def has_before(self) -> None:
        """Write a section of one's own before anybody asks for anything."""
        text = "".join(chr(FIRST + 15_000 + n) for n in range(12))
        body = pycrdt.Text(text)
        section = pycrdt.Map({"title": "Notes", "body": body, "rank": "a0"})
        self.person.do(lambda: self.person.roots["plan"].update({NOTES: section}))

    async def _point(self) -> None:
        """Put the cursor into a section, or take it away."""
        self._looks += 1
        bodies = [one["body"] for one in self.person.roots["plan"].values()]
        shown: str | None = None
        if bodies and self._chance.randrange(3) and len(body := self._chance.choice(bodies)):
            anchor = body.sticky_index(0, pycrdt.Assoc.AFTER).to_json()
            shown = json.dumps({"user": {"name": self.name}, "cursor": {"anchor": anchor}})
        entry = PresenceEntry(ClientId(self.client_id), self._looks, shown)
        await self.say(Presence((entry,)))
