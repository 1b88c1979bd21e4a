"""The self-check: without it no number counts.

For each server: genuine clients (y-websocket, or Hocuspocus' provider) must converge with
one another, and read what the load generator writes. For the checker itself: a relay that
loses deliveries on purpose must be found out.
"""

import subprocess
from collections.abc import Callable
from dataclasses import replace

from benchmarks.generator import Unfit
from benchmarks.peers.kinds import NODE, PEERS, RELAY, Place
from benchmarks.suite import Trial, connect_all, writers_of

EDITS = 50
LOSSY_EVERY = 97
PATIENCE_S = 60.0


def converges(trial: Trial) -> None:
    """Real clients and the generator agree over this server. Raises ``Unfit``."""
    if not trial.server.kind.syncs:
        return
    if not NODE.exists():
        raise Unfit("the genuine clients are not installed: run `make bench-peers`")
    with subprocess.Popen(
        _command(trial), cwd=PEERS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as clients:
        assert clients.stdout is not None
        try:
            if clients.stdout.readline().strip() != "ready":
                raise _unfit(clients)
            _write(trial)
            out, _ = clients.communicate(timeout=PATIENCE_S)
            if "converged" not in out:
                raise _unfit(clients)
        finally:
            clients.kill()


def notices_loss(trial: Trial) -> None:
    """A relay that loses frames fails the burst. Raises ``Unfit`` if it passes."""
    try:
        with trial.generator(trial.server.seats(1, 10)) as generator:
            generator.script(writers_of(1, 10, 1, 1_000))
            connect_all(trial, generator, 10)
            generator.window(8, 1_000, patience=1.0).check("burst")
    except Unfit:
        return
    raise Unfit("the checker did not notice lost deliveries")


def lossy() -> Callable[[Place], tuple[str, ...]]:
    """How to start the relay that loses."""
    return lambda place: (str(place.programs / "relay"), str(place.port), str(LOSSY_EVERY))


LOSSY = replace(RELAY, name="lossy relay", command=lossy())


def _command(trial: Trial) -> list[str]:
    server = trial.server
    address = f"ws://127.0.0.1:{server.port}"
    seat = server.seats(1, 1)[0]
    if seat.address is not None:
        rest = ["hocuspocus", address, seat.address]
    else:
        rest = ["plain", address, seat.path.lstrip("/")]
    return [str(NODE), str(PEERS / "verify.mjs"), *rest, str(EDITS)]


def _write(trial: Trial) -> None:
    with trial.generator(trial.server.seats(1, 2)) as generator:
        generator.script(writers_of(1, 2, 1, EDITS))
        connect_all(trial, generator, 2)
        generator.window(8, EDITS, patience=PATIENCE_S / 4).check("writing beside real clients")


def _unfit(clients: "subprocess.Popen[str]") -> Unfit:
    clients.kill()
    return Unfit(f"real clients did not converge: {clients.communicate()[1].strip()[-800:]}")
