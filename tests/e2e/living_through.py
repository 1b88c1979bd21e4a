"""The story of an outage, told once and lived through on any database (L2, DUR-2).

Two people type in one project, two in another; then the store fails as a whole. Nobody
is told "saved", nobody is shown an edit, newcomers are refused before their handshake,
readiness tells the truth, and when the store is back everything arrives by itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.health import HealthWatch
from tests.e2e.outages import Outage
from tests.e2e.server import Server
from tests.e2e.wire import Wire, refusal, saved_frame, words
from tests.interop.clients import Client, Clients

HOLD_S = 5.0
OUT_OF_SERVICE = 4503
FIRST_DELAY_S, LONGEST_DELAY_S = 0.2, 2.5
"""How y-websocket comes back: twice as late each time."""

TYPED, DARK, OTHER, PASTED = "TypedIntoIt", "TypedInTheDark", "TypedNextDoor", "PastedIntoIt"
QUESTION = b"saved?"


@dataclass(frozen=True, slots=True)
class Told:
    """What the run has shown, in numbers."""

    held_seconds: float
    attempts: int
    attempts_allowed: int
    ready_before: int
    unready_during: int
    ready_after: int
    back_seconds: float


def attempts_allowed(seconds: float) -> int:
    """How often one client with backoff may have come in this time, at most."""
    count, delay, at = 0, FIRST_DELAY_S, FIRST_DELAY_S
    while at <= seconds:
        count, delay = count + 1, min(2 * delay, LONGEST_DELAY_S)
        at += delay
    return count


class Story:
    """The people, and what they go through."""

    def __init__(self, server: Server, clients: Clients) -> None:
        self.server = server
        self.token = server.add_user("ada@x.example")
        self.project = server.add_project("ada@x.example", "Hers")
        self.quiet = server.add_project("ada@x.example", "Next door")
        self.ada, self.bo = (self._join(clients, name, self.project) for name in ("ada", "bo"))
        self.cy, self.di = (self._join(clients, name, self.quiet) for name in ("cy", "di"))
        self.everybody = (self.ada, self.bo, self.cy, self.di)

    def _join(self, clients: Clients, name: str, project: str) -> Client:
        return clients.open(name, self.server.yjs, project, {"token": self.token}).synced()

    def _wire(self, project: str) -> Wire:
        return Wire(self.server, project, self.token)

    def live_through(self, outage: Outage) -> Told:
        """All of it; figures for those who want to read them."""
        self.ada.append("before ")
        shows(self.bo, "before ")
        self.cy.append("quiet words")
        shows(self.di, "quiet words")
        with (
            HealthWatch(self.server) as health,
            self._wire(self.quiet) as reader,
            self._wire(self.project) as writer,
        ):
            writer.saved(words("a wire "), QUESTION)
            return self._fail_and_heal(outage, health, reader, writer)

    def _fail_and_heal(
        self, outage: Outage, health: HealthWatch, reader: Wire, writer: Wire
    ) -> Told:
        health.look()
        began = time.monotonic()
        outage.begin()
        self._edit_in_vain(writer)
        known = time.monotonic()
        self._refused_but_readable(reader)
        self.bo.append(DARK)
        time.sleep(HOLD_S)  # Time for a storm, were there one.
        self._nobody_shows_anything()
        attempts = self._attempts()
        ending = time.monotonic()
        outage.end()
        self._all_arrives()
        arrived = time.monotonic()
        health.until(200)
        health.look()
        allowed = 2 * attempts_allowed(ending - began)
        told = Told(
            held_seconds=ending - known,
            attempts=attempts,
            attempts_allowed=allowed,
            ready_before=truth(health.statuses(until=began), 200),
            unready_during=truth(health.statuses(known, ending), 503),
            ready_after=truth(health.statuses(since=arrived), 200),
            back_seconds=arrived - ending,
        )
        assert 2 <= attempts <= allowed, told
        return told

    def _edit_in_vain(self, writer: Wire) -> None:
        """Two edits at the moment of the fault: their authors are not told that they are saved."""
        writer.heard.clear()
        writer.save(words(PASTED), QUESTION)  # Whoever edits first ends the room for both.
        self.ada.append(TYPED)
        assert writer.closed() == OUT_OF_SERVICE
        assert not writer.was_told(saved_frame(QUESTION))
        assert not writer.was_told(TYPED.encode())
        assert not writer.was_told(PASTED.encode())
        for client in (self.ada, self.bo):
            client.until(f"log.closed[0] === {OUT_OF_SERVICE}")

    def _refused_but_readable(self, reader: Wire) -> None:
        """Newcomers are refused before the handshake; who is seated next door reads on."""
        status, wait = refusal(self.server, self.project, self.token)
        assert status == 503
        assert wait is not None
        assert int(wait) >= 1
        path = f"/api/v1/projects/{self.project}/update"
        assert self.server.request("POST", path, token=self.token, body=words("no"))[0] == 503
        assert b"quiet words" in reader.state()
        assert self.cy.log()["closed"] == []

    def _nobody_shows_anything(self) -> None:
        assert TYPED not in self.bo.text()
        assert DARK not in self.ada.text()
        for client in (self.ada, self.bo):
            assert PASTED not in client.text()
            assert set(client.log()["errors"]) == {503}
            assert set(client.log()["closed"]) <= {OUT_OF_SERVICE, 1006}
            assert not client.run("provider.wsconnected")
        # Its room needs the store only now.
        self.cy.append(OTHER)
        self.cy.until(f"log.closed[0] === {OUT_OF_SERVICE}")
        assert OTHER not in self.di.text()

    def _attempts(self) -> int:
        return sum(len(client.log()["errors"]) for client in (self.ada, self.bo))

    def _all_arrives(self) -> None:
        for client in (self.ada, self.bo):
            shows(client, TYPED)
            shows(client, DARK)
        shows(self.di, OTHER)

    def still_there(self, clients: Clients) -> None:
        """After a restart, somebody new sees all of it, and the log is sound."""
        late = self._join(clients, "late", self.project).text()
        for typed in (TYPED, DARK, "before ", "a wire "):
            assert late.count(typed) == 1, typed
        # Its author was a bare wire that sent it once, and was never told that it is saved.
        assert PASTED not in late
        assert OTHER in self._join(clients, "later", self.quiet).text()
        with self._wire(self.project) as writer:
            writer.saved(words("after all"), QUESTION)
        self.server.cli("fsck")


def shows(client: Client, typed: str) -> None:
    """Wait until the client holds these words."""
    client.until(f"doc.getText('t').toString().includes('{typed}')")


def truth(statuses: list[int], expected: int) -> int:
    """How many observations there are, all of which said what was so."""
    assert statuses, "nobody looked"
    assert set(statuses) == {expected}, statuses
    return len(statuses)


def run_story(server: Server, outage: Outage, restart: Callable[[], object]) -> Told:
    """The whole story against a running server."""
    with Clients() as clients:
        story = Story(server, clients)
        told = story.live_through(outage)
        restart()
        story.still_there(clients)
    return told
