"""Tasks over time as a Mermaid Gantt chart that is valid by construction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.document.mermaid.labels import words


@dataclass(frozen=True, slots=True)
class Task:
    """A bar. ``start`` is a day as ``YYYY-MM-DD``, ``days`` at least 1."""

    section: str
    name: str
    start: str
    days: int


def gantt(title: str, tasks: Sequence[Task]) -> str:
    """The source of a diagram; tasks of one section that follow on each other share a band."""
    lines = ["gantt", f"    title {words(title)}", "    dateFormat YYYY-MM-DD"]
    section: str | None = None
    for number, task in enumerate(tasks):
        if task.section != section:
            section = task.section
            lines.append(f"    section {words(section)}")
        lines.append(f"    {words(task.name)} :t{number}, {task.start}, {task.days}d")
    return "\n".join([*lines, ""])
