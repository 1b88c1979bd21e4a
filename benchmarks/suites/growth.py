"""How the cost of an edit grows with clients, rooms, text and history."""

from collections.abc import Mapping

from benchmarks.config import Config
from benchmarks.peers.kinds import AGENTC, HOCUSPOCUS, Kind
from benchmarks.scripts import Writer
from benchmarks.suite import (
    P50,
    P99,
    Metric,
    Suite,
    Trial,
    Workload,
    connect_all,
    latencies,
    measured,
)
from benchmarks.suites.documents import marked
from benchmarks.traffic import edits, paragraph

KINDS: tuple[Kind, ...] = (AGENTC, HOCUSPOCUS)
METRICS = (Metric("cpu_us_edit", "CPU us per edit", 1), P50, P99)
FAST_IN_FLIGHT = 64


def clients(trial: Trial) -> Mapping[str, float]:
    """One room; one writer at a tenth of the usual rate, for each edit goes to everybody."""
    rate = trial.config.growth.edits_per_second / 10
    result = _steady(trial, rooms=1, clients=trial.point, rate=rate, before=())
    return {**result, "cpu_us": result["cpu_us_edit"] / trial.point}


def rooms(trial: Trial) -> Mapping[str, float]:
    """The same number of edits a second, over more and more rooms."""
    rate = trial.config.growth.edits_per_second
    return _steady(trial, rooms=trial.point, clients=2, rate=rate, before=())


def size(trial: Trial) -> Mapping[str, float]:
    """One room whose text was large before."""
    rate = trial.config.growth.edits_per_second
    return _steady(trial, rooms=1, clients=2, rate=rate, before=_pasted(trial.point))


def history(trial: Trial) -> Mapping[str, float]:
    """One room that has seen many edits before."""
    rate = trial.config.growth.edits_per_second
    return _steady(trial, rooms=1, clients=2, rate=rate, before=tuple(edits(0, trial.point)))


def _pasted(size: int) -> tuple[bytes, ...]:
    """Messages that paste a text and carry a marker of writer 0 each."""
    return tuple(marked(paragraph(size), 0))


def _steady(
    trial: Trial, *, rooms: int, clients: int, rate: float, before: tuple[bytes, ...]
) -> Mapping[str, float]:
    """One writer in each room goes on at ``rate`` in all, after ``before`` in the first."""
    growth, patience = trial.config.growth, trial.config.patience_s
    warm = len(before) + max(1, int(rate * growth.warm_up_s / rooms))
    total = warm + max(1, int(rate * growth.seconds / rooms))
    first = Writer(0, (*before, *edits(0, total - len(before), start=len(before))))
    others = [Writer(room * clients, tuple(edits(room, total))) for room in range(1, rooms)]
    with trial.generator(trial.server.seats(rooms, clients)) as generator:
        generator.script([first, *others])
        connect_all(trial, generator, rooms * clients)
        if before:
            in_flight = FAST_IN_FLIGHT if len(before) > FAST_IN_FLIGHT else 1
            write = generator.window(in_flight, len(before), patience=trial.config.history_s)
            write.check("writing before")
        generator.paced(rate, warm, patience=patience).check("warming up")
        outcome, cost = measured(
            trial.server, lambda: generator.paced(rate, total, patience=patience)
        )
    sent = outcome.check("typing").sent
    return {"cpu_us_edit": cost.cpu_us / sent, **latencies(outcome)}


def _suite(name: str, axis: str, story: str, run: Workload) -> Suite:
    """One curve. Its points are the field of the configuration that has its name."""

    def points(config: Config) -> tuple[int, ...]:
        found: tuple[int, ...] = getattr(config.growth, name)
        return found

    return Suite(
        f"growth-{name.partition('_')[0]}",
        f"Growth: {axis}",
        story,
        KINDS,
        METRICS,
        run,
        points=points,
        axis=axis,
        repeats=lambda config: config.growth.repeats,
    )


SUITES = (
    _suite("clients", "clients in one room", "100 edits a second, each seen by all.", clients),
    _suite("rooms", "rooms", "1,000 edits a second in all, two clients in each room.", rooms),
    _suite("document_bytes", "bytes of text", "1,000 edits a second in a text of this size.", size),
    _suite(
        "history", "edits before", "1,000 edits a second, after so many in the same room.", history
    ),
)
