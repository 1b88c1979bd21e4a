"""States and what leads from one to another, as a Mermaid diagram valid by construction. Pure."""

from collections.abc import Sequence

from server.document.mermaid.flowchart import Arrow, Box
from server.document.mermaid.labels import label, some_label, words


def state_diagram(states: Sequence[Box], transitions: Sequence[Arrow]) -> str:
    """The source of a diagram, which begins in the first state. States that nothing leaves are
    ends; transitions without both ends are left out."""
    names: dict[str, str] = {}
    lines = ["stateDiagram-v2"]
    for state in states:
        names[state.id] = f"s{len(names)}"
        lines.append(f'    state "{some_label(state.label)}" as {names[state.id]}')
    known = [one for one in transitions if one.source in names and one.target in names]
    if states:
        lines.append("    [*] --> s0")
    for one in known:
        said = f" : {words(one.label)}" if label(one.label) else ""
        lines.append(f"    {names[one.source]} --> {names[one.target]}{said}")
    left = {one.source for one in known}
    lines += [f"    {name} --> [*]" for id, name in names.items() if id not in left]
    return "\n".join([*lines, ""])
