"""What a room needs from the world, as types: the seams of the house.

The store, the edge and the agent never import each other. They meet here: the
store implements :class:`UpdateLog`, :class:`CompactionLog`, :class:`Directory`
and :class:`ChangeFeed`; the edge implements :class:`Channel`; a clock is passed
in. Only records and protocols live here, no behaviour.

Contract of every store call: it either did all of what it says, durably, or
raised one of ``StoreUnavailable`` (store-wide), ``StoreBusy`` (retries used
up), ``DocumentFault`` (one document), ``DocumentDamaged`` (rows that do not
verify) or a ``PeerError`` (``NotFound``, ``Conflict``, ``Invalid``) and did
nothing. An outcome that is not known counts as failure (L2).

Long because a reader of any side wants all seams on one page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from server.protocol.credentials import Scope, TokenKind
from server.protocol.ids import Millis, ProjectId, RunId, Seq, TokenId, UserId
from server.protocol.roles import Role

# --- sockets -----------------------------------------------------------------


class Channel(Protocol):
    """The way to one peer, as a room sees it. No call blocks, none raises."""

    def write(self, frame: bytes) -> None:
        """Queue one websocket message. After ``close`` it does nothing."""

    def close(self, code: int, reason: str) -> None:
        """Close once what is queued has left; a second call does nothing."""

    @property
    def backlog(self) -> int:
        """Bytes written and not yet handed to the operating system."""


# --- time --------------------------------------------------------------------


class Clock(Protocol):
    """Time as an argument, so that tests can move it."""

    def now(self) -> Millis:
        """Wall-clock time."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Return once ``seconds`` have passed."""


# --- the log -----------------------------------------------------------------


class Means(StrEnum):
    """How an edit reached the document."""

    CLIENT = "client"
    REST = "rest"
    RUN = "run"
    RESTORE = "restore"
    IMPORT = "import"
    SEED = "seed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who made an edit and by which means; ``run`` names the agent run, if one did.

    ``attempt`` is which attempt at that run it was. The log does not keep it: it is asked for
    when rows are committed, and those of an attempt that has lost its lease are refused (L9).
    """

    user: UserId | None
    means: Means
    run: RunId | None = None
    attempt: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """A row about to enter the log: a Yjs v1 update as received, or a merge of
    consecutive ones of one author."""

    payload: bytes
    by: Attribution
    at: Millis


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one document adds in one commit, in order. Never empty."""

    project: ProjectId
    updates: tuple[NewUpdate, ...]


@dataclass(frozen=True, slots=True)
class Appended:
    """The rows of a batch got the sequence numbers ``first`` to ``last``, without gap."""

    project: ProjectId
    first: Seq
    last: Seq


@dataclass(frozen=True, slots=True)
class LoggedUpdate:
    """A row of the log as it was committed."""

    seq: Seq
    payload: bytes
    by: Attribution
    at: Millis


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What a cold start needs, read in one consistent view.

    ``checkpoint`` is a Yjs v1 update (None before the first compaction); ``tail``
    is *every* row still in the log, in order, whether or not the checkpoint holds
    it too: applying twice is harmless. ``stored_bytes`` is what checkpoint and
    tail weigh uncompressed; ``max_bytes`` is the limit of this document alone, if it
    has one.
    """

    head: Seq
    checkpoint: bytes | None
    tail: tuple[LoggedUpdate, ...]
    stored_bytes: int
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """Committed rows after some seq, in order, up to ``head``.

    ``checkpoint`` is set when rows that were asked for have been compacted away:
    apply it first.
    """

    head: Seq
    checkpoint: bytes | None
    updates: tuple[LoggedUpdate, ...]


class UpdateLog(Protocol):
    """The durable, append-only truth of every document (L1-L3)."""

    async def append(self, batches: Sequence[Batch]) -> Sequence[Appended]:
        """Commit all batches in one transaction; answers in the order of ``batches``.

        Each project appears once. Passing conflicts are retried inside. Raises
        ``DocumentFault`` naming the one project whose rows cannot be committed (deleted,
        constraint), ``StoreBusy``, or ``StoreUnavailable``; then nothing was written.
        When the culprit cannot be named, any ``ServerError`` may be raised for the
        whole: the caller retries document by document.
        """

    async def load(self, project: ProjectId) -> StoredDocument:
        """Everything of one document. Raises ``NotFound`` when there is no such live
        project, ``DocumentDamaged`` when its rows do not verify."""

    async def read_after(self, project: ProjectId, seq: Seq) -> Tail:
        """What was committed after ``seq``."""

    async def heads(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Seq]:
        """The newest seq of each project; deleted and unknown projects are absent."""

    async def probe(self) -> None:
        """One small durable write. Raises ``StoreUnavailable`` while the store is broken."""


# --- compaction --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CompactionInput:
    """One document's checkpoint and log rows, read in one consistent view.

    ``row_ids`` name the rows of ``updates`` in the store, in the same order.
    """

    project: ProjectId
    checkpoint: bytes | None
    updates: tuple[LoggedUpdate, ...]
    row_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HistoryRun:
    """Consecutive log rows of one author, merged into one update (L4)."""

    first: Seq
    last: Seq
    by: Attribution
    started_at: Millis
    ended_at: Millis
    payload: bytes


@dataclass(frozen=True, slots=True)
class Compacted:
    """What replaces the rows that were read: a checkpoint that holds all of them
    (and what is parked), and the history of who wrote what."""

    checkpoint: bytes
    runs: tuple[HistoryRun, ...]


class CompactionLog(Protocol):
    """The store's half of compaction (L4). The merge happens elsewhere."""

    async def candidates(self, limit: int) -> Sequence[ProjectId]:
        """Documents whose log has outgrown their checkpoint, largest tail first."""

    async def read(self, project: ProjectId) -> CompactionInput:
        """Checkpoint and rows in one read transaction."""

    async def replace(self, source: CompactionInput, compacted: Compacted) -> bool:
        """In one short write transaction: insert checkpoint and history chunk, delete
        exactly ``source.row_ids`` (no more of ``source`` is needed), keep the previous
        checkpoint one generation. False, and nothing written, when those rows were no
        longer all there."""

    async def history(self, project: ProjectId) -> Sequence[HistoryRun]:
        """Every run that compaction has put away, in order of seq."""


# --- people and projects -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class User:
    """A person's account. ``email`` is unique without regard to case."""

    id: UserId
    email: str
    name: str
    is_admin: bool
    disabled: bool
    created_at: Millis


@dataclass(frozen=True, slots=True)
class Project:
    """A project; its document has the same id."""

    id: ProjectId
    title: str
    created_at: Millis
    head: Seq


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's role in one project."""

    user: User
    role: Role


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A valid credential and whose it is."""

    token: TokenId
    user: User
    expires_at: Millis | None
    kind: TokenKind
    scope: Scope


@dataclass(frozen=True, slots=True)
class Credential:
    """A live session or personal access token, as its owner may see it."""

    id: TokenId
    kind: TokenKind
    scope: Scope
    label: str
    created_at: Millis
    expires_at: Millis | None


@dataclass(frozen=True, slots=True)
class Seat:
    """What one live connection claims: this user, by this credential, in this project."""

    user: UserId
    token: TokenId | None
    project: ProjectId


class Directory(Protocol):
    """Users, credentials, projects and members. Secrets go in as digests only (L11)."""

    async def add_user(
        self, *, email: str, name: str, is_admin: bool, password_hash: str | None
    ) -> User:
        """A new account. Raises ``Conflict`` when the address is taken, ``Invalid`` when
        it is not an address."""

    async def user_by_email(self, email: str) -> User:
        """Raises ``NotFound``."""

    async def list_users(self) -> Sequence[User]:
        """All accounts, by address."""

    async def disable_user(self, user: UserId) -> None:
        """End every right of this user at once; their edits stay."""

    async def add_token(
        self,
        user: UserId,
        *,
        digest: bytes,
        label: str,
        expires_at: Millis | None,
        kind: TokenKind = TokenKind.TOKEN,
        scope: Scope = Scope.ADMIN,
    ) -> TokenId:
        """Record a credential by the SHA-256 of its text."""

    async def list_tokens(
        self, user: UserId, kind: TokenKind = TokenKind.TOKEN
    ) -> Sequence[Credential]:
        """Every live credential of this user and kind, oldest first."""

    async def revoke_token(self, token: TokenId) -> None:
        """Raises ``NotFound``."""

    async def token_grant(self, digest: bytes) -> TokenGrant:
        """Whose token this is. Raises ``NotAuthenticated`` when unknown, expired,
        revoked, or its user is disabled."""

    async def entry(self, digest: bytes, project: ProjectId) -> tuple[TokenGrant, Role | None]:
        """Whose token this is, and the role of who comes with it to a project, as ``roles``
        tells it: both at one moment. Raises as ``token_grant`` does."""

    async def add_project(
        self, title: str, *, owner: UserId, seed: NewUpdate | None, description: str = ""
    ) -> Project:
        """A project, its owner's membership and the first log row, in one transaction.
        The only place where initial content is ever written."""

    async def project(self, project: ProjectId) -> Project:
        """Raises ``NotFound``, also for a deleted one."""

    async def list_projects(self) -> Sequence[Project]:
        """All live projects, oldest first."""

    async def delete_project(self, project: ProjectId) -> None:
        """Mark as deleted: rooms close, rows stay. Raises ``NotFound``."""

    async def set_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Add somebody or change their role."""

    async def remove_member(self, project: ProjectId, user: UserId) -> None:
        """Raises ``NotFound`` for a non-member, ``Conflict`` for the last owner."""

    async def members(self, project: ProjectId) -> Sequence[Member]:
        """Everybody with a role, by address."""

    async def role(self, project: ProjectId, user: UserId) -> Role | None:
        """What a user is, by whatever credential; None for a stranger, a disabled user, or a
        project that is gone. Whoever asks with a credential is asked about by ``roles``."""

    async def roles(self, seats: Sequence[Seat]) -> Sequence[Role | None]:
        """The role of each seat now, as far as the scope of its credential lets it go; None
        where the credential, the user, the membership or the project no longer holds."""


# --- news from other processes ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """What may have changed since the last report. ``documents`` None means "any"; ``events``
    is about those of any project (``server.room.event_ports``)."""

    documents: frozenset[ProjectId] | None
    directory: bool
    events: bool = False


class ChangeFeed(Protocol):
    """Tells that somebody (this process or another) has written to the database."""

    async def next(self) -> Changes:
        """Wait for the next news. It may be early or spurious, never lost: what it
        cannot know it reports as "any". Raises ``StoreUnavailable``; ask again later."""
