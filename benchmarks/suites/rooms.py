"""Edits and cursors in rooms: burst, typing room, many rooms, presence, commit, disk."""

import time
from collections.abc import Mapping
from functools import partial

from benchmarks.config import Typing
from benchmarks.generator import Outcome
from benchmarks.peers.kinds import AGENTC, HOCUSPOCUS, KINDS, PYCRDT
from benchmarks.scripts import Writer
from benchmarks.suite import (
    P50,
    P99,
    Cost,
    Metric,
    Suite,
    Trial,
    connect_all,
    flush_disks,
    latencies,
    measured,
    writers_of,
)
from benchmarks.traffic import cursors

PER_DELIVERY = Metric("cpu_us", "CPU us per delivery", 3)
PER_EDIT = Metric("cpu_us_edit", "CPU us per edit", 1)


def burst(trial: Trial) -> Mapping[str, float]:
    """As fast as everybody can follow."""
    size = trial.config.burst
    total, patience = size.warm_up + size.edits, trial.config.patience_s
    with trial.generator(trial.server.seats(1, size.clients)) as generator:
        generator.script(writers_of(1, size.clients, 1, total))
        connect_all(trial, generator, size.clients)
        send = partial(generator.window, size.in_flight, patience=patience, sending=size.seconds)
        send(size.warm_up).check("warming up")
        outcome, cost = measured(trial.server, lambda: send(total))
    deliveries = outcome.check("burst").deliveries
    return {
        "cpu_us": cost.cpu_us / deliveries,
        "per_s": deliveries / outcome.seconds / 1e6,
        **latencies(outcome),
    }


def steady(trial: Trial, shape: Typing, *, settle_s: float = 0.0) -> tuple[Outcome, Cost]:
    """Everybody connected and warm, writers keep their pace; what was seen, what it cost."""
    seats = shape.rooms * shape.clients
    rate = shape.rate * shape.rooms * shape.writers
    total, patience = shape.warm_up + shape.edits, trial.config.patience_s

    def typing() -> Outcome:
        outcome = generator.paced(rate, total, patience=patience, clump=shape.clump)
        time.sleep(settle_s)
        return outcome

    with trial.generator(trial.server.seats(shape.rooms, shape.clients)) as generator:
        generator.script(writers_of(shape.rooms, shape.clients, shape.writers, total))
        connect_all(trial, generator, seats)
        generator.paced(rate, shape.warm_up, patience=patience, clump=shape.clump).check(
            "warming up"
        )
        flush_disks()
        outcome, cost = measured(trial.server, typing)
    return outcome.check("typing"), cost


def typing(trial: Trial) -> Mapping[str, float]:
    """One busy room."""
    return _costs(*steady(trial, trial.config.typing))


def together(trial: Trial) -> Mapping[str, float]:
    """The same room, all writers in the same moment."""
    return _costs(*steady(trial, trial.config.together))


def many(trial: Trial) -> Mapping[str, float]:
    """Many small rooms."""
    return _costs(*steady(trial, trial.config.many))


def disk(trial: Trial) -> Mapping[str, float]:
    """What reaches the disk, debounced stores included."""
    outcome, cost = steady(trial, trial.config.disk, settle_s=trial.config.settle_s)
    return {"bytes": cost.written / outcome.sent, **_costs(outcome, cost)}


def _costs(outcome: Outcome, cost: Cost) -> Mapping[str, float]:
    return {
        "cpu_us": cost.cpu_us / outcome.deliveries,
        "cpu_us_edit": cost.cpu_us / outcome.sent,
        **latencies(outcome),
    }


def presence(trial: Trial) -> Mapping[str, float]:
    """Everybody moves a cursor. Older states may be skipped, the last one may not."""
    size = trial.config.presence
    total, patience = size.warm_up + size.states, trial.config.patience_s
    rate = size.rate * size.clients
    with trial.generator(trial.server.seats(1, size.clients)) as generator:
        generator.script([Writer(i, tuple(cursors(i, total))) for i in range(size.clients)])
        generator.ask("newest 1")
        connect_all(trial, generator, size.clients)
        generator.paced(rate, size.warm_up, patience=patience).check("warming up")
        outcome, cost = measured(
            trial.server, lambda: generator.paced(rate, total, patience=patience)
        )
    offered = outcome.check("cursors").sent * size.clients
    return {
        "cpu_us": cost.cpu_us / offered,
        "seen": outcome.deliveries / offered * 100,
        "seconds": outcome.seconds,
        **latencies(outcome),
    }


def commit(trial: Trial) -> Mapping[str, float]:
    """Each room's one writer waits for its own edit before it makes the next."""
    size, rooms = trial.config.commit, trial.point
    total, patience = size.warm_up + size.edits, trial.config.patience_s
    with trial.generator(trial.server.seats(rooms, 1)) as generator:
        generator.script(writers_of(rooms, 1, 1, total))
        connect_all(trial, generator, rooms)
        generator.window(1, size.warm_up, patience=patience).check("warming up")
        outcome, cost = measured(
            trial.server, lambda: generator.window(1, total, patience=patience)
        )
    return _costs(outcome.check("committing"), cost)


SUITES = (
    Suite(
        "burst",
        "Burst",
        "One room, 100 clients, one writer with 32 edits on the way at any time.",
        KINDS,
        (PER_DELIVERY, Metric("per_s", "million deliveries/s", 3, more_is_better=True), P50, P99),
        burst,
    ),
    Suite(
        "typing",
        "Typing room",
        "One room, 100 clients, 20 of them type ten edits a second each, evenly spread: one edit "
        "every 5 ms, so that nothing can be put together.",
        KINDS,
        (PER_DELIVERY, PER_EDIT, P50, P99),
        typing,
    ),
    Suite(
        "together",
        "Typing in step",
        "The same room and rate, but the 20 writers send in the same moment, ten times a second: "
        "the pattern of a load generator with a clock, or of agents.",
        KINDS,
        (PER_DELIVERY, PER_EDIT, P50, P99),
        together,
    ),
    Suite(
        "many",
        "Many rooms",
        "400 rooms of three clients, one of them types: 4,000 edits a second in all.",
        KINDS,
        (PER_EDIT, P50, P99),
        many,
    ),
    Suite(
        "presence",
        "Presence storm",
        "One room, 200 clients, each moves a cursor 20 times a second. A server may leave out "
        "states that are already old; the cost is per state and client that would see it.",
        KINDS,
        (PER_DELIVERY, Metric("seen", "% of states seen", 1, more_is_better=True), P50, P99),
        presence,
    ),
    Suite(
        "commit",
        "Commit latency",
        "One client in each room sends an edit, waits until it comes back, sends the next. For "
        "8gentc that is the time of a durable commit; for the others, of an echo from memory.",
        (AGENTC, HOCUSPOCUS, PYCRDT),
        (P50, P99, PER_EDIT),
        commit,
        points=lambda config: config.commit.rooms,
        axis="rooms",
    ),
    Suite(
        "disk",
        "Bytes to disk",
        "50 rooms of two clients, one of them types four edits a second; bytes that the kernel "
        "was given for the disk, per edit, until the longest debounce has passed.",
        (AGENTC, HOCUSPOCUS, PYCRDT),
        (Metric("bytes", "bytes per edit", 0), PER_EDIT),
        disk,
    ),
)
