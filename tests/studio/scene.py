"""A project with something in it: what tests and screenshots of the studio look at."""

from typing import Any, Protocol

NODES = (
    ("300 subscribers by June", "goal", -8, -176, "Break-even is at 240."),
    ("Sourdough for offices", "offer", -8, 0, "Fresh bread at 8:30, every working day."),
    ("Office managers", "customer", -312, 168, "20 to 200 people, within 4 km of the oven"),
    ("Cargo bike delivery", "channel", -8, 200, ""),
    ("Subscription", "money", 312, 168, "€9 per person and week, billed monthly"),
    ("Flour prices", "risk", 312, 344, "Up 18% since spring"),
    ("Find a second oven", "task", -312, 344, ""),
)
EDGES = (
    (0, 1, ""),
    (1, 2, "for"),
    (1, 3, "through"),
    (1, 4, "earns by"),
    (4, 5, "threatened by"),
    (2, 6, ""),
)
SECTIONS = (
    (
        "Summary",
        """We bake **sourdough** at night and bring it to offices by cargo bike before 8:30.

- one oven, one neighbourhood, one price
- no shop, no leftovers
""",
    ),
    (
        "Customers",
        """Office managers of companies with 20 to 200 people.

> Bread is the one perk that everybody uses.
""",
    ),
    ("Money", "At €9 per person and week we break even with **240 subscribers**.\n"),
    ("Risks", "Flour has become dearer by 18% since spring.\n"),
)
SEQUENCE = """sequenceDiagram
    Office->>Bakery: Order until noon
    Bakery->>Oven: Bake at night
    Oven-->>Bakery: Bread
    Bakery-->>Office: Delivery before 8:30
"""


class Api(Protocol):
    """Whoever can ask the API."""

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer, which must be good."""

    def get(self, path: str) -> Any:
        """The same for what is only read."""


def make_bakery(api: Api) -> str:
    """The id of a project with a graph, a plan and a diagram."""
    body = {"title": "Corner bakery", "description": "Sourdough for offices, by cargo bike"}
    project: str = api.post("/projects", body)["id"]
    names = [f"node{index}" for index in range(len(NODES))]
    operations: list[dict[str, Any]] = [
        _add("node", id=name, label=label, kind=kind, x=x, y=y, content=content)
        for name, (label, kind, x, y, content) in zip(names, NODES, strict=True)
    ]
    operations += [
        _add("edge", source=names[source], target=names[target], label=label)
        for source, target, label in EDGES
    ]
    operations += [_add("section", title=title, body=body) for title, body in SECTIONS]
    operations.append(_add("diagram", title="A morning", kind="sequence", source=SEQUENCE))
    api.post(f"/projects/{project}/bulk", {"operations": operations})
    return project


def make_grid(api: Api, nodes: int, edges: int) -> str:
    """A project with a large graph."""
    project: str = api.post("/projects", {"title": "A large board"})["id"]
    operations = [
        _add("node", id=f"n{i}", label=f"Node {i}", kind="note", x=i % 40 * 264, y=i // 40 * 136)
        for i in range(nodes)
    ]
    operations += [
        _add("edge", source=f"n{i % nodes}", target=f"n{(i * 7 + 1 + i // nodes) % nodes}")
        for i in range(edges)
    ]
    for start in range(0, len(operations), 1000):
        api.post(f"/projects/{project}/bulk", {"operations": operations[start : start + 1000]})
    return project


def _add(what: str, **fields: Any) -> dict[str, Any]:
    return {"do": f"add-{what}", what: fields}
