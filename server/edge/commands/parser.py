"""The whole command line as one list of nouns."""

from argparse import ArgumentParser
from typing import Any

from server.edge.commands import (
    agent,
    backup,
    fsck,
    member,
    project,
    serve,
    snapshot,
    token,
    user,
)
from server.edge.commands.kit import Verbs

NOUNS = (serve, user, token, project, member, snapshot, agent, fsck, backup)


def build_parser() -> ArgumentParser:
    """The parser of ``8gentc``. Usage errors exit with 2."""
    parser = ArgumentParser(
        prog="8gentc", description="A server for Yjs documents that never loses an edit."
    )
    made: Any = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    nouns: Verbs = made
    for noun in NOUNS:
        noun.register(nouns)
    return parser
