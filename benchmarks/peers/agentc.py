"""8gentc as a subject: its command, with an ear for the soak test; and its documents.

``python -m benchmarks.peers.agentc serve ...`` is ``8gentc serve ...``. On SIGUSR1 the
process collects its garbage and writes ``probe.json`` beside its database; nothing else
differs. ``register`` makes the user, the token and the projects that a run needs.
"""

import asyncio
import gc
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from server.edge.clock import SystemClock
from server.edge.projects import create_project
from server.edge.secrets import new_token, token_digest
from server.edge.settings import read_settings
from server.ground import hosting_of
from server.main import main
from store.open import Store, open_store

DATABASE = "data/8gentc.db"
EMAIL = "bench@example.com"


def register(folder: Path, rooms: int) -> None:
    """A database in ``folder`` with one user and ``rooms`` projects; ``rooms.json`` names them."""
    asyncio.run(_register(folder, rooms))


async def _register(folder: Path, rooms: int) -> None:
    clock = SystemClock()
    store = await open_store(f"sqlite:///{folder / DATABASE}", clock)
    try:
        directory, token = store.directory, new_token()
        user = await directory.add_user(
            email=EMAIL, name="Bench", is_admin=False, password_hash=None
        )
        digest = token_digest(token)
        await directory.add_token(user.id, digest=digest, label="bench", expires_at=None)
        made = [
            (await create_project(directory, clock, title=f"Room {i}", owner=user.id)).id
            for i in range(rooms)
        ]
        await _projected(store, clock)
    finally:
        await store.close()
    (folder / "rooms.json").write_text(json.dumps({"token": token, "rooms": made}))


async def _projected(store: Store, clock: SystemClock) -> None:
    """Return once nothing is left to do for what has just been made: a server would do it a
    second after each of these projects, not in the middle of a measurement."""
    async with hosting_of(store, read_settings({}), clock):
        while await store.projection.behind(None, 1):
            await clock.sleep(0.1)


def _probe(_: int, __: FrameType | None) -> None:
    gc.collect()
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:
        tasks = -1
    Path("probe.json").write_text(json.dumps({"tasks": tasks, "objects": len(gc.get_objects())}))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _probe)
    sys.exit(main())
