"""Periods and what happens in them, as a Mermaid timeline that is valid by construction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.document.mermaid.labels import words


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, in words, and its events."""

    name: str
    events: tuple[str, ...]


def timeline(title: str, periods: Sequence[Period]) -> str:
    """The source of a diagram."""
    rows = (map(words, (period.name, *period.events)) for period in periods)
    lines = [f"    {' : '.join(row)}" for row in rows]
    return "\n".join(["timeline", f"    title {words(title)}", *lines, ""])
