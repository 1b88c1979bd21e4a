"""What may go wrong with a replay, and what a model says then.

What does not live here: how it is made to happen (``replay``, ``wire``).
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from tests.ai_agent.replays.recordings import Recording
from tests.ai_agent.replays.wire import BEFORE, Fault, Script


class Event(StrEnum):
    """What happens to the run, the room or the store."""

    KILLED = "worker killed and resumed"
    USURPED = "lease lost while it speaks"
    HANDED_ON = "worker stopped and resumed"
    CANCELLED = "cancelled"
    ROLE_LOST = "role lost"
    ROOM_ENDED = "room closed"
    STORE_FAILED = "commit failed"
    OVER_BUDGET = "over budget"


Trouble = Fault | Event | None
TROUBLES: Final[Sequence[Trouble]] = (None, *Fault, *Event)

NASTY: Final = (
    "end", "]", '"', "#quot;", "a---oB", "-->", "😀", "section x", "%%{init: {}}%%", ";", "`x`",
    "style a fill:#fff;", "click a", "<b>", "e\u0301", "\u200b", "نص", "x\ny", "{", "|", "()",
)  # fmt: skip
"""What people and models put into labels, and what breaks Mermaid where it is not escaped."""


def roughened(recording: Recording, chance: random.Random) -> Recording:
    """Half of the time, with something nasty in its labels and titles."""
    if chance.random() < 0.5:
        return recording
    answer = recording.answer
    for name in ("label", "title", "name", "text"):
        before, mark, after = answer.partition(f'"{name}": "')
        nasty = chance.choice(NASTY).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        answer = before + mark + (nasty if mark else "") + after
    return replace(recording, answer=answer)


def scripts(recording: Recording, trouble: Trouble, chance: random.Random) -> list[Script]:
    """The answer, after as many that went wrong as there are; the next time perhaps in other
    words."""
    text = recording.answer
    again = text.replace(". ", "! ") if chance.random() < 0.25 else text
    if not isinstance(trouble, Fault):
        return [Script(text), Script(again)]
    after = 0.0 if trouble in BEFORE else chance.random()
    wrong = [Script(text, trouble, after) for _ in range(chance.choice((1, 1, 2, 3)))]
    return [*wrong, Script(again)]
