"""Digests that chain the log, and the encoding under them (L3, L4).

A digest is BLAKE2b-256 over a kind, the previous digest and every stored column of
the row. Each value is preceded by a tag and its length, so that no two different
rows encode to the same bytes. What does not live here: which rows to check, and
what to do when one does not verify.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

DIGEST_BYTES = 32
GENESIS = bytes(DIGEST_BYTES)
"""What stands for "the digest of the row before the first"."""

Value = bytes | str | int | None

_TAGGED = Struct(">cQ")
_INT = Struct(">cq")
_NONE = b"N"
_ROW = Struct(">c32sqqQ")


def fingerprint(payload: bytes) -> bytes:
    """Digest of bare bytes, for payloads too large to be hashed inside a transaction."""
    return blake2b(payload, digest_size=DIGEST_BYTES).digest()


def row_digest(
    previous: bytes,
    project: str,
    seq: int,
    payload: bytes,
    *,
    user: str | None,
    means: str,
    run: str | None,
    at: int,
) -> bytes:
    """Digest of a row of the log. On the hot path, hence a layout of its own: fixed
    fields first, then the texts, then the payload to the end."""
    state = blake2b(_ROW.pack(b"u", previous, seq, at, len(payload)), digest_size=DIGEST_BYTES)
    state.update(_texts(project, user, means, run))
    state.update(payload)
    return state.digest()


def _texts(*texts: str | None) -> bytes:
    return b"".join([_encode(text) for text in texts])


def values_digest(kind: str, values: Sequence[Value]) -> bytes:
    """Digest of any other record: its kind and its columns, in a fixed order."""
    encoded = b"".join([_encode(value) for value in (kind, *values)])
    return blake2b(encoded, digest_size=DIGEST_BYTES).digest()


def _encode(value: Value) -> bytes:
    match value:
        case None:
            return _NONE
        case str():
            text = value.encode()
            return _TAGGED.pack(b"S", len(text)) + text
        case int():
            return _INT.pack(b"I", value)
        case bytes():
            return _TAGGED.pack(b"B", len(value)) + value
