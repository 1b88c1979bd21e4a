"""What the contracts of the projection write: elements, and steps that put them."""

import json
from collections.abc import Sequence
from hashlib import sha256

from server.document.fields import Problem
from server.document.schema import Diagram, Edge, Node, Section
from server.protocol.ids import ProjectId, Seq
from server.room.difference import wording
from server.room.projection_ports import Conclusion, Drop, Element, Kind, Known, Put, Step
from tests.contracts.backends import AnyStore, batch, new_projects


def node(id: str, label: str = "", content: str = "") -> Node:
    """A node at the origin."""
    return Node(id, label, "idea", 0.0, 0.0, content)


def edge(id: str, source: str, target: str, label: str = "") -> Edge:
    """An edge."""
    return Edge(id, source, target, label)


def section(id: str, rank: str = "a", title: str = "", body: str = "") -> Section:
    """A section of the plan."""
    return Section(id, title, body, rank)


def diagram(id: str, title: str = "") -> Diagram:
    """A diagram."""
    return Diagram(id, title, "flowchart", "graph TD", "graph")


def put(element: Element) -> Put:
    """A row with all its words."""
    return Put(element, sha256(repr(element).encode()).digest()[:24], wording(element))


def digests(known: Known) -> dict[Kind, dict[str, bytes]]:
    """The digests of rows, by kind and id."""
    objects = {kind: json.loads(text) for kind, text in known.digests.items()}
    return {
        kind: {id: bytes.fromhex(digits) for id, digits in found.items()}
        for kind, found in objects.items()
    }


def step(
    project: ProjectId,
    puts: Sequence[Element] = (),
    drops: Sequence[Drop] = (),
    *,
    version: int = 0,
    seq: int = 1,
    problems: Sequence[Problem] = (),
    last: bool = True,
) -> Step:
    """A step; the last one of its difference, if not said otherwise."""
    conclusion = Conclusion(tuple(problems), len(problems)) if last else None
    return Step(project, Seq(seq), version, tuple(map(put, puts)), tuple(drops), conclusion)


async def edited(store: AnyStore, number: int = 1) -> list[ProjectId]:
    """Projects with one edit each, of which no projection knows."""
    projects = await new_projects(store, number)
    await store.log.append([batch(project, b"edit") for project in projects])
    return projects
