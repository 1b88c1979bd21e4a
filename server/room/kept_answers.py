"""Answers kept so that a repeated request is not done twice, as a port of the store.

Implemented by the store, used by the edge, which knows what a request is. Only records and
the protocol live here.

Law kept here: L11. A key is a digest, and an answer is sealed by whoever keeps it: what the
store holds is readable to nobody who does not hold the credential of the first request.
"""

from dataclasses import dataclass
from typing import Protocol

from server.protocol.ids import Millis

KEPT_MILLIS = 24 * 60 * 60 * 1000
"""How long an answer is kept."""

CLAIM_MILLIS = 5 * 60 * 1000
"""How long a request may run; after that its process is taken to have died."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Nobody has done this: do it. ``claim`` names the attempt."""

    claim: str


@dataclass(frozen=True, slots=True)
class Differs:
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True)
class Running:
    """The first attempt is still under way."""


@dataclass(frozen=True, slots=True)
class Kept:
    """It is done; this is its answer, sealed."""

    sealed: bytes


Found = Claimed | Differs | Running | Kept
"""What a key stands for."""


class KeptAnswers(Protocol):
    """Who does what for the first time."""

    async def claim(self, key: bytes, request: bytes, *, now: Millis) -> Found:
        """What is known of this key; if nothing, it is the caller's from now on. ``request``
        is a digest of what is asked for."""

    async def keep(self, key: bytes, claim: str, sealed: bytes) -> None:
        """The answer of a claimed attempt; nothing, if another attempt has taken it over."""

    async def release(self, key: bytes, claim: str) -> None:
        """The attempt did nothing: whoever comes next may try."""
