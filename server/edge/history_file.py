"""A project with its whole past as one file: a zip of JSON and Yjs updates.

    8gentc.json               what there is, and the digest of every other file
    state.yjs                 the document at its head, for any Yjs program
    history/base.yjs          where the history begins, if it was thinned: the document there,
    history/sittings.jsonl    who wrote what of it and when,
    history/recovered.jsonl   and text that came too late
    history/00000001.jsonl    chunks of the history by their first row, a run of rows a line
    history/tail.jsonl        the rows after them
    snapshots/<digest>.yjs    each state that a snapshot has

Digests are BLAKE2b-256 in hexadecimal digits, times are milliseconds since 1970. Whoever reads
a file trusts nothing in it (L7): every part is bounded before it is unpacked, has to be what
its digest says, and is then held to what a room takes (``server.room.transfer``). What does
not live here: the database, and the parts (``server.edge.history_parts``).
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from server.document.archive import Archive, Packing
from server.edge.history_parts import (
    LostPart,
    Manifest,
    RunPart,
    lost_of,
    lost_part,
    parse,
    row_of,
    row_part,
    run_of,
    run_part,
    snapshot_of,
    snapshot_part,
)
from server.protocol.errors import Invalid, TooLarge
from server.protocol.ids import Seq, UserId
from server.room.history_ports import HistoryBase
from server.room.transfer_ports import CarriedProject

MANIFEST: Final = "8gentc.json"
STATE: Final = "state.yjs"
BASE: Final = "history/base.yjs"
SITTINGS: Final = "history/sittings.jsonl"
RECOVERED: Final = "history/recovered.jsonl"
TAIL: Final = "history/tail.jsonl"
MAX_MANIFEST_BYTES: Final = 16 << 20
TIMES: Final = 16
"""The history of a file may be so many times what a document may, in all."""
ENCODED: Final = 2
"""Lines of JSON take at most so many times the updates in them."""


# --- writing ---------------------------------------------------------------------


def write(file: Path, carried: CarriedProject, state: bytes) -> int:
    """Write a project to a file, whole or not at all; its size in bytes. ``state`` is the
    document at its head.

    Raises ``Invalid`` when it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out, Packing(out) as packing:
            digests = dict(_packed(packing, _parts(carried, state)))
            packing.add(MANIFEST, _manifest(carried, digests))
        size = part.stat().st_size
        os.replace(part, file)
    except OSError as problem:
        raise Invalid(f"cannot write {file}: {problem.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return size


def _packed(packing: Packing, parts: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    for name, content in parts:
        packing.add(name, content)
        yield name, digest_of(content)


def _parts(carried: CarriedProject, state: bytes) -> Iterator[tuple[str, bytes]]:
    yield STATE, state
    base = carried.base
    if base is not None:
        yield BASE, base.state
        yield SITTINGS, _lines(map(run_part, base.sittings))
        yield RECOVERED, _lines(map(lost_part, base.recovered))
    for chunk in carried.chunks:
        yield _chunk_name(chunk[0].first), _lines(map(run_part, chunk))
    yield TAIL, _lines(map(row_part, carried.tail))
    for content in carried.states:
        yield _state_name(digest_of(content)), content


def _manifest(carried: CarriedProject, digests: Mapping[str, str]) -> bytes:
    manifest = Manifest(
        format="8gentc-history",
        version=1,
        title=carried.title,
        description=carried.description,
        head=carried.head,
        base=None if carried.base is None else carried.base.seq,
        chunks=tuple(chunk[0].first for chunk in carried.chunks),
        authors={str(user): name for user, name in sorted(carried.authors.items())},
        snapshots=tuple(map(snapshot_part, carried.snapshots)),
        files=dict(digests),
    )
    return manifest.model_dump_json(indent=1).encode()


def _lines(parts: Iterable[BaseModel]) -> bytes:
    return b"".join([part.model_dump_json().encode() + b"\n" for part in parts])


def digest_of(content: bytes) -> str:
    """What parts and states are known by."""
    return blake2b(content, digest_size=32).hexdigest()


def _chunk_name(first: int) -> str:
    return f"history/{first:08}.jsonl"


def _state_name(digest: str) -> str:
    return f"snapshots/{digest}.yjs"


# --- reading ---------------------------------------------------------------------


def is_history(file: Path) -> bool:
    """Whether a file is a zip, and so cannot be meant as a bare Yjs update."""
    return Archive.is_one(file)


@contextmanager
def reading(file: Path, max_bytes: int) -> Iterator[tuple[CarriedProject, bytes]]:
    """A project and its document, as a file says; the states of its snapshots are read while
    inside. ``max_bytes`` is what a document may weigh. Raises a ``PeerError``.
    """
    try:
        source = file.open("rb")
    except OSError as problem:
        raise Invalid(f"cannot read {file}: {problem.strerror}") from None
    with source, Archive(source) as archive:
        reader = _Reader(archive, max_bytes)
        yield reader.project(), reader.part(STATE, max_bytes)


class _Reader:
    """A file that is read part by part."""

    def __init__(self, archive: Archive, max_bytes: int) -> None:
        self._archive = archive
        self._max_bytes = max_bytes
        self._left = TIMES * max_bytes
        manifest = archive.read(MANIFEST, MAX_MANIFEST_BYTES)
        self._manifest = parse(Manifest, manifest, MANIFEST)

    def project(self) -> CarriedProject:
        """All but the states of snapshots, which are read when they are asked for."""
        manifest = self._manifest
        return CarriedProject(
            title=manifest.title,
            description=manifest.description,
            head=Seq(manifest.head),
            base=None if manifest.base is None else self._base(Seq(manifest.base)),
            chunks=tuple(
                tuple(map(run_of, self._runs(_chunk_name(first)))) for first in manifest.chunks
            ),
            tail=tuple(map(row_of, self._runs(TAIL))),
            authors={UserId(user): name for user, name in manifest.authors.items()},
            snapshots=tuple(map(snapshot_of, manifest.snapshots)),
            states=_States(self, tuple(dict.fromkeys(one.state for one in manifest.snapshots))),
        )

    def state(self, digest: str) -> bytes:
        """The state of a snapshot."""
        content = self.part(_state_name(digest), self._max_bytes)
        if digest_of(content) != digest:
            raise Invalid(f"{_state_name(digest)} is not what its name says")
        return content

    def part(self, name: str, most: int) -> bytes:
        """A part, if it is what was written."""
        if name not in self._manifest.files:
            raise Invalid(f"{MANIFEST} does not name {name}")
        content = self._archive.read(name, most)
        if digest_of(content) != self._manifest.files[name]:
            raise Invalid(f"{name} is damaged: it has another digest than {MANIFEST} says")
        return content

    def _base(self, seq: Seq) -> HistoryBase:
        lost = [parse(LostPart, line, RECOVERED) for line in self._lines(RECOVERED)]
        state = self.part(BASE, self._max_bytes)
        sittings = tuple(map(run_of, self._runs(SITTINGS)))
        return HistoryBase(seq, state, sittings, tuple(map(lost_of, lost)))

    def _runs(self, name: str) -> list[RunPart]:
        return [parse(RunPart, line, name) for line in self._lines(name)]

    def _lines(self, name: str) -> Sequence[bytes]:
        content = self.part(name, ENCODED * self._max_bytes)
        self._left -= len(content)
        if self._left < 0:
            raise TooLarge(f"a history may have {TIMES * self._max_bytes} bytes, and has more")
        return content.splitlines()


@dataclass(frozen=True, slots=True)
class _States:
    """Read one by one."""

    reader: _Reader
    digests: tuple[str, ...]

    def __iter__(self) -> Iterator[bytes]:
        return map(self.reader.state, self.digests)
