"""Files in a zip: packed so that the same files give the same bytes, and unpacked with care.

A zip from outside is bounded before anything of it is decompressed (L7): it may name only
files that its reader knows, none twice, none by a path that leads elsewhere, and what it
claims to hold is checked again while it is read. Nothing is ever written to a disk.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self

from server.document.fields import shorten
from server.protocol.errors import Invalid, Malformed, TooLarge

MAX_FILES: Final = 10_000
_BEGIN: Final = b"PK\x03\x04"
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


class Packing:
    """A zip that is being written, file by file."""

    def __init__(self, out: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        """One more file."""
        info = zipfile.ZipInfo(name)  # Of 1980: when it was packed is nobody's content.
        info.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(info, content)


class Archive:
    """A zip from outside that is being read, file by file.

    Everything raises ``Malformed``, ``Invalid`` or ``TooLarge``.
    """

    def __init__(self, source: BinaryIO) -> None:
        with _damage_is_malformed():
            self._zip = zipfile.ZipFile(source)
            entries = self._zip.infolist()
        _check_names(entries)
        self._entries = {entry.filename: entry for entry in entries}

    @staticmethod
    def is_one(file: Path) -> bool:
        """Whether a file looks like a zip, at both ends. False for what cannot be read."""
        try:
            with file.open("rb") as source:
                return source.read(len(_BEGIN)) == _BEGIN and zipfile.is_zipfile(source)
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def read(self, name: str, max_bytes: int) -> bytes:
        """A file that must be there, of at most ``max_bytes``."""
        if name not in self._entries:
            raise Invalid(f"expected {name} in the zip")
        with _damage_is_malformed():
            return _read(self._zip, self._entries[name], max_bytes)


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, by name."""
    out = io.BytesIO()
    with Packing(out) as packing:
        for name, content in files.items():
            packing.add(name, content)
    return out.getvalue()


def unpack(data: bytes, wanted: Collection[str], max_bytes: int) -> dict[str, bytes]:
    """Those of the ``wanted`` files that a zip holds, each of at most ``max_bytes``.

    Raises ``Malformed``, ``Invalid`` or ``TooLarge``.
    """
    with Archive(io.BytesIO(data)) as archive:
        return {name: archive.read(name, max_bytes) for name in wanted if name in archive}


@contextmanager
def _damage_is_malformed() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise Malformed(f"expected a zip that can be read: {shorten(str(error))}") from None


_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError,
    OverflowError, OSError,
)  # fmt: skip
"""What ``zipfile`` raises of bytes that are no zip, or no longer."""


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        raise TooLarge(f"expected a zip of at most {MAX_FILES} files, got {len(entries)}")
    names = [entry.filename for entry in entries]
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise Invalid(f"expected names of files in the zip itself, got {shorten(name)}")
    if len(set(names)) < len(names):
        raise Invalid("expected each file of the zip once")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    if entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
        raise Invalid(f"expected {entry.filename} stored or deflated, and not encrypted")
    if entry.file_size > max_bytes:
        raise _too_large(entry, max_bytes)
    with archive.open(entry) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(entry, max_bytes)
    return content


def _too_large(entry: zipfile.ZipInfo, max_bytes: int) -> TooLarge:
    return TooLarge(f"expected {entry.filename} of at most {max_bytes} bytes")
