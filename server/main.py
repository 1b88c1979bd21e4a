"""The ``8gentc`` command: it reads the environment and does what it is told.

What does not live here: what commands and the server stand on (:mod:`server.ground`)
and the server itself (:mod:`server.serving`), which is loaded for ``serve`` only: its
frameworks take a command longer than its work does.
"""

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence

import uvloop

from server.edge.clock import SystemClock
from server.edge.commands.output import show, show_error
from server.edge.commands.parser import build_parser
from server.edge.logs import set_up_logging
from server.edge.settings import Settings, read_settings
from server.ground import opened, ports_of
from server.protocol.errors import AgentcError, Invalid


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
    # Here, so that no other command waits for what only a server needs.
    from server.serving import serve

    set_up_logging(settings.log_level, sys.stderr)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(settings, is_first_run=args.first_run))


async def _command(args: Namespace, settings: Settings) -> int:
    clock = SystemClock()
    async with opened(settings, clock) as store:
        ports = ports_of(store, settings, clock)
        answer = await args.handler(args, ports)
    return show(answer, sys.stdout, as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
