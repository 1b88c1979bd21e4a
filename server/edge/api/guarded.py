"""Who may not ask is told so before anything that they say is read.

FastAPI reads and parses a body, then asks the dependencies of a handler. So somebody without
a credential could have a body of any size parsed, and was told what is wrong with it. Here
the dependencies are asked once before; where they refuse, that is the answer. They are asked
again afterwards, as ever: the sender decides how long a body takes, and the role that counts
is that of the moment in which it is complete.

What does not live here: the dependencies (``server.edge.api.callers``).

Laws kept here: L7 (a body of nobody costs nothing) and L8.
"""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import solve_dependencies
from fastapi.routing import APIRoute

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route that reads a body only for who may send one."""

    def get_route_handler(self) -> Handle:
        """FastAPI's own, behind the guard."""
        handle = super().get_route_handler()
        return handle if self.body_field is None else _guarded(self.dependant, handle)


Router = partial(APIRouter, route_class=GuardedRoute)
"""Makes the router of a resource. None of the API is made otherwise."""


def _guarded(dependant: Dependant, handle: Handle) -> Handle:
    # The handler's own parameters, its body among them, are no part of this.
    guard = Dependant(path=dependant.path, dependencies=dependant.dependencies)

    async def guarded(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            await solve_dependencies(
                request=request, dependant=guard, async_exit_stack=stack, embed_body_fields=False
            )
        return await handle(request)

    return guarded
