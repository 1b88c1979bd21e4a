"""How quickly the agent shows, stops and goes, measured end to end: ``make agent-shows``.

Two genuine y-websocket clients watch a real server whose model is llmock. The figures are
printed, not asserted: they are the machine's. What does not live here: that it is right
(``test_agent``, ``test_agent_elsewhere``).
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from tests.e2e.rest import Program
from tests.e2e.server import Server
from tests.e2e.test_agent import ANSWER, BODIES, ROBOT, asked, ended, watching
from tests.interop.clients import Client, Clients

QUIET_S = 0.5
"""Without a new character for so long, the agent has stopped."""

WELL_UNDER_WAY = 60
"""Characters, of some 460."""


def main() -> None:
    """All figures."""
    with LLMockServer() as model, TemporaryDirectory() as folder:
        llmock = LLMock(model)
        llmock.tool_mode("off").reply(ANSWER, times=None).pace(60)
        settings = {
            "OPENAI_BASE_URL": llmock.base_url(),
            "OPENAI_API_KEY": "k",
            "AGENTC_MODEL": "m",
        }
        with Server(Path(folder), settings=settings) as server, Clients() as clients:
            measure(server, clients)


def measure(server: Server, clients: Clients) -> None:
    """One project, in which ada asks and boss rules."""
    server.add_user("boss@x.example")
    token = server.add_user("ada@x.example")
    project = server.add_project("boss@x.example")
    server.cli("member", "add", project, "ada@x.example", "editor")
    program = Program(server, project, token)
    first, second = watching(server, clients, project, token)
    begun = time.monotonic()
    run = asked(program)
    first.until(f"{BODIES}.length > 0")
    tell("first text after the request (the model's first token comes between)", begun)
    second.until(ROBOT)
    tell("the agent's presence after the request", begun)
    first.until(f"{BODIES}.length > {WELL_UNDER_WAY}")
    length = second.run(f"{BODIES}.length")
    begun = time.monotonic()
    program.done("POST", f"/runs/{run}/cancel")
    show("last text after a cancel", begun, last_growth(second, length))
    print(f"  it ended: {ended(program, run)['status']}")
    print(f"  {server.cli('agent', 'revert', run).strip()}")
    run = asked(program)
    first.until(f"{BODIES}.length > {WELL_UNDER_WAY}")
    server.cli("member", "add", project, "ada@x.example", "viewer")
    length, begun = second.run(f"{BODIES}.length"), time.monotonic()
    show("last text after the command that took the role", begun, last_growth(second, length))
    print(f"  it ended: {ended(program, run)['reason']}")
    second.until(f"!{ROBOT}")
    tell("presence gone after the loss of the role", begun)


def last_growth(client: Client, length: int) -> float | None:
    """When the text has grown beyond this for the last time; None if it has not."""
    at, quiet_since = None, time.monotonic()
    while time.monotonic() - quiet_since < QUIET_S:
        if (now := client.run(f"{BODIES}.length")) > length:
            length, at = now, time.monotonic()
            quiet_since = at
    return at


def tell(what: str, since: float) -> None:
    """What is so now."""
    show(what, since, time.monotonic())


def show(what: str, since: float, at: float | None) -> None:
    """One figure."""
    took = "none came" if at is None else f"{(at - since) * 1000:6.0f} ms"
    print(f"{what:75} {took}")


if __name__ == "__main__":
    main()
