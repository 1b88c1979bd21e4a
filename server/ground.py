"""What commands and the server both stand on: the open store, and ports put together from it.

What does not live here: what only a command does (:mod:`server.main`) or only a server
(:mod:`server.serving`).
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from server.edge.commands.kit import Ports
from server.edge.settings import Settings
from server.room.historian import Historian, Work
from server.room.ports import Clock
from server.room.replay import replay
from server.room.restorer import LogEditor, Restorer
from server.room.worker import Here
from store.open import Store, open_store


def ports_of(store: Store, settings: Settings, clock: Clock) -> Ports:
    """What a command may use."""
    historian = historian_of(store, settings, Here())
    return Ports(
        directory=store.directory,
        log=store.log,
        projects=store.projects,
        transfers=store.transfers,
        people=store.people,
        historian=historian,
        restorer=Restorer(historian, LogEditor(store.log, clock), store.events),
        vault=store,
        verify=partial(store.fsck, replay=replay),
        clock=clock,
        settings=settings,
        stdin=sys.stdin,
    )


def historian_of(store: Store, settings: Settings, work: Work) -> Historian:
    """What is asked of the past of a store."""
    return Historian(store.log, store.history, store.snapshots, work, settings.automatic_snapshots)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """The store behind ``database_url``, its schema up to date."""
    store = await open_store(settings.database_url, clock)
    try:
        yield store
    finally:
        await store.close()
