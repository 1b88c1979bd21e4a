"""``/projects/{id}/events``: what happens to a project, told as it happens (server-sent events,
WHATWG HTML 9.2).

Beside the websocket and not in it: plain Yjs clients log every message that they do not know.
What does not live here: what there is to tell (``server.room.event_ports``).

Laws kept here: L6 (a client that reads on from ``Last-Event-ID`` misses nothing, or is told
that it has) and L8 (who loses their rights is told nothing more).
"""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from server.edge.api.callers import ReadAccess
from server.edge.api.guarded import Router
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.edge.api.times import moment
from server.protocol.errors import AgentcError
from server.room.event_ports import Event
from server.room.events import Follower
from server.room.ports import Seat

MEDIA_TYPE: Final = "text/event-stream"
RETRY_MILLIS: Final = 2000
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy that gathers an answer before it passes it on would pass on nothing."""

EXAMPLE: Final = (
    'id: 8\nevent: restored\ndata: {"at":"2026-01-01T12:00:00Z","by":"5f0c","snapshot":"9a41"}\n\n'
)
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events, for as long as the client stays.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}


def routes() -> APIRouter:
    """What happens to one project."""
    router = Router(tags=["events"], prefix="/projects")
    router.get(
        "/{project_id}/events",
        response_class=StreamingResponse,
        responses={**STREAM, **refusals(404)},
    )(follow)
    return router


async def follow(
    access: ReadAccess,
    services: KnownServices,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="Go on after this event.")
    ] = None,
) -> "EventStream":
    """Be told what happens to a project, as server-sent events.

    First comes `ready`, whose id is where the client is. Then `snapshot-taken`,
    `snapshot-removed`, `restored` and `members-changed`, each with `at`, `by` (a user's id, or
    null) and ids of what it is about. With `Last-Event-ID`, which browsers send when they
    connect again, what came since is told first; `missed` says that this is no longer all of
    it: read anew what you show. Pass over events that you do not know.
    """
    newest = await services.rooms.followers.newest(access.project)
    return EventStream(services, access.seat, seen=_number(last_event_id), newest=newest)


def _number(text: str | None) -> int | None:
    """None for who asks for the first time; -1 for what is no number of ours."""
    if text is None:
        return None
    is_ours = text.isascii() and text.isdigit() and len(text) < 17
    return int(text) if is_ours else -1


class EventStream(StreamingResponse):
    """An answer that goes on until somebody ends it, and counts as a connection until then.
    ``seen`` is what the client says to have seen, ``newest`` what there is."""

    media_type = MEDIA_TYPE

    def __init__(self, services: Services, seat: Seat, *, seen: int | None, newest: int) -> None:
        self._followers = services.rooms.followers
        self._connections = services.connections
        self._seat = seat
        self._has_missed = seen is not None and not 0 <= seen <= newest
        self._start = newest if seen is None or self._has_missed else seen
        super().__init__((), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, for a long time. What refuses it is raised before it begins."""
        with (
            self._connections.held(self._seat.user),
            self._followers.following(self._seat, self._start) as follower,
        ):
            self.body_iterator = self._told(follower)
            await super().__call__(scope, receive, send)

    async def _told(self, follower: Follower) -> AsyncIterator[bytes]:
        greeting = "missed" if self._has_missed else "ready"
        yield b"retry: %d\n" % RETRY_MILLIS + _message(greeting, {}, self._start)
        # Too late for a refusal: at the end of the answer the client asks again, and gets it.
        with suppress(AgentcError):
            while await self._followers.wait(follower):
                async for part in self._news(follower):
                    yield part

    async def _news(self, follower: Follower) -> AsyncIterator[bytes]:
        """All that there is now, or a sign of life."""
        expected, told = follower.seen + 1, 0
        while events := await self._followers.read(follower):
            if not told and events[0].number > expected:
                yield _message("missed", {}, events[0].number - 1)
            told += len(events)
            yield b"".join([_event(event) for event in events])
        if not told:
            yield b":\n\n"


def _event(event: Event) -> bytes:
    at = moment(event.at).isoformat().replace("+00:00", "Z")
    return _message(event.kind, {"at": at, "by": event.by, **event.data}, event.number)


def _message(kind: str, data: dict[str, object], number: int) -> bytes:
    """One event. JSON of one line, so that nothing in it ends a field."""
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {number}\nevent: {kind}\ndata: {text}\n\n".encode()
