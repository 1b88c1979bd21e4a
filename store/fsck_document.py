"""The checks of one document's rows: does the chain hold from the first row to the head?

The base, chunks, checkpoints, then the rows still in the log. After a row that is wrong
the walk goes on from wherever the next one says it is, so that one bad byte is one
problem and not all that follow. What does not live here: finding documents, orphans
(``store.fsck``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from server.protocol.ids import Millis, ProjectId, Seq
from server.room.history_ports import HistoryBase
from server.room.ports import Attribution, HistoryRun, LoggedUpdate, Means
from store import tables as t
from store.bases import BASE, verify_base
from store.digests import GENESIS
from store.faults import Unreadable
from store.rows import (
    SELECT_CHECKPOINTS,
    SELECT_CHUNKS,
    SELECT_UPDATES,
    Checkpoint,
    decode_update,
    digest_of,
    is_digest,
    limit_of,
    require,
    verify_checkpoint,
    verify_chunk,
)
from store.tables import AnyRow

ROWS = 100
"""Rows of the log in memory at once."""

GENERATIONS = 2
LOWEST = -(1 << 63)

DOCUMENT = (
    select(t.documents, t.projects.c.id.label("found"), t.projects.c.deleted_at)
    .select_from(t.projects.outerjoin(t.documents))
    .where(t.projects.c.id == bindparam("project"))
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that is not what was written. ``row`` is its seq (of chunks, the first)."""

    project: ProjectId | None
    table: str
    row: int | None
    what: str


@dataclass(slots=True)
class Findings:
    """What the walk has found so far, and where it is.

    ``ends`` are those of chunks, with the digest of the row there, if that is known.
    ``seq`` is the last one accounted for and ``digests`` are those that the next row
    may continue; None is "not known", after a row that is wrong.
    """

    project: ProjectId
    keep: bool
    problems: list[Problem] = field(default_factory=list)
    seq: int | None = 0
    digests: frozenset[bytes] | None = frozenset({GENESIS})
    ends: dict[int, bytes | None] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    runs: list[HistoryRun] = field(default_factory=list)
    tail: list[LoggedUpdate] = field(default_factory=list)
    tail_rows: int = 0
    tail_bytes: int = 0

    def report(self, table: str, row: object, what: object) -> None:
        """Note a problem."""
        key = row if isinstance(row, int) else None
        self.problems.append(Problem(self.project, table, key, str(what)))

    def lose(self) -> None:
        """What comes next cannot be held against what came before."""
        self.seq, self.digests = None, None

    def continues(self, digest: bytes) -> bool:
        """Whether a row that names ``digest`` as the previous one belongs here."""
        return self.digests is None or digest in self.digests


def check_document(conn: Connection, project: ProjectId, *, keep: bool) -> Findings:
    """All problems of one document. With ``keep`` also what a replay needs."""
    findings = Findings(project, keep)
    document = conn.execute(DOCUMENT, {"project": project}).one_or_none()
    if document is None or document.project_id is None:
        findings.report("documents", None, "the row is missing")
        return findings
    _check_base(conn, findings)
    _check_chunks(conn, findings)
    _check_checkpoints(conn, findings, document)
    _check_updates(conn, findings)
    _check_head(findings, document)
    return findings


def _check_base(conn: Connection, findings: Findings) -> None:
    """Where history has been thinned, the walk begins at its base."""
    row = conn.execute(BASE, {"project": findings.project}).one_or_none()
    if row is None:
        return
    try:
        stored = verify_base(row)
    except Unreadable as error:
        findings.report("history_bases", row.seq, error)
        findings.lose()
        findings.ends[row.seq] = None
        return
    findings.seq, findings.digests = stored.base.seq, frozenset({stored.row_digest})
    findings.ends[stored.base.seq] = stored.row_digest
    if findings.keep:
        findings.runs.append(_run_of(stored.base))


def _run_of(base: HistoryBase) -> HistoryRun:
    """The state that a replay begins with, in the form of what it takes the place of."""
    nobody = Attribution(None, Means.SEED)
    return HistoryRun(Seq(1), base.seq, nobody, Millis(0), Millis(0), base.state)


def _check_chunks(conn: Connection, findings: Findings) -> None:
    for row in _pages(conn, SELECT_CHUNKS, t.history_chunks.c.first_seq, findings, page=1):
        try:
            chunk = verify_chunk(row)
        except Unreadable as error:
            findings.report("history_chunks", row.first_seq, error)
            findings.lose()
            continue
        if findings.seq is not None and chunk.first != findings.seq + 1:
            what = f"follows row {findings.seq}: a gap or an overlap"
            findings.report("history_chunks", row.first_seq, what)
        elif not findings.continues(chunk.prev_digest):
            findings.report("history_chunks", row.first_seq, "does not continue the chain")
        findings.seq, findings.digests = chunk.last, frozenset({chunk.last_digest})
        findings.ends[chunk.last] = chunk.last_digest
        if findings.keep:
            findings.runs += chunk.runs


def _check_checkpoints(conn: Connection, findings: Findings, document: AnyRow) -> None:
    seqs: list[int] = []
    before = len(findings.problems)
    for row in _pages(conn, SELECT_CHECKPOINTS, t.checkpoints.c.seq, findings, page=1):
        seqs.append(row.seq)
        try:
            findings.checkpoint = verify_checkpoint(row)
        except Unreadable as error:
            findings.checkpoint = None
            findings.report("checkpoints", row.seq, error)
            continue
        ends_here = findings.ends.get(row.seq, b"")
        if findings.seq is not None and ends_here not in (None, row.row_digest):
            findings.report("checkpoints", row.seq, "no history chunk ends where it stands")
    if findings.seq is None or len(findings.problems) > before:
        # With a chunk or a checkpoint wrong, the rest cannot be held against it.
        _resume_from(findings)
        return
    wanted = sorted(findings.ends)[-GENERATIONS:]
    if seqs != wanted:
        findings.report("checkpoints", None, f"found at {seqs}, expected at {wanted}")
    size = 0 if findings.checkpoint is None else len(findings.checkpoint.payload)
    if document.checkpoint_bytes != size:
        what = f"checkpoint_bytes is {document.checkpoint_bytes!r}, counted {size}"
        findings.report("documents", None, what)


def _resume_from(findings: Findings) -> None:
    """Whichever of the last chunk and the current checkpoint can be relied upon."""
    if findings.seq is None and findings.checkpoint is not None:
        findings.seq = findings.checkpoint.seq
        findings.digests = frozenset({findings.checkpoint.row_digest})


def _check_updates(conn: Connection, findings: Findings) -> None:
    for row in _pages(conn, SELECT_UPDATES, t.updates.c.seq, findings, page=ROWS):
        findings.tail_rows += 1
        findings.tail_bytes += len(row.payload) if isinstance(row.payload, bytes) else 0
        if findings.seq is not None and row.seq != findings.seq + 1:
            _report_jump(findings, findings.seq, row.seq)
            findings.digests = None
        findings.seq = row.seq
        try:
            _check_update(findings, row)
        except Unreadable as error:
            findings.report("updates", row.seq, error)
            findings.digests = frozenset({row.digest}) if is_digest(row.digest) else None


def _report_jump(findings: Findings, seq: int, found: int) -> None:
    if found <= seq:
        findings.report("updates", found, "was compacted away and is still here")
        return
    missing = f"row {seq + 1}" if found == seq + 2 else f"rows {seq + 1} to {found - 1}"
    findings.report("updates", seq + 1, f"{missing} missing")


def _check_update(findings: Findings, row: AnyRow) -> None:
    update = decode_update(row)
    if findings.keep:
        findings.tail.append(update)
    if findings.digests is None:
        # Nothing to hold it against; the next row tells whether its digest is its own.
        findings.digests = frozenset({row.digest})
        return
    right = {digest_of(row, findings.project, previous) for previous in findings.digests}
    if row.digest not in right:
        findings.report("updates", row.seq, "the digest does not match the row")
    # If the digest itself is what changed, the next row continues the right one.
    findings.digests = frozenset({row.digest, *right})


def _check_head(findings: Findings, document: AnyRow) -> None:
    try:
        require(document, ints=("head", "tail_rows", "tail_bytes"), digests=("digest",))
        limit_of(document)
    except Unreadable as error:
        findings.report("documents", None, error)
        return
    _check_end(findings, document)
    for name, counted in (
        ("tail_rows", findings.tail_rows),
        ("tail_bytes", findings.tail_bytes),
        ("is_open", document.deleted_at is None),
    ):
        if document._mapping[name] != counted:
            what = f"{name} is {document._mapping[name]!r}, counted {counted}"
            findings.report("documents", None, what)


def _check_end(findings: Findings, document: AnyRow) -> None:
    if findings.seq is None:
        return
    if findings.seq < document.head:
        what = f"rows {findings.seq + 1} to {document.head} (the head) missing"
        findings.report("updates", findings.seq + 1, what)
    elif findings.seq > document.head:
        what = f"the head is {document.head}, the log goes on to {findings.seq}"
        findings.report("documents", None, what)
    elif not findings.continues(document.digest):
        findings.report("documents", None, "its digest is not that of the row at the head")


def _pages(
    conn: Connection, statement: Select[Any], key: Any, findings: Findings, *, page: int
) -> Iterator[AnyRow]:
    """All rows of the document in order of ``key``, ``page`` in memory at a time.

    A key that is no integer (SQLite keeps anything) is reported and passed over.
    """
    query = (
        statement.where(key.table.c.project_id == findings.project, key > bindparam("last"))
        .order_by(key)
        .limit(page)
    )
    last: int | None = LOWEST
    while last is not None:
        rows = conn.execute(query, {"last": last}).all()
        last = None
        for row in rows:
            value = row._mapping[key.name]
            if isinstance(value, int):
                last = value
                yield row
            else:
                findings.report(key.table.name, None, f"{key.name} is {value!r}")
