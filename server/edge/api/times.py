"""Moments as the API writes them: RFC 3339, in UTC."""

from datetime import UTC, datetime

from server.protocol.ids import Millis


def moment(at: Millis) -> datetime:
    """A time of the store, to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC)


def moment_or_none(at: Millis | None) -> datetime | None:
    """The same for what may not have happened."""
    return None if at is None else moment(at)
