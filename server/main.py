"""Wiring: the one module that may import everything, and the ``8gentc`` command.

It reads the environment, opens the store, hands ports to commands, and puts store,
rooms and edge together for ``serve``. What does not live here: anything that could
be tested without a process of its own. Long because everything is joined in one place.
"""

import asyncio
import gc
import logging
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from pathlib import Path

import uvicorn
import uvloop
from starlette.routing import Mount
from starlette.types import ASGIApp

from server.edge.accounts import AccountServices, account_services
from server.edge.api.application import PREFIX, build_api
from server.edge.api.docs import docs_routes
from server.edge.api.front import fronted
from server.edge.api.services import Services
from server.edge.app import build_app
from server.edge.clock import SystemClock
from server.edge.commands.kit import Ports
from server.edge.commands.output import show, show_error
from server.edge.commands.parser import build_parser
from server.edge.draining import DrainingServer, Standing
from server.edge.fast_protocol import FastWebSocketProtocol
from server.edge.first_run import greeting, prepare_first_run
from server.edge.health import Readiness, health_routes
from server.edge.keys import Keys, derive_keys
from server.edge.login_page import login_routes
from server.edge.logs import set_up_logging
from server.edge.mail import Mailer, NoMailer, SmtpMailer, TerminalMailer
from server.edge.metrics import metrics_route
from server.edge.one_time import reachable
from server.edge.pace import ConnectionCount
from server.edge.providers import Providers
from server.edge.secrets import load_or_create_key, token_digest
from server.edge.settings import Settings, read_settings
from server.edge.studio import load_studio, unbuilt_routes
from server.edge.uvicorn_protocol import AbortingWebSocketProtocol
from server.edge.visits import VisitBook, keeping
from server.edge.yjs import YjsEndpoint
from server.protocol.errors import AgentcError, Invalid
from server.protocol.messages import Limits
from server.room.historian import Historian, Work
from server.room.limits import RoomLimits
from server.room.ports import Clock
from server.room.replay import replay
from server.room.restorer import LogEditor, Restorer
from server.room.rooms import Ports as RoomPorts
from server.room.rooms import Rooms, hosting
from server.room.upkeep import Rules, Upkeep, looking_after
from server.room.worker import Here, Worker
from store.open import Store, open_store

logger = logging.getLogger("server.main")  # also when run as a script

KEY_FILE = Path("data/secret")
SWITCH_SECONDS = 0.0005
COLLECT_AFTER = (10_000, 20, 50)
"""New objects before a collection of the youngest, and how many of those make an older one."""

OUT_OF_SERVICE = "the store is out of service"


def main(argv: Sequence[str] | None = None) -> int:
    """The ``8gentc`` command: 0 done, 1 it could not be done, 2 it was not understood."""
    args = build_parser().parse_args(argv)
    try:
        settings = read_settings(os.environ, _overrides(args))
    except Invalid as error:
        show_error(error, sys.stderr, as_json=args.json)
        return 2
    try:
        return _run(args, settings)
    except AgentcError as error:
        show_error(error, sys.stderr, as_json=args.json)
        return 1


def _overrides(args: Namespace) -> Mapping[str, str | None]:
    return {key: getattr(args, key, None) for key in ("host", "port", "database_url")}


def _run(args: Namespace, settings: Settings) -> int:
    if args.handler is not None:
        return asyncio.run(_command(args, settings))
    set_up_logging(settings.log_level, sys.stderr)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(args, settings))


# --- commands ------------------------------------------------------------------


async def _command(args: Namespace, settings: Settings) -> int:
    clock = SystemClock()
    async with _opened(settings, clock) as store:
        ports = ports_of(store, settings, clock)
        answer = await args.handler(args, ports)
    return show(answer, sys.stdout, as_json=args.json)


def ports_of(store: Store, settings: Settings, clock: Clock) -> Ports:
    """What a command may use."""
    historian = historian_of(store, settings, Here())
    return Ports(
        directory=store.directory,
        log=store.log,
        projects=store.projects,
        people=store.people,
        historian=historian,
        restorer=Restorer(historian, LogEditor(store.log, clock)),
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
async def _opened(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """The store behind ``database_url``, its schema up to date."""
    store = await open_store(settings.database_url, clock)
    try:
        yield store
    finally:
        await store.close()


# --- the server ------------------------------------------------------------------


async def _serve(args: Namespace, settings: Settings) -> int:
    clock = SystemClock()
    keys = derive_keys(settings.secret_key or load_or_create_key(KEY_FILE))
    mailer = _mailer(settings, shows_secrets=args.first_run or sys.stdout.isatty())
    async with (
        _opened(settings, clock) as store,
        _hosting(store, settings, clock) as rooms,
        keeping(VisitBook(store.projects, clock)) as visits,
        _remembering(store, settings, clock) as historian,
    ):
        _prepare_interpreter()
        standing = Standing()
        people = account_services(
            store.people,
            store.directory,
            clock,
            settings,
            keys=keys,
            mailer=mailer,
            providers=Providers(settings),
            invited=partial(is_invitation, store),
        )
        app = application(store, rooms, visits, people, keys, historian, settings, clock, standing)
        welcome = None
        if args.first_run:
            welcome = await prepare_first_run(store.directory, people.logins.links, clock)

        def announce(port: int) -> None:
            address = reachable(settings.host, port)
            logger.info("listening on http://%s", address)
            if args.first_run:
                sys.stdout.write(greeting(address, welcome))
                sys.stdout.flush()

        await DrainingServer(_uvicorn(app, settings), rooms, standing, announce).serve()
    return 0


def _mailer(settings: Settings, *, shows_secrets: bool) -> Mailer:
    """A mail server if one is set; else the terminal, if that is what we write to (L11)."""
    if settings.smtp_url is not None:
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return TerminalMailer(sys.stdout) if shows_secrets else NoMailer()


async def is_invitation(store: Store, code: str) -> bool:
    """Whether a project's code lets somebody make an account."""
    return await store.invitations.invitation_role(token_digest(code)) is not None


@asynccontextmanager
async def _remembering(store: Store, settings: Settings, clock: Clock) -> AsyncIterator[Historian]:
    """The past of all projects, looked after; what is slow runs in a process of its own."""
    rules = Rules(settings.history_days, settings.history_percent)
    with closing(Worker()) as worker:
        historian = historian_of(store, settings, worker)
        async with looking_after(Upkeep(historian, clock, rules)):
            yield historian


def _prepare_interpreter() -> None:
    """For a process whose one loop must not stall.

    The store's thread takes the interpreter's lock again after each statement; a busy loop
    keeps it for as long as this. And a full collection walks over every connection there is:
    it should be rare, and not visit what lives as long as the process.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _hosting(store: Store, settings: Settings, clock: Clock) -> AbstractAsyncContextManager[Rooms]:
    ports = RoomPorts(
        log=store.log,
        compaction=store.compaction,
        directory=store.directory,
        feed=store.feed,
        clock=clock,
        projection=store.projection,
    )
    limits = RoomLimits(
        frames=Limits(max_frame_bytes=settings.max_frame_bytes),
        max_document_bytes=settings.max_document_bytes,
        max_backlog_bytes=settings.max_backlog_bytes,
        idle_seconds=settings.idle_unload_seconds,
    )
    return hosting(ports, limits)


def application(
    store: Store,
    rooms: Rooms,
    visits: VisitBook,
    people: AccountServices,
    keys: Keys,
    historian: Historian,
    settings: Settings,
    clock: Clock,
    standing: Standing,
) -> ASGIApp:
    """Routes in front of rooms."""

    def ready() -> Readiness:
        fault = rooms.breaker.fault
        reasons = [*(["the server is stopping"] if standing.stopping else [])]
        return Readiness((*reasons, *([] if fault is None else [OUT_OF_SERVICE])))

    count = ConnectionCount(settings.max_connections_per_user if settings.rate_limits else None)
    yjs = YjsEndpoint(rooms, store.directory, clock, settings, count, people.tickets, visits.note)
    services = Services(
        rooms=rooms,
        directory=store.directory,
        clock=clock,
        settings=settings,
        projects=store.projects,
        invitations=store.invitations,
        answers=store.answers,
        reader=store.reader,
        search=store.search,
        people=people,
        historian=historian,
        restorer=Restorer(historian, rooms),
    )
    studio = load_studio()
    pages = studio.routes() if studio else [*unbuilt_routes(), *login_routes()]
    api = fronted(build_api(services), settings, clock, keys, people.base)
    metrics = metrics_route(rooms.statistics, rooms.gauges, lambda: rooms.breaker.fault is None)
    return build_app(
        routes=[
            *health_routes(ready),
            metrics,
            Mount(PREFIX, api),
            *docs_routes(),
            *pages,
            yjs.route(),
        ],
        clock=clock,
        max_body_bytes=settings.max_document_bytes,
    )


def _uvicorn(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        http="httptools",
        ws=FastWebSocketProtocol if settings.channel == "fast" else AbortingWebSocketProtocol,
        # Above its limit a frame is refused in words and the connection stays; only what is
        # far too large to be read at all ends it.
        ws_max_size=4 * settings.max_frame_bytes,
        # Updates are small and encrypted links do not compress well; a context per connection
        # costs more memory than a document.
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=40.0,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    sys.exit(main())
