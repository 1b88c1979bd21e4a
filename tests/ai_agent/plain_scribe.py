"""A scribe that writes sections and nodes without asking where anybody is."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import pycrdt

from ai_agent.writing.operations import AddNode, AddSection, AppendText, Operation
from server.document.landed import Landed
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId, RunId


class PlainScribe:
    """One attempt's replica."""

    def __init__(self, run: RunId, state: bytes, landed: Landed) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self.doc.apply_update(state)
        self.client_id = ClientId(self.doc.client_id)
        self.heard: list[PresenceEntry] = []
        self.landed = landed
        self._run = run
        self._clock = count(1)

    def receive(self, update: bytes) -> None:
        """Integrate."""
        self.doc.apply_update(update)

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Remember."""
        self.heard += entries

    def perform(self, operations: Sequence[Operation]) -> bytes | None:
        """Write all of it in one transaction."""
        before = self.doc.get_state()
        with self.doc.transaction():
            for one in operations:
                self._do(one)
        after = self.doc.get_update(before)
        return after if after != b"\x00\x00" else None

    def presence(self) -> PresenceEntry:
        """A name."""
        state = json.dumps({"user": {"name": "agent"}})
        return PresenceEntry(self.client_id, next(self._clock), state)

    def close(self) -> None:
        """Nothing observes the document."""

    def _do(self, one: Operation) -> None:
        plan: pycrdt.Map[Any] = self.doc.get("plan", type=pycrdt.Map)
        nodes: pycrdt.Map[Any] = self.doc.get("nodes", type=pycrdt.Map)
        match one:
            case AddSection(key, title):
                body = pycrdt.Text("")
                fields = {"title": title, "body": body, "rank": f"a{key}"}
                plan[f"{self._run}-{key}"] = pycrdt.Map(fields)
            case AppendText(key, text):
                body = plan[f"{self._run}-{key}"]["body"]
                body.insert(len(body), text)
            case AddNode(key, label):
                fields = {"label": label, "kind": "", "x": 0.0, "y": 0.0}
                nodes[key] = pycrdt.Map({**fields, "content": pycrdt.Text("")})
            case _:
                pass
