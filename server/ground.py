"""What commands and the server both stand on: the open store, and ports put together from it.

What does not live here: what only a command does (:mod:`server.main`) or only a server
(:mod:`server.serving`).
"""

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from server.edge.commands.kit import Errand, Ports, Worker
from server.edge.settings import Settings
from server.protocol.errors import Invalid
from server.protocol.messages import Limits
from server.room.historian import Historian, Work
from server.room.limits import RoomLimits
from server.room.ports import Clock
from server.room.replay import replay
from server.room.restorer import LogEditor, Restorer
from server.room.reverter import Reverter
from server.room.rooms import Ports as RoomPorts
from server.room.rooms import Rooms, hosting
from server.room.run_ports import Run
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
        runs=store.runs,
        reverter=Reverter(historian, LogEditor(store.log, clock)),
        employ=partial(_employing, store, settings, clock),
        send=partial(_sent, settings, clock),
        vault=store,
        verify=partial(store.fsck, replay=replay),
        clock=clock,
        settings=settings,
        stdin=sys.stdin,
    )


@asynccontextmanager
async def _employing(store: Store, settings: Settings, clock: Clock) -> AsyncIterator[Worker]:
    """A worker of the agent, with rooms of this process."""
    # Here, so that no other command waits for the client of a model.
    from server.agency import employing

    async with (
        hosting_of(store, settings, clock) as rooms,
        employing(settings, store, rooms, Here(), clock) as worker,
    ):
        yield worker


async def _sent(settings: Settings, clock: Clock, errand: Errand) -> Run:
    """The agent of this process, in a room of another server."""
    # Here, so that no other command waits for a client of websockets, or misses one.
    try:
        from server.remote import run_errand
    except ImportError as error:
        raise Invalid(
            "joining another server takes the extra `remote`: pip install '8gentc[remote]'"
        ) from error
    return await run_errand(errand, settings, Here(), clock)


def historian_of(store: Store, settings: Settings, work: Work) -> Historian:
    """What is asked of the past of a store."""
    return Historian(store.log, store.history, store.snapshots, work, settings.automatic_snapshots)


def hosting_of(
    store: Store, settings: Settings, clock: Clock
) -> AbstractAsyncContextManager[Rooms]:
    """The rooms of one process."""
    ports = RoomPorts(
        log=store.log,
        compaction=store.compaction,
        directory=store.directory,
        feed=store.feed,
        clock=clock,
        projection=store.projection,
        events=store.events,
    )
    limits = RoomLimits(
        frames=Limits(max_frame_bytes=settings.max_frame_bytes),
        max_document_bytes=settings.max_document_bytes,
        max_backlog_bytes=settings.max_backlog_bytes,
        idle_seconds=settings.idle_unload_seconds,
    )
    return hosting(ports, limits)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """The store behind ``database_url``, its schema up to date."""
    store = await open_store(settings.database_url, clock)
    try:
        yield store
    finally:
        await store.close()
