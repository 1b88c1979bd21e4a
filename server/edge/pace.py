"""How fast one connection may write, and how many one user may hold.

Too fast is answered by reading more slowly, never by dropping or refusing (L6): the
sender's own buffers fill, and it slows down. Too many is refused before the upgrade.
Both are arithmetic; time and waiting are the caller's.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from server.protocol.errors import TooMany
from server.protocol.ids import UserId

BURST_SECONDS = 5.0
"""How much of its rate a quiet connection may save up: a paste, or the way back online."""


@dataclass(slots=True)
class Bucket:
    """Credit that refills at ``rate`` per second, up to a burst. It may go below zero: an
    amount larger than any burst must still pass, and is paid for by waiting after it."""

    rate: float
    since: float
    spent: float = 0.0

    def spend(self, amount: float, now: float) -> float:
        """Take ``amount``; returns the seconds to wait before taking more."""
        self.spent = max(0.0, self.spent - (now - self.since) * self.rate) + amount
        self.since = now
        return max(0.0, self.spent / self.rate - BURST_SECONDS)


@dataclass(frozen=True, slots=True)
class Pace:
    """The two rates of one connection."""

    edits: Bucket
    size: Bucket

    def spend(self, messages: int, size: int, now: float) -> float:
        """A frame of so many messages and bytes came in; returns the seconds to wait. A frame
        without any still counts as one."""
        return max(self.edits.spend(max(1, messages), now), self.size.spend(size, now))


class ConnectionCount:
    """Live connections of each user in this process."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._held: Counter[UserId] = Counter()

    def held(self, user: UserId) -> "Hold":
        """Count one connection, as long as the answer is held. Raises ``TooMany`` at the
        limit."""
        if self._limit is not None and self._held[user] >= self._limit:
            raise TooMany(f"this user has {self._limit} connections open already")
        self._held[user] += 1
        return Hold(self._held, user)


class Hold:
    """One connection that is counted: while inside, or if kept until it is released."""

    __slots__ = ("_held", "_kept", "_user")

    def __init__(self, held: Counter[UserId], user: UserId) -> None:
        self._held = held
        self._user = user
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            self.release()

    def keep(self) -> Callable[[], None]:
        """Stay counted when the block ends; the answer ends it, and is to be called once."""
        self._kept = True
        return self.release

    def release(self) -> None:
        """Count it no longer."""
        self._held[self._user] -= 1
        if not self._held[self._user]:
            del self._held[self._user]
