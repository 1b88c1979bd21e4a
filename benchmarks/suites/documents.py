"""Long documents and hard ends: cold and warm joins, ``kill -9``."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pycrdt import Doc, Text, merge_updates

from benchmarks.config import Join
from benchmarks.generator import Unfit
from benchmarks.markers import SIZE, marker, markers
from benchmarks.numbers import median
from benchmarks.peers.kinds import AGENTC, HOCUSPOCUS, PYCRDT, Y_WEBSOCKET
from benchmarks.scripts import Writer
from benchmarks.suite import Metric, Suite, Trial, connect_all, measured, writers_of
from benchmarks.traffic import ROOT, as_update, client_id, long_document, typed

IN_FLIGHT = 4


def marked(updates: Sequence[bytes], writer: int) -> Sequence[bytes]:
    """Messages that carry these updates, each merged with a marker of ``writer``."""
    client = client_id(writer)
    return [
        as_update(merge_updates(update, typed(client, seq * SIZE, marker(writer, seq))))
        for seq, update in enumerate(updates)
    ]


def text_of(update: bytes) -> str:
    """The shared text of a document."""
    doc: Doc[Text] = Doc({ROOT.decode(): (text := Text())})
    doc.apply_update(update)
    return str(text)


@lru_cache(maxsize=1)
def _long(size: Join) -> tuple[Sequence[bytes], int]:
    """The messages that make the long document, and the length of its text in the end."""
    updates = long_document(size.keystrokes, per_update=size.runs_per_update, seed=size.seed)
    messages = marked(updates, 0)
    return messages, len(text_of(merge_updates(*updates))) + SIZE * len(messages)


def join(trial: Trial) -> Mapping[str, float]:
    """Write the long document, then open it: first from the store, then from memory."""
    size, server, patience = trial.config.join, trial.server, trial.config.patience_s
    messages, length = _long(size)
    with trial.generator(server.seats(2, 1)) as generator:
        generator.script([Writer(0, messages)])
        connect_all(trial, generator, 2)
        generator.window(IN_FLIGHT, len(messages), patience=patience).check("writing")
        generator.drop(0, 2)
        generator.hold(trial.config.settle_s if server.kind.stores else 0.1)
    cold: Mapping[str, float] = {}
    if server.kind.stores:
        cold = {"cold_ms": median([_cold(trial) for _ in range(size.cold)])}
    with trial.generator(server.seats(1, size.warm_up + size.warm)) as generator:
        _expect(trial, generator.ask(f"dump 0 {trial.folder / 'state.bin'}").ok, True, "dump")
        connect_all(trial, generator, size.warm_up, at_once=1)
        outcome, cost = measured(
            server,
            lambda: generator.connect(size.warm_up, size.warm, at_once=1, patience=patience),
        )
    outcome.check("joining")
    state = (trial.folder / "state.bin").read_bytes()
    _expect(trial, len(text_of(state)), length, "the length of the document")
    return {
        **cold,
        "warm_cpu_ms": cost.cpu_us / 1e3 / size.warm,
        "warm_ms": outcome.ms(0.5),
        "state_kb": len(state) / 1e3,
    }


def _cold(trial: Trial) -> float:
    """Milliseconds from connecting to the whole document, in a process that has just started
    and has served somebody else before."""
    trial.server.stop()
    trial.server.start()
    with trial.generator(trial.server.seats(2, trial.config.join.warm_up)) as generator:
        warm_up, patience = trial.config.join.warm_up, trial.config.patience_s
        generator.connect(warm_up, warm_up, at_once=1, patience=patience).check("warming up")
        return generator.connect(0, 1, at_once=1, patience=patience).check("joining").ms(0.5)


def crash(trial: Trial) -> Mapping[str, float]:
    """``kill -9`` while people type; what others had seen must be there after the restart."""
    size, server, patience = trial.config.crash, trial.server, trial.config.patience_s
    count = int(size.rate * size.after_s * 4)
    with trial.generator(server.seats(1, size.clients)) as generator:
        generator.script(writers_of(1, size.clients, size.writers, count))
        connect_all(trial, generator, size.clients)
        killer = threading.Timer(size.after_s, server.kill)
        killer.start()
        outcome = generator.paced(size.rate * size.writers, count, patience=patience)
        killer.join()
    _expect(trial, sum(outcome.seen) > 0, True, "edits seen before the kill")
    server.start()
    state = _state(trial, trial.folder / "after.bin")
    kept = Counter(writer for writer, _ in set(markers(state)))
    lost = sum(max(0, seen - kept[writer]) for writer, seen in enumerate(outcome.seen))
    return {"lost": lost, "seen": sum(outcome.seen)}


def _state(trial: Trial, file: Path) -> bytes:
    """The first room's document, as a newcomer gets it."""
    with trial.generator(trial.server.seats(1, 1)) as generator:
        generator.ask(f"dump 0 {file}")
        connect_all(trial, generator, 1)
    return file.read_bytes()


def _expect(trial: Trial, got: object, expected: object, what: str) -> None:
    if got != expected:
        raise Unfit(f"{trial.server.kind.name}: {what}: expected {expected}, got {got}")


SUITES = (
    Suite(
        "join",
        "Joining a long document",
        "A text of 260,000 keystrokes with jumps and deletions. Cold: the first to ask after a "
        "restart of the server, which has served another room before. Warm: one join after "
        "the other. The text received is compared with what was written.",
        (AGENTC, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT),
        (
            Metric("cold_ms", "cold join ms", 1),
            Metric("warm_cpu_ms", "warm: CPU ms per join", 2),
            Metric("warm_ms", "warm join ms", 1),
            Metric("state_kb", "state kB", 0),
        ),
        join,
    ),
    Suite(
        "crash",
        "kill -9 while typing",
        "Two people type, four watch, the server is killed and started again; the markers that "
        "somebody else had seen are looked for in what a newcomer gets.",
        (AGENTC, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT),
        (Metric("lost", "seen by others and gone", 0), Metric("seen", "seen by others", 0)),
        crash,
    ),
)
