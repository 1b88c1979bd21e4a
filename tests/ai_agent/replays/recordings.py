"""Answers of models, kept to be replayed.

Those by ``SmolLM2-135M`` are as it gave them, faults included (``record``); those by ``hand`` say
what a good model says, in the same form.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server.room.run_ports import RunTask

FOLDER = Path(__file__).parent / "recordings"


@dataclass(frozen=True, slots=True)
class Recording:
    """One request and its answer. ``diagram`` is the kind that was asked for, if one was."""

    by: str
    task: RunTask
    diagram: str | None
    prompt: str
    answer: str

    def fields(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def recordings() -> list[Recording]:
    """All of them, in the order of their names."""
    kept = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    return [Recording(**{**one, "task": RunTask(one["task"])}) for one in kept]
