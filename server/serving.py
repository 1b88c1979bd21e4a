"""The server: store, rooms and edge put together, for as long as it runs.

What does not live here: how its parts work. What could be tested without a process of its
own has a module of its own on its floor.
"""

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import uvicorn
from argon2 import PasswordHasher
from starlette.routing import Mount
from starlette.types import ASGIApp

from server.agency import at_work
from server.edge.accounts import AccountServices, account_services
from server.edge.api.application import PREFIX, build_api
from server.edge.api.docs import docs_routes
from server.edge.api.front import fronted
from server.edge.api.services import Services
from server.edge.app import build_app
from server.edge.clock import SystemClock
from server.edge.draining import DrainingServer, Standing
from server.edge.fast_protocol import FastWebSocketProtocol
from server.edge.first_run import greeting, prepare_first_run
from server.edge.health import Readiness, health_routes
from server.edge.keys import Keys, derive_keys
from server.edge.mail import Mailer, NoMailer, SmtpMailer, TerminalMailer
from server.edge.mail_pages import page_routes
from server.edge.metrics import metrics_route
from server.edge.one_time import reachable
from server.edge.pace import ConnectionCount
from server.edge.passwords import Passwords
from server.edge.providers import Providers
from server.edge.secrets import load_or_create_key, token_digest
from server.edge.settings import Settings
from server.edge.studio import Studio, load_studio, unbuilt_routes
from server.edge.uvicorn_protocol import AbortingWebSocketProtocol
from server.edge.visits import VisitBook, keeping
from server.edge.yjs import YjsEndpoint
from server.ground import historian_of, hosting_of, opened
from server.room.historian import Historian
from server.room.ports import Clock
from server.room.restorer import Restorer
from server.room.reverter import Reverter
from server.room.rooms import Rooms
from server.room.upkeep import Rules, Upkeep, looking_after
from server.room.worker import Worker
from store.open import Store

logger = logging.getLogger("server.main")  # by the name that operators know

KEY_FILE = Path("data/secret")
SWITCH_SECONDS = 0.0005
COLLECT_AFTER = (10_000, 20, 50)
"""New objects before a collection of the youngest, and how many of those make an older one."""

OUT_OF_SERVICE = "the store is out of service"


async def serve(settings: Settings, *, is_first_run: bool) -> int:
    """Serve until told to stop; a first run greets whoever started it."""
    clock = SystemClock()
    keys = derive_keys(settings.secret_key or load_or_create_key(KEY_FILE))
    mailer = _mailer(settings, shows_secrets=is_first_run or sys.stdout.isatty())
    async with (
        opened(settings, clock) as store,
        hosting_of(store, settings, clock) as rooms,
        keeping(VisitBook(store.projects, clock)) as visits,
        _remembering(store, settings, clock) as historian,
        at_work(settings, store, rooms, historian.work, clock),
    ):
        _prepare_interpreter()
        standing = Standing()
        people = account_services(
            store.people,
            store.directory,
            clock,
            settings,
            passwords=Passwords(PasswordHasher()),
            keys=keys,
            mailer=mailer,
            providers=Providers(settings),
            invited=partial(is_invitation, store),
        )
        app = application(
            store,
            rooms,
            visits,
            people,
            keys,
            historian,
            settings,
            clock,
            standing,
            load_studio(),
        )
        welcome = None
        if is_first_run:
            welcome = await prepare_first_run(store.directory, people.logins.links, clock)

        def announce(port: int) -> None:
            address = reachable(settings.host, port)
            logger.info("listening on http://%s", address)
            if is_first_run:
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
    rules = Rules(settings.history_days, settings.history_percent, settings.project_retention_days)
    with closing(Worker()) as worker:
        historian = historian_of(store, settings, worker)
        async with looking_after(Upkeep(historian, store.projects, clock, rules)):
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
    studio: Studio | None,
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
        restorer=Restorer(historian, rooms, store.events),
        connections=count,
        runs=store.runs,
        reverter=Reverter(historian, rooms),
    )
    api = fronted(build_api(services), settings, clock, keys, people.base)
    metrics = metrics_route(rooms.statistics, rooms.gauges, lambda: rooms.breaker.fault is None)
    return build_app(
        routes=[
            *health_routes(ready),
            metrics,
            Mount(PREFIX, api),
            *docs_routes(),
            # First come, first served: where there is a studio, these pages are its own.
            *(studio.routes() if studio else unbuilt_routes()),
            *page_routes(),
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
