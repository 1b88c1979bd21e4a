"""Spoiled and constructed frames over real sockets, on both channels: who sends them is told
why, and nobody else notices (L7, L8)."""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pycrdt
import pytest
from websockets.exceptions import ConnectionClosed

from server.protocol.ids import ClientId
from server.protocol.lib0 import Reader
from server.protocol.messages import KEEP_ALIVE
from server.protocol.update import EMPTY_UPDATE, read_state_vector
from tests.e2e.server import Server
from tests.e2e.wire import Wire, refusal, saved_frame, words
from tests.hostile.frames import ATTACKS, REFUSED, TABLE, UNHARMED, VICTIM, edit
from tests.hostile.mutation import corpus, mutate

pytestmark = pytest.mark.slow

FRAMES = int(os.environ.get("SOCKET_FRAMES", "4000"))
DENIED = b"\x02\x00"
PER_VOLLEY = 20


class Typist(Wire):
    """An honest one at the keyboard, who keeps what is typed and reads what comes."""

    def __init__(self, server: Server, project: str, token: str, client_id: int) -> None:
        super().__init__(server, project, token)
        self.doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=client_id)
        self.text = self.doc.get("t", type=pycrdt.Text)
        self.typed: list[str] = []

    def type(self, word: str) -> None:
        """Add a word, and wait until it is saved."""
        before = self.doc.get_state()
        self.text += word
        self.typed.append(word)
        self.saved(self.doc.get_update(before), word.encode())
        self.take()

    def take(self) -> None:
        """Apply what has come."""
        for frame in self.heard:
            if frame[:2] in (b"\x00\x01", b"\x00\x02"):
                self.doc.apply_update(payload(frame))
        self.heard.clear()

    def refresh(self) -> str:
        """All that the server has; the text."""
        self.state()
        self.take()
        return str(self.text)


def payload(frame: bytes) -> bytes:
    return Reader(frame, 2).bytes()


@pytest.fixture(scope="module", params=["plain", "fast"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that lets everybody come back as often as they like."""
    settings = {"AGENTC_CHANNEL": request.param, "AGENTC_RATE_LIMITS": "off"}
    with Server(tmp_path_factory.mktemp(request.param), settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, str]:
    """Tokens by name."""
    return {name: server.add_user(f"{name}@x.example") for name in ("ada", "bo", "mallory")}


def shared_project(server: Server) -> str:
    project = server.add_project("ada@x.example")
    for name in ("bo", "mallory"):
        server.cli("member", "add", project, f"{name}@x.example", "editor")
    return project


def nothing_went_wrong(server: Server) -> None:
    """No error in the log, and no traceback beside it."""
    bad = ("ERROR", "CRITICAL", "Traceback", "panicked", "never retrieved")
    assert [line for line in server.log().splitlines() if any(word in line for word in bad)] == []


def all_is_kept(server: Server, project: str, token: str, *typists: Typist) -> None:
    """Those who are there have it all, and so has who comes after a restart."""
    texts = {typist.refresh() for typist in typists}
    assert len(texts) == 1, texts
    server.stop()
    server.start()
    with Typist(server, project, token, 9) as late:
        texts.add(late.refresh())
        assert clocks(late) == clocks(typists[0])
    assert len(texts) == 1, texts
    text = texts.pop()
    for typist in typists:
        rest = text
        for word in typist.typed:
            assert word in rest, f"{word!r} is lost"
            rest = rest[rest.index(word) :]


def clocks(typist: Typist) -> dict[ClientId, int]:
    return read_state_vector(typist.doc.get_state())


def outcome(mallory: Wire, frames: Sequence[bytes]) -> int | str:
    """Throw frames; the close code, or that the sender was refused something, or unharmed."""
    name = b"and after all that?"
    try:
        for frame in frames:
            mallory.socket.send(frame)
        mallory.save(EMPTY_UPDATE, name)
        while not any(frame.startswith(DENIED) for frame in mallory.heard):
            if mallory.hear() == saved_frame(name):
                return UNHARMED
    except ConnectionClosed:
        return mallory.closed()
    return REFUSED


def test_random_frames_over_sockets_harm_nobody_but_their_sender__L7(
    server: Server, people: dict[str, str]
) -> None:
    project, rng, totals = shared_project(server), random.Random(1), Counter[int | str]()
    frames = corpus(1, [words("spoil me"), words("and me")])
    with (
        Typist(server, project, people["ada"], VICTIM) as ada,
        Typist(server, project, people["bo"], 77_777) as bo,
    ):
        for number in range(-(-FRAMES // PER_VOLLEY)):
            if number % 10 == 0:
                ada.type(f"ada{number} ")
                bo.type(f"bo{number} ")
            left = [mutate(frames, rng) for _ in range(PER_VOLLEY)]
            while left:  # After each close the rest comes on a new connection.
                with Wire(server, project, people["mallory"]) as mallory:
                    part, left = left[:3], left[3:]
                    totals[outcome(mallory, part)] += 1
        all_is_kept(server, project, people["ada"], ada, bo)
    assert totals.keys() <= TABLE | {UNHARMED, REFUSED}, totals
    assert all(totals[code] for code in (UNHARMED, 4400, 4423)), totals
    nothing_went_wrong(server)


def test_constructed_frames_over_sockets_end_their_sender_only__L7_L8(
    server: Server, people: dict[str, str]
) -> None:
    """In one room: those that end their sender first, for they leave nothing behind."""
    project = shared_project(server)
    order = sorted(ATTACKS, key=lambda each: (not isinstance(each.ends, int), len(each.frames)))
    with (
        Typist(server, project, people["ada"], VICTIM) as ada,
        Typist(server, project, people["bo"], 77_777) as bo,
    ):
        ada.type("hello")
        for number, attack in enumerate(order):
            with Wire(server, project, people["mallory"]) as mallory:
                assert outcome(mallory, attack.frames) == attack.ends, attack.name
            bo.type(f"bo{number} ")
        ada.type(" still here")
        all_is_kept(server, project, people["ada"], ada, bo)
    nothing_went_wrong(server)


def raw(first: int, content: bytes, *, says: int | None = None, masked: bool = True) -> bytes:
    """A websocket frame with any first byte; ``says`` is a length that lies."""
    size = len(content) if says is None else says
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes((first, mask | size))
    else:
        head = bytes((first, mask | 127)) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + content


BROKEN = {
    "text": (raw(0x81, b"hello"), {4400}),
    "text that is no UTF-8": (raw(0x81, b"\xff\xfe"), {4400}),
    "an empty message": (raw(0x82, b""), {4400}),
    "a continuation of nothing": (raw(0x80, b"x"), {1002}),
    "a message in a message": (raw(0x02, b"x") + raw(0x82, b"y"), {1002}),
    "a kind that does not exist": (raw(0x83, b"x"), {1002}),
    "a reserved bit": (raw(0xA2, b"x"), {1002}),
    "no mask": (raw(0x82, KEEP_ALIVE, masked=False), {1002}),
    "2 GB": (raw(0x82, b"", says=2**31), {1009}),
    "2^62 bytes": (raw(0x82, b"", says=2**62), {1002, 1009}),
    "a fragment of 2^62 bytes": (raw(0x02, b"x") + raw(0x80, b"", says=2**62), {1002, 1009}),
    "a long ping": (raw(0x89, b"x" * 200), {1002}),
    "a ping in pieces": (raw(0x09, b"x"), {1002}),
    "a goodbye of one byte": (raw(0x88, b"x"), {1002}),
}


def how_it_ended(mallory: Wire) -> int | str:
    try:
        return mallory.closed()
    except (AssertionError, TimeoutError) as error:
        return repr(error)


def test_broken_websocket_frames_end_their_sender_only__L7(
    server: Server, people: dict[str, str]
) -> None:
    project = shared_project(server)
    with (
        Typist(server, project, people["ada"], VICTIM) as ada,
        Typist(server, project, people["bo"], 77_777) as bo,
    ):
        ended: dict[str, Any] = {}
        for name, (sent, codes) in BROKEN.items():
            with Wire(server, project, people["mallory"]) as mallory:
                mallory.socket.socket.sendall(sent)
                code = how_it_ended(mallory)
                if code not in codes:
                    ended[name] = code
            ada.type(f"{name} ")
        assert ended == {}
        all_is_kept(server, project, people["ada"], ada, bo)
    nothing_went_wrong(server)


def test_a_message_may_come_in_pieces__L7(server: Server, people: dict[str, str]) -> None:
    project = shared_project(server)
    sent = edit(words("in pieces"))
    with Wire(server, project, people["ada"]) as ada:
        pieces = [raw(0x02, sent[:1]), *(raw(0x00, bytes((b,))) for b in sent[1:-1])]
        pieces.insert(5, raw(0x89, b"are you there?"))
        ada.socket.socket.sendall(b"".join((*pieces, raw(0x80, sent[-1:]))))
        while b"in pieces" not in ada.state():
            pass
    nothing_went_wrong(server)


def test_a_refused_upgrade_is_no_error_in_the_log(server: Server, people: dict[str, str]) -> None:
    assert refusal(server, shared_project(server), "nonsense")[0] == 401
    assert refusal(server, "no-such-project", people["ada"])[0] == 404
    nothing_went_wrong(server)
