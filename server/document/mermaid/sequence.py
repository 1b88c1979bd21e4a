"""Who tells whom what, as a Mermaid sequence diagram that is valid by construction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.document.mermaid.labels import words


@dataclass(frozen=True, slots=True)
class Message:
    """An arrow from one participant to another or itself, by their ids; a reply is dotted."""

    source: str
    target: str
    text: str
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """A column."""

    id: str
    label: str


def sequence_diagram(participants: Sequence[Participant], messages: Sequence[Message]) -> str:
    """The source of a diagram. Messages without both ends are left out."""
    names: dict[str, str] = {}
    lines = ["sequenceDiagram"]
    for one in participants:
        names[one.id] = f"p{len(names)}"
        lines.append(f"    participant {names[one.id]} as {words(one.label)}")
    for message in messages:
        if message.source in names and message.target in names:
            arrow = "-->>" if message.is_reply else "->>"
            ends = f"{names[message.source]}{arrow}{names[message.target]}"
            lines.append(f"    {ends}: {words(message.text)}")
    return "\n".join([*lines, ""])
