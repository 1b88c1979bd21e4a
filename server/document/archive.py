"""Files in a zip: packed so that the same files give the same bytes, and unpacked with care.

A zip from outside is bounded before anything of it is decompressed (L7): it may name only
files that its reader knows, none twice, none by a path that leads elsewhere, and what it
claims to hold is checked again while it is read. Nothing is ever written to a disk.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Mapping
from typing import Final

from server.document.fields import shorten
from server.protocol.errors import Invalid, Malformed, TooLarge

MAX_FILES: Final = 10_000
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)  # Of 1980: when it was packed is nobody's content.
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def unpack(data: bytes, wanted: Collection[str], max_bytes: int) -> dict[str, bytes]:
    """Those of the ``wanted`` files that a zip holds, each of at most ``max_bytes``.

    Raises ``Malformed``, ``Invalid`` or ``TooLarge``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_names(entries)
            return {
                entry.filename: _read(archive, entry, max_bytes)
                for entry in entries
                if entry.filename in wanted
            }
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
