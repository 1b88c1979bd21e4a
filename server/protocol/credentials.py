"""What a credential is good for: its kind and its scope (L8).

A session is a person at a browser and may do all that the person may. A personal access
token may be narrower: its scope caps the role that its owner has. What does not live here:
the text of a credential (the edge makes it) and its row (the store keeps it).
"""

from enum import StrEnum

from server.protocol.roles import Role


class TokenKind(StrEnum):
    """How somebody came by a credential."""

    TOKEN = "token"
    SESSION = "session"


class Scope(StrEnum):
    """How far a credential goes. Each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


ORDER = (Scope.READ, Scope.WRITE, Scope.ADMIN)

CAPS: dict[Scope, dict[Role, Role]] = {
    Scope.READ: {Role.OWNER: Role.VIEWER, Role.EDITOR: Role.VIEWER},
    Scope.WRITE: {Role.OWNER: Role.EDITOR},
    Scope.ADMIN: {},
}


def includes(scope: Scope, wanted: Scope) -> bool:
    """Whether ``scope`` goes as far as ``wanted``."""
    return ORDER.index(scope) >= ORDER.index(wanted)


def capped(role: Role, scope: Scope) -> Role:
    """What somebody in ``role`` is when they come with a credential of this scope."""
    return CAPS[scope].get(role, role)
