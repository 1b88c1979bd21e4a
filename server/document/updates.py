"""pycrdt's functions on encoded updates, with one error for their many.

pycrdt declines input with ``ValueError``, ``RuntimeError`` or ``PanicException``, which
is not an ``Exception`` and cannot be imported. Here, as in ``replica``, that becomes
``Malformed`` (L7), and nothing else is caught.
"""

from collections.abc import Callable, Sequence
from typing import Final

import pycrdt

from server.protocol.errors import Malformed
from server.protocol.update import EMPTY_UPDATE

_AT_ONCE: Final = 16
"""Updates merged in one call: yrs sorts them anew for every struct that it writes."""


def merge(updates: Sequence[bytes]) -> bytes:
    """One update that says what all of these say; a single one as it is."""
    if len(updates) == 1:
        return updates[0]
    if not updates:
        return EMPTY_UPDATE
    while len(updates) > _AT_ONCE:
        updates = [merge(updates[n : n + _AT_ONCE]) for n in range(0, len(updates), _AT_ONCE)]
    return guarded(lambda: pycrdt.merge_updates(*updates))


def subtract(update: bytes, state_vector: bytes) -> bytes:
    """What of an update the holder of ``state_vector`` lacks. All deletions stay in."""
    return guarded(lambda: pycrdt.get_update(update, state_vector))


def guarded(call: Callable[[], bytes]) -> bytes:
    """The answer of pycrdt, with any refusal as ``Malformed``."""
    try:
        return call()
    except BaseException as error:
        raise Malformed(f"expected bytes that Yjs can read: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """Why pycrdt declined its input; any other error is raised again as it is."""
    if isinstance(error, ValueError | RuntimeError) or is_panic(error):
        return str(error)
    raise error


def is_panic(error: BaseException) -> bool:
    """Whether pycrdt stumbled: not an ``Exception``, and of a class that cannot be imported."""
    return type(error).__name__ == "PanicException"
