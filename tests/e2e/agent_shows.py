"""How quickly the agent shows, stops and goes, measured end to end: ``make agent-shows``.

Two genuine y-websocket clients watch a real server whose model is llmock. The figures are
printed, not asserted: they are the machine's. What does not live here: that it is right
(``test_agent``, ``test_agent_elsewhere``), and what people are told when it cannot work
(``agent_troubles``).
"""

import json
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from tests.e2e.rest import Program
from tests.e2e.server import Server
from tests.e2e.test_agent import ANSWER, BODIES, PLAN, ROBOT, asked, ended, watching
from tests.interop.clients import Client, Clients

QUIET_S = 0.5
"""Without a new character for so long, the agent has stopped."""

WELL_UNDER_WAY = 60
"""Characters, of some 460."""

REQUESTS = 5
"""So many runs are timed from the request on."""

NEVER = "none came"
WORDS = re.compile(rb'"content": ?"[^"]')


class FirstToken:
    """Writes down when a model sends the first words of its newest answer, around its ASGI."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.at: float | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, passed on as it is."""
        begun = False

        async def noting(message: Any) -> None:
            nonlocal begun
            await send(message)
            if not begun and WORDS.search(message.get("body", b"")):
                begun, self.at = True, time.time()

        await self._app(scope, receive, noting)


def main() -> None:
    """All figures."""
    model = LLMockServer()
    llmock: Any = model.app
    first_token: Any = FirstToken(llmock)
    model.app = first_token
    with model, TemporaryDirectory() as folder:
        model.app = llmock  # By which it is scripted.
        settings = {
            "OPENAI_BASE_URL": model.base_url(),
            "OPENAI_API_KEY": "k",
            "AGENTC_MODEL": "m",
        }
        LLMock(model).tool_mode("off").reply(ANSWER, times=None).pace(60)
        with Server(Path(folder), settings=settings) as server, Clients() as clients:
            measure(server, clients, first_token)


def measure(server: Server, clients: Clients, first_token: FirstToken) -> None:
    """One project, in which ada asks and boss rules."""
    server.add_user("boss@x.example")
    token = server.add_user("ada@x.example")
    project = server.add_project("boss@x.example")
    server.cli("member", "add", project, "ada@x.example", "editor")
    program = Program(server, project, token)
    first, second = watching(server, clients, project, token)
    for _ in range(REQUESTS - 1):
        run = begins(program, (first, second), first_token)
        program.done("POST", f"/runs/{run}/cancel")
        ended(program, run)
        server.cli("agent", "revert", run)
        first.until(f"{BODIES}.length === 0")
        first.until(f"!{ROBOT}")
    run = begins(program, (first, second), first_token)
    cancelled(server, program, second, run)
    run = asked(program)
    first.until(f"{BODIES}.length > {WELL_UNDER_WAY}")
    role_taken(server, program, (first, second), project, run)
    run = asked(program)
    first.until(f"{BODIES}.length > {WELL_UNDER_WAY}")
    second.until(ROBOT)
    killed(server, clients, program, second, run)


def begins(program: Program, watchers: tuple[Client, Client], first_token: FirstToken) -> str:
    """From the request to the first text, as each client saw it."""
    for client in watchers:
        client.run(noting(client.name))
    begun = time.time()
    run = asked(program)
    answered = time.time()
    for client in watchers:
        client.until(f"seen.{client.name}.text && seen.{client.name}.robot")
    first = first_token.at
    assert first is not None
    show("the request is answered", begun, answered)
    show("the model's first token after the request", begun, first)
    for client in watchers:
        seen = client.run(f"seen.{client.name}")
        show(f"client {client.name}: presence after the request", begun, seen["robot"] / 1000)
        show(
            f"client {client.name}: text after the model's first token", first, seen["text"] / 1000
        )
    return run


def noting(name: str) -> str:
    """JavaScript: write down the moments of the first text and of the first presence."""
    note = f"seen.{name}"
    return (
        f"(globalThis.seen ??= {{}}, {note} = {{}}, "
        f"doc.on('update', () => "
        f"{{ if (!{note}.text && {BODIES}.length) {note}.text = Date.now() }}), "
        f"provider.awareness.on('change', () => "
        f"{{ if (!{note}.robot && {ROBOT}) {note}.robot = Date.now() }}), 0)"
    )


def cancelled(server: Server, program: Program, client: Client, run: str) -> None:
    """Stopped by a person, and taken back after a restart and what people wrote inside."""
    client.until(f"{BODIES}.length > {WELL_UNDER_WAY}")
    begun = time.time()
    program.done("POST", f"/runs/{run}/cancel")
    show("last text after a cancel was asked for", begun, last_growth(client, 0))
    print(f"  it ended: {ended(program, run)['status']}")
    client.run("[...doc.getMap('plan').values()][0].get('body').insert(20, '<by a person>')")
    server.stop()
    server.start()
    client.until("provider.synced")
    print(f"  after a restart: {server.cli('agent', 'revert', run).strip()}")
    client.until(f"{BODIES} === '<by a person>'")
    print(f"  what remained of the texts: {json.dumps(client.run(PLAN))}")


def role_taken(
    server: Server, program: Program, watchers: tuple[Client, Client], project: str, run: str
) -> None:
    """The asker becomes a viewer, by a command that takes its time."""
    first, second = watchers
    length = second.run(f"{BODIES}.length")
    started = time.time()
    server.cli("member", "add", project, "ada@x.example", "viewer")
    begun = time.time()
    show("the command that takes the role, from its start to its end", started, begun)
    show("last text after the command that took the role", begun, last_growth(second, length))
    print(f"  it ended: {ended(program, run)['reason']}")
    second.until(f"!{ROBOT}")
    show("presence gone after the loss of the role, at most", begun, time.time())
    server.cli("member", "add", project, "ada@x.example", "editor")
    first.until("provider.synced && provider.wsconnected")


def killed(server: Server, clients: Clients, program: Program, client: Client, run: str) -> None:
    """kill -9 and a new start: the run goes on, its presence comes and goes."""
    begun = time.time()
    server.kill()
    client.until(f"!{ROBOT}")
    show("presence gone after kill -9 of the server", begun, time.time())
    server.start()
    begun = time.time()
    done = ended(program, run)
    show("the run ended after the next start", begun, time.time())
    print(f"  {done['status']} in attempt {done['attempt']}: {done['told']}")


def last_growth(client: Client, length: int) -> float | None:
    """When the text has grown beyond this for the last time; None if it has not."""
    at, quiet_since = None, time.time()
    while time.time() - quiet_since < QUIET_S:
        if (now := client.run(f"{BODIES}.length")) > length:
            length, at = now, time.time()
            quiet_since = at
    return at


def show(what: str, since: float, at: float | None) -> None:
    """One figure."""
    took = NEVER if at is None else f"{(at - since) * 1000:6.0f} ms"
    print(f"{what:60} {took}", flush=True)


if __name__ == "__main__":
    main()
