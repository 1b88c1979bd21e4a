"""The agent with the small model of our own, watched by genuine clients: ``make agent-offline``.

What it writes is poor, and is printed as it is; that nothing of it is half-written unmarked, and
that its diagrams are diagrams, is what is to be seen. What does not live here: figures of speed
(``agent_shows``), which would be those of the model.
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.e2e.rest import Program
from tests.e2e.server import Server
from tests.e2e.test_agent import ROBOT, watching
from tests.interop.clients import Client, Clients
from tests.interop.node import run_script

REQUESTS = (
    ("plan", "plan for a bicycle repair cafe"),
    ("graph", "graph of its customers, costs and suppliers"),
    ("diagram", "a flowchart of how a bicycle is repaired there"),
    ("sections", "add a section about its opening hours"),
)
SHOWN = (
    "[...doc.getMap('plan').values()].reduce((sum, s) => sum + s.get('body').length, 0)"
    " + doc.getMap('nodes').size + doc.getMap('edges').size + doc.getMap('diagrams').size"
)
LOOK_SECONDS = 0.05


def main() -> None:
    """Every request, one after the other, in one conversation."""
    with TemporaryDirectory() as folder, Server(Path(folder)) as server, Clients() as clients:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        program = Program(server, project, token)
        watchers = watching(server, clients, project, token)
        for task, prompt in REQUESTS:
            watch(program, watchers, task, prompt)
        conclude(program, watchers)


def watch(program: Program, watchers: list[Client], task: str, prompt: str) -> None:
    """One request, and how its outcome came."""
    begun = time.monotonic()
    run = program.done("POST", "/runs", {"prompt": prompt, "task": task})["id"]
    steps: list[tuple[Any, ...]] = []
    robot = [False, False]
    while (found := program.done("GET", f"/runs/{run}")["run"])["status"] in ("queued", "running"):
        for at, client in enumerate(watchers):
            robot[at] = robot[at] or client.run(ROBOT)
        now = tuple(client.run(SHOWN) for client in watchers)
        if not steps or steps[-1][1:] != now:
            steps.append((round(time.monotonic() - begun, 2), *now))
        time.sleep(LOOK_SECONDS)
    print(f"{task}: {found['status']} {found['reason']} after {time.monotonic() - begun:.1f} s")
    print(f"  told: {found['told']}")
    print(f"  model {found['model']}, usage {found['usage']}, presence seen {robot}")
    print(f"  {len(steps)} steps (s, size at a, size at b): {steps[:3]} ... {steps[-2:]}")


def conclude(program: Program, watchers: list[Client]) -> None:
    """What is there in the end, and whether all agree on it."""
    for client in watchers:
        client.until(f"!{ROBOT}")
    states = [client.run("Y.encodeStateVector(doc).length + ':' + " + SHOWN) for client in watchers]
    print(f"both clients have the same: {states[0] == states[1]}")
    for kind in ("plan", "nodes", "edges", "diagrams"):
        items = program.done("GET", f"/{kind}")["items"]
        print(f"{kind}: {len(items)} {json.dumps(items, ensure_ascii=False)[:600]}")
        if kind == "diagrams":
            sources = json.dumps([item["source"] for item in items])
            print(f"  genuine Mermaid: {run_script('mermaid.mjs', sources)}")
    for said in program.done("GET", "/conversation")["items"]:
        print(f"  {said['speaker']}: {said['text'][:100]!r}")


if __name__ == "__main__":
    main()
