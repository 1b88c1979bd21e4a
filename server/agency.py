"""The agent of a process: its model, its scribes and its worker, joined to rooms and store.

Part of the wiring. What does not live here: how any of them works.
"""

import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from ai_agent import local_model
from ai_agent.beside import beside
from ai_agent.model import Feature, Model
from ai_agent.openai_model import Endpoint, OpenAIModel
from ai_agent.places import RoomPlace
from ai_agent.ports import Books, Bounds, Office, Place
from ai_agent.prices import read_prices
from ai_agent.standins import StandIns
from ai_agent.worker import Worker, working
from ai_agent.writing.scribe import Scribe
from server.document.landed import Landed
from server.edge.settings import Settings
from server.protocol.ids import RunId
from server.room.historian import Work
from server.room.keeping import keep_up
from server.room.ports import Clock
from server.room.retrieval_ports import Retrieval
from server.room.rooms import Rooms
from store.open import Store

logger = logging.getLogger("server.agent")

OPENAI_MODEL = "gpt-5-mini"
NAME, COLOR = "8gentc", "#7c3aed"
"""As others see the agent among them."""


@asynccontextmanager
async def employing(
    settings: Settings, store: Store, rooms: Rooms, work: Work, clock: Clock
) -> AsyncIterator[Worker]:
    """A worker that can work; it does not begin by itself."""
    place = RoomPlace(rooms, store.directory, store.history, work)
    async with office_of(settings, work, clock, place, store.runs, store.retrieval) as office:
        yield Worker(office, _holder())


def _holder() -> str:
    """What this process is called in leases."""
    return f"{socket.gethostname()} {os.getpid()}"


@asynccontextmanager
async def office_of(
    settings: Settings, work: Work, clock: Clock, place: Place, runs: Books, retrieval: Retrieval
) -> AsyncIterator[Office]:
    """The world of an agent, with the model of this process."""
    async with AsyncExitStack() as ending:
        model = await ending.enter_async_context(_model(settings, clock))
        bounds = bounds_of(settings)
        if model is not None and model.name == local_model.NAME:
            bounds = local_model.within(bounds)
        yield Office(
            place=place,
            runs=runs,
            retrieval=retrieval,
            work=work,
            clock=clock,
            model=model,
            hire=partial(_hire, clock),
            prices=read_prices(settings.model_prices),
            bounds=bounds,
        )


@asynccontextmanager
async def at_work(
    settings: Settings, store: Store, rooms: Rooms, work: Work, clock: Clock
) -> AsyncIterator[None]:
    """The agent of a server, unless runs are left to other processes: these are shown."""
    others = StandIns(rooms, store.directory, store.runs, clock, _holder(), NAME, COLOR)
    async with beside(keep_up(others.run, clock)):
        if settings.agent_workers == 0:
            yield
            return
        async with employing(settings, store, rooms, work, clock) as worker, working(worker, clock):
            yield


def bounds_of(settings: Settings) -> Bounds:
    """What one run may take."""
    return Bounds(
        context_tokens=settings.agent_context_tokens,
        answer_tokens=settings.agent_answer_tokens,
        run_tokens=settings.agent_run_tokens,
        run_cost=settings.agent_run_money,
        workers=max(1, settings.agent_workers),
    )


@asynccontextmanager
async def _model(settings: Settings, clock: Clock) -> AsyncIterator[Model | None]:
    """The one that is set; else a small one of our own, if it is there; else none."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        async with local_model.serving_locally(clock) as small:
            yield small
        return
    endpoint = Endpoint(
        model=settings.model or OPENAI_MODEL,
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key,
        stall_seconds=settings.model_stall_seconds,
        features=frozenset(map(Feature, settings.model_features or Feature)),
    )
    model = OpenAIModel(endpoint, clock)
    logger.info("the agent writes with %s", model.name)
    try:
        yield model
    finally:
        await model.close()


def _hire(clock: Clock, run: RunId, state: bytes, landed: Landed) -> Scribe:
    return Scribe(run, state, name=NAME, color=COLOR, now=clock.monotonic, landed=landed)
