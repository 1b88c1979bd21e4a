"""Genuine Mermaid reads every diagram of ours, whatever its labels are.

Labels are drawn from a seed, out of what breaks Mermaid's grammars: their words, their
punctuation, other scripts, and characters that nobody sees.
"""

import json
import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from server.document.mermaid.flowchart import Arrow, Box, flowchart
from server.document.mermaid.gantt import Task, gantt
from server.document.mermaid.mindmap import Item, mindmap
from server.document.mermaid.sequence import Message, Participant, sequence_diagram
from server.document.mermaid.state import state_diagram
from server.document.mermaid.timeline import Period, timeline
from tests.interop.node import run_script

pytestmark = pytest.mark.node

WORDS = [
    "end",
    "END",
    "class",
    "style",
    "graph",
    "subgraph",
    "click",
    "call",
    "href",
    "default",
    "section",
    "participant",
    "loop",
    "note",
    "state",
    "dateFormat",
    "icon",
    "fa:fa-car",
    "a---oB",
    "<script>",
    "@{",
    "today",
    "5d",
    "0",
    "2024",
    "#quot;",
    "#35;",
    "&amp;",
    "&#65;",
    "<b>",
    "</a>",
    "---",
    "--o",
    "--x",
    "-->",
    "->>",
    "==>",
    "%%",
    "%%{init:{}}%%",
    "`",
    "`md`",
    '"',
    "'",
    ";",
    ":",
    "::",
    ":::a",
    "[",
    "]",
    "[*]",
    "(",
    ")",
    "{",
    "}",
    "|",
    "||",
    "\\",
    "\\n",
    "{{",
    "}}",
    "((",
    "))",
    ">",
    "<",
    "/",
    "//",
    "~",
    "~~~",
    "*",
    "**b**",
    "_",
    "__",
    "$$x$$",
    "@",
    ".",
    "!",
    "?",
    "-",
    ",",
    "=",
    "+",
    "^",
    "é",
    "日本語",
    "😀",
    "א",
    "ع",
    "ก็",
    "<<fork>>",
    "[[join]]",
]
PHRASES = [
    "title x",
    "accTitle: a",
    "accDescr {",
    "direction LR",
    "Direction  TD",
    "%% c",
    "style x:#f00;",
    "classDef a:#b;",
    "done, crit",
    ", after t0",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "",
    " ",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u2028",
    "👩\u200d👩\u200d👧",
]
HOSTILE = (*WORDS, *PHRASES)

Drawn = tuple[str, list[str]]
"""The source of a diagram, and the labels that it was made of."""


def text(chance: random.Random) -> str:
    parts = (chance.choice(HOSTILE) for _ in range(chance.randint(0, 5)))
    return chance.choice(["", " "]).join(parts)


def a_flowchart(chance: random.Random) -> Drawn:
    a, b, c, d, e = (text(chance) for _ in range(5))
    boxes = [Box("a", a), Box("b", b), Box("c", c)]
    return flowchart(boxes, [Arrow("a", "b", d), Arrow("c", "c", e)]), [a, b, c, d, e]


def a_sequence(chance: random.Random) -> Drawn:
    a, b, c, d = (text(chance) for _ in range(4))
    told = [Message("a", "b", c), Message("b", "b", d, is_reply=True)]
    return sequence_diagram([Participant("a", a), Participant("b", b)], told), [a, b, c, d]


def a_mindmap(chance: random.Random) -> Drawn:
    middle, *items = (text(chance) for _ in range(6))
    levels = [Item(chance.randint(-1, 4), item) for item in items]
    return mindmap(middle, levels), [middle, *items]


def a_gantt(chance: random.Random) -> Drawn:
    title, a, b, c, d = (text(chance) for _ in range(5))
    tasks = [Task(a, b, "2026-02-01", chance.randint(1, 90)), Task(c, d, "2027-01-01", 1)]
    return gantt(title, tasks), [title, a, b, c, d]


def a_state(chance: random.Random) -> Drawn:
    a, b, c, d = (text(chance) for _ in range(4))
    arrows = [Arrow("a", "b", c), Arrow("b", "a", d)]
    return state_diagram([Box("a", a), Box("b", b)], arrows), [a, b, *filter(seen, [c, d])]


def a_timeline(chance: random.Random) -> Drawn:
    title, a, b, c, d = (text(chance) for _ in range(5))
    return timeline(title, [Period(a, (b, c)), Period(d, ())]), [a, b, c, d]


KINDS: dict[str, Callable[[random.Random], Drawn]] = {
    "flowchart-v2": a_flowchart,
    "sequence": a_sequence,
    "mindmap": a_mindmap,
    "gantt": a_gantt,
    "stateDiagram": a_state,
    "timeline": a_timeline,
}


def parsed(sources: list[str]) -> list[Any]:
    answers: list[Any] = json.loads(run_script("mermaid.mjs", json.dumps(sources), timeout=240))
    return answers


def seen(label: str) -> str:
    """A label as a person sees it."""
    kept = "".join(c for c in " ".join(label.split()) if unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())


def check(number: int) -> None:
    """So many of each kind: all are read, and show what they were made of."""
    drawn = [
        (kind, *make(random.Random(f"{kind} {n}")))
        for kind, make in KINDS.items()
        for n in range(number)
    ]
    answers = parsed([source for _, source, _ in drawn])
    assert len(answers) == len(KINDS) * number
    for (kind, source, labels), answer in zip(drawn, answers, strict=True):
        assert answer == {"kind": kind, "labels": list(map(seen, labels))}, source


def test_every_kind_of_diagram_is_read_and_shows_its_labels() -> None:
    check(12)


@pytest.mark.slow
def test_hundreds_of_each_kind_are_read_and_show_their_labels() -> None:
    check(250)


@pytest.mark.slow
def test_what_is_not_escaped_is_refused_or_lost() -> None:
    """The oracle can say no: a keyword as a name is an error, a direction eats its line."""
    one, other = parsed(['flowchart TD\n    end["a"]\n', 'flowchart TD\n    a["direction LR"]\n'])
    assert "error" in one
    assert other == {"kind": "flowchart-v2", "labels": []}


@pytest.mark.slow
def test_diagrams_without_anything_are_read() -> None:
    sources = [flowchart([], []), sequence_diagram([], []), mindmap("", []), gantt("", []),
               state_diagram([], []), timeline("", [])]  # fmt: skip
    assert [answer.get("kind") for answer in parsed(sources)] == list(KINDS)
