"""Connections that stand, and connections that come back all at once."""

from collections.abc import Mapping

from benchmarks.peers.kinds import AGENTC, HOCUSPOCUS, KINDS, PYCRDT, Y_WEBSOCKET
from benchmarks.suite import BUSY, P50, P99, Metric, Suite, Trial, connect_all, measured

MB = 1e6


def idle(trial: Trial) -> Mapping[str, float]:
    """Connect, synchronise, do nothing."""
    size, server = trial.config.idle, trial.server
    with trial.generator(server.seats(size.rooms, size.connections // size.rooms)) as generator:
        outcome, cost = measured(
            server, lambda: connect_all(trial, generator, size.connections, at_once=size.at_once)
        )
        generator.hold(size.hold_s).check("idling")
        resident = server.usage().rss
    return {
        "rss_mb": resident / MB,
        "rss_kb_each": (resident - cost.before.rss) / 1e3 / size.connections,
        "seconds": outcome.seconds,
        "cpu_us": cost.cpu_us / size.connections,
        BUSY: outcome.busy,
    }


def storm(trial: Trial) -> Mapping[str, float]:
    """Lose many connections, and have them back in one moment."""
    size, patience = trial.config.storm, trial.config.patience_s
    each = size.connections // size.rooms
    with trial.generator(trial.server.seats(size.rooms, each)) as generator:
        connect_all(trial, generator, size.connections)
        generator.drop(0, size.back_at_once)
        generator.hold(1.0).check("after the loss")
        back = generator.connect(
            0, size.back_at_once, at_once=size.back_at_once, patience=patience
        ).check("coming back")
    return {
        "seconds": back.seconds,
        "p50_ms": back.ms(0.5),
        "p99_ms": back.ms(0.99),
        "refused": back.refused,
        BUSY: back.busy,
    }


SUITES = (
    Suite(
        "idle",
        "Idle connections",
        "Two clients in each room synchronise and then do nothing.",
        KINDS,
        (
            Metric("rss_mb", "resident MB", 0),
            Metric("rss_kb_each", "kB per connection", 1),
            Metric("seconds", "seconds to connect all", 2),
            Metric("cpu_us", "CPU us per connection", 0),
        ),
        idle,
    ),
    Suite(
        "storm",
        "Connect storm",
        "Many connections stand; a large part is lost and comes back in one moment. All must be "
        "synchronised again, none refused.",
        (AGENTC, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT),
        (
            Metric("seconds", "seconds until all are back"),
            P50,
            P99,
            Metric("refused", "refused", 0),
        ),
        storm,
    ),
)
