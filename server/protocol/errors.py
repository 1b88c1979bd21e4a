"""Every error that 8gentc raises on purpose, and what a peer is told of it.

One tree. Each leaf carries the websocket close code and the HTTP status that
the edge answers with; nothing else maps errors to codes. Close codes 4400-4499
mean "do not come back with the same", 4500-4599 and 1012 mean "come back soon".

    AgentcError                      never raised itself
    |-- PeerError                    the other side broke a rule
    |   |-- Malformed                4400  400  bytes that do not decode
    |   |-- NotAuthenticated         4401  401  no credentials, or bad ones
    |   |-- SecondFactorNeeded       4402  401  a login that lacks its second factor
    |   |-- Forbidden                4403  403  known, but without the right
    |   |-- NotFound                 4404  404  absent, or not theirs to see
    |   |-- Conflict                 4409  409  it exists already, or has moved on
    |   |-- Stale                    4412  412  the caller's knowledge of it is out of date
    |   |-- ForgedClient             4411  409  writes under another user's client id
    |   |-- TooLarge                 1009  413  over a limit on size
    |   |-- TooDeep                  4422  422  nested beyond what peers survive
    |   |-- Invalid                  4423  422  well-formed, but not acceptable
    |   `-- TooMany                  4429  429  over a limit on number or rate
    `-- ServerError                  we could not serve; trying again may help
        |-- DocumentFault            4500  500  this document's rows did not commit
        |-- DocumentDamaged          4501  500  this document's rows do not read back
        |-- RoomClosed               4502  503  the room is closing; open it again
        |-- StoreUnavailable         4503  503  the store as a whole is out of service
        |-- StoreBusy                4504  503  a passing conflict outlived its retries
        |-- ProviderUnavailable      4505  503  somebody else's service does not answer
        |-- Nonsense                 4506  502  a model's answer is not what it was asked for
        |-- RunFailed                4507  502  the agent could not do what it was asked for
        |-- Resync                   4508  503  the peer read too slowly; start over
        `-- ShuttingDown             1012  503  this process is ending

What does not live here: what to do about an error. That is decided where it is
caught: the edge (a peer's socket) and the owner of a room.
"""

from typing import ClassVar

from server.protocol.ids import ProjectId


class AgentcError(Exception):
    """Root of the tree. Raise a leaf."""

    close_code: ClassVar[int]
    http_status: ClassVar[int]
    slug: ClassVar[str]
    """Stable machine-readable name of the kind of error."""

    def __init__(self, message: str) -> None:
        if not hasattr(type(self), "close_code"):
            raise TypeError(f"{type(self).__name__} is a branch of the error tree: raise a leaf")
        super().__init__(message)
        self.message = message

    @property
    def told(self) -> str:
        """What the other side is told. For the log there is ``message``."""
        return self.message


class PeerError(AgentcError):
    """The other side broke a rule; the same request will fail again."""


class Malformed(PeerError):
    """Bytes that do not decode; the message says what was expected and where."""

    close_code, http_status, slug = 4400, 400, "malformed"


class NotAuthenticated(PeerError):
    """Credentials are missing, expired, revoked or wrong."""

    close_code, http_status, slug = 4401, 401, "not-authenticated"


class SecondFactorNeeded(PeerError):
    """The password is right, and the account asks for a second factor besides."""

    close_code, http_status, slug = 4402, 401, "second-factor-needed"


class Forbidden(PeerError):
    """The caller is known and may see this, but may not do it."""

    close_code, http_status, slug = 4403, 403, "forbidden"


class NotFound(PeerError):
    """Absent, or not for this caller to know of."""

    close_code, http_status, slug = 4404, 404, "not-found"


class Conflict(PeerError):
    """The thing exists already, or has changed meanwhile."""

    close_code, http_status, slug = 4409, 409, "conflict"


class Stale(PeerError):
    """What the caller expected (If-Match) is not how it is any more."""

    close_code, http_status, slug = 4412, 412, "stale"


class ForgedClient(PeerError):
    """A write under a client id that belongs to another user's live connection (L8)."""

    close_code, http_status, slug = 4411, 409, "forged-client"


class TooLarge(PeerError):
    """A frame, update, state or document over its limit in bytes."""

    close_code, http_status, slug = 1009, 413, "too-large"


class TooDeep(PeerError):
    """Values or shared types nested beyond what every peer survives (L7)."""

    close_code, http_status, slug = 4422, 422, "too-deep"


class Invalid(PeerError):
    """Well-formed input with a value that cannot be accepted."""

    close_code, http_status, slug = 4423, 422, "invalid"


class TooMany(PeerError):
    """Too many connections, or too many requests in too short a time."""

    close_code, http_status, slug = 4429, 429, "too-many"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which it is worth trying again, where that is known."""


class ServerError(AgentcError):
    """We could not serve the request; trying again may help.

    The message is for us: it may name tables, files or hosts.
    """

    @property
    def told(self) -> str:
        """The kind of error in words, and that it is worth trying again."""
        return f"{self.slug.replace('-', ' ')}: this could not be done now; try again soon"


class DocumentFault(ServerError):
    """The rows of one document could not be committed; other documents are unaffected (L2)."""

    close_code, http_status, slug = 4500, 500, "document-fault"

    def __init__(self, project: ProjectId, message: str) -> None:
        super().__init__(message)
        self.project = project


class DocumentDamaged(ServerError):
    """Stored rows of a document do not decode or do not verify. Never an empty document."""

    close_code, http_status, slug = 4501, 500, "document-damaged"


class RoomClosed(ServerError):
    """The room left memory while the request waited."""

    close_code, http_status, slug = 4502, 503, "room-closed"


class StoreUnavailable(ServerError):
    """The store as a whole does not work: disk full, connection lost, breaker open (L2)."""

    close_code, http_status, slug = 4503, 503, "store-unavailable"


class StoreBusy(ServerError):
    """A lock, deadlock or serialization conflict that outlived its retries."""

    close_code, http_status, slug = 4504, 503, "store-busy"


class ProviderUnavailable(ServerError):
    """A service of somebody else that this request needs does not answer."""

    close_code, http_status, slug = 4505, 503, "provider-unavailable"


class Nonsense(ServerError):
    """A model's answer is not what it was asked for, or is cut short."""

    close_code, http_status, slug = 4506, 502, "nonsense"


class RunFailed(ServerError):
    """The agent could not do what it was asked for.

    The message is for the person who asked: what happened, and what to do about it.
    """

    close_code, http_status, slug = 4507, 502, "run-failed"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """Stable machine-readable name of what went wrong."""

    @property
    def told(self) -> str:
        """Its own words, which hold nothing but what people may know."""
        return self.message


class Resync(ServerError):
    """The peer did not read what it was sent; it must connect and sync again (L6)."""

    close_code, http_status, slug = 4508, 503, "resync"


class ShuttingDown(ServerError):
    """The process is ending; another one, or the next start, will serve."""

    close_code, http_status, slug = 1012, 503, "shutting-down"
