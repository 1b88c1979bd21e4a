"""The plan as one Markdown text. Pure; what does not live here: the sections' order."""

from collections.abc import Iterable

from server.document.schema import Section


def plan_as_markdown(title: str, sections: Iterable[Section]) -> str:
    """A heading, then each section under its own. Bodies are Markdown, and stand as they are."""
    parts = [_heading(1, title)]
    for section in sections:
        parts.append(_heading(2, section.title))
        if body := section.body.strip("\n"):
            parts.append(body)
    return "\n\n".join(parts) + "\n"


def _heading(level: int, words: str) -> str:
    """A line break would end it."""
    return " ".join(["#" * level, *words.split()])
