"""Who may do what in a project: the one table behind every check (L8).

Websocket sessions, REST handlers and the agent all ask :func:`allows`. What does
not live here: finding out which role somebody has (the directory knows).
"""

from enum import StrEnum


class Role(StrEnum):
    """A member's standing in one project."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Right(StrEnum):
    """Something that a member may or may not do."""

    READ = "read"
    WRITE = "write"
    ADMINISTER = "administer"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset({Right.READ, Right.WRITE, Right.ADMINISTER}),
    Role.EDITOR: frozenset({Right.READ, Right.WRITE}),
    Role.VIEWER: frozenset({Right.READ}),
}


def allows(role: Role, right: Right) -> bool:
    """Whether ``role`` includes ``right``."""
    return right in RIGHTS[role]
