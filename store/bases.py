"""Where a thinned history begins, as a row: written once, read back trusting nothing (L4).

What does not live here: when a history is thinned, and how (``store.history``).
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.document.elements import ElementRef, Kind
from server.protocol.ids import Millis, ProjectId, RunId, Seq, UserId
from server.room.history_ports import HistoryBase, RecoveredText
from server.room.ports import Attribution, Means
from store import tables as t
from store.digests import values_digest
from store.faults import Unreadable
from store.frames import THOROUGH, frame_runs, pack, unframe_runs, unpack
from store.rows import contents, require
from store.tables import AnyRow

SELECT_BASES = select(t.history_bases)
BASE = SELECT_BASES.where(t.history_bases.c.project_id == bindparam("project"))
DELETE_BASE = delete(t.history_bases).where(t.history_bases.c.project_id == bindparam("project"))

PARTS = ("state", "sittings", "recovered")


@dataclass(frozen=True, slots=True)
class StoredBase:
    """A base that verifies."""

    base: HistoryBase
    row_digest: bytes


@dataclass(frozen=True, slots=True)
class PackedBase:
    """A base ready to be written, but for the digest of the row at its seq."""

    project: ProjectId
    seq: Seq
    at: Millis
    plain: tuple[bytes, ...]
    stored: tuple[bytes, ...]


def pack_base(project: ProjectId, base: HistoryBase, now: Millis) -> PackedBase:
    """Compress."""
    recovered = json.dumps([_as_json(text) for text in base.recovered]).encode()
    plain = (base.state, frame_runs(base.sittings), recovered)
    return PackedBase(project, base.seq, now, plain, tuple(pack(one, THOROUGH) for one in plain))


def put_base(conn: Connection, packed: PackedBase, row_digest: bytes) -> None:
    """In place of the one that is there."""
    conn.execute(DELETE_BASE, {"project": packed.project})
    head = {
        "project_id": packed.project, "seq": packed.seq, "row_digest": row_digest,
        "created_at": packed.at,
    }  # fmt: skip
    parts: dict[str, object] = dict(zip(PARTS, packed.stored, strict=True))
    sizes = {f"{name}_bytes": len(one) for name, one in zip(PARTS, packed.plain, strict=True)}
    digest = _digest(packed.project, packed.seq, packed.at, row_digest, packed.plain, packed.stored)
    conn.execute(insert(t.history_bases), {**head, **parts, **sizes, "digest": digest})


def verify_base(row: AnyRow) -> StoredBase:
    """The base, decompressed, if everything in its row verifies. Raises ``Unreadable``."""
    require(
        row,
        ints=("seq", "created_at", *(f"{name}_bytes" for name in PARTS)),
        texts=("project_id",),
        blobs=PARTS,
        digests=("row_digest", "digest"),
    )
    values = row._mapping
    stored = tuple(values[name] for name in PARTS)
    plain = tuple(unpack(values[name], values[f"{name}_bytes"]) for name in PARTS)
    if (
        _digest(row.project_id, row.seq, row.created_at, row.row_digest, plain, stored)
        != row.digest
    ):
        raise Unreadable("the digest does not match the row")
    state, sittings, recovered = plain
    base = HistoryBase(Seq(row.seq), state, unframe_runs(sittings), _recovered(recovered))
    return StoredBase(base, row.row_digest)


def _digest(
    project: str,
    seq: int,
    at: int,
    row_digest: bytes,
    plain: tuple[bytes, ...],
    stored: tuple[bytes, ...],
) -> bytes:
    parts = [
        value for one, other in zip(plain, stored, strict=True) for value in contents(one, other)
    ]
    return values_digest("history-base", (project, seq, at, row_digest, *parts))


def _as_json(text: RecoveredText) -> dict[str, object]:
    element = text.element
    return {
        "seq": text.seq,
        "user": text.by.user,
        "means": text.by.means.value,
        "run": text.by.run,
        "at": text.at,
        "kind": None if element is None else element.kind.value,
        "id": None if element is None else element.id,
        "text": text.text,
    }


def _recovered(plain: bytes) -> tuple[RecoveredText, ...]:
    try:
        return tuple(_recovered_text(one) for one in json.loads(plain))
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"recovered texts do not decode: {error}") from error


def _recovered_text(one: dict[str, Any]) -> RecoveredText:
    by = Attribution(
        None if one["user"] is None else UserId(one["user"]),
        Means(one["means"]),
        None if one["run"] is None else RunId(one["run"]),
    )
    element = None if one["kind"] is None else ElementRef(Kind(one["kind"]), one["id"])
    return RecoveredText(Seq(one["seq"]), by, Millis(one["at"]), element, one["text"])
