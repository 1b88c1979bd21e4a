"""The agent at work in a real server, watched by genuine clients, and killed in the middle."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock

from tests.e2e.rest import Program
from tests.e2e.server import Server, wait_for
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

COFFEE = "Beans, milk and 日本 cups. " * 12
BICYCLES = "Chains and bells. " * 12
ANSWER = json.dumps(
    {
        "sections": [
            {"title": "Coffee", "body": COFFEE},
            {"title": "Bicycles", "body": BICYCLES},
        ]
    }
)
SECTION = "[s.get('title'), s.get('body').toString()]"
PLAN = f"Object.fromEntries([...doc.getMap('plan').values()].map(s => {SECTION}))"
BODIES = f"Object.values({PLAN}).join('')"
ROBOT = "[...provider.awareness.getStates().values()].some(s => s?.user?.name === '8gentc')"
LEASE_S = 40.0


@pytest.fixture
def server(tmp_path: Path, llmock: LLMock) -> Iterator[Server]:
    llmock.tool_mode("off").reply(ANSWER, times=None).pace(60)
    settings = {
        "OPENAI_BASE_URL": llmock.base_url(),
        "OPENAI_API_KEY": "k",
        "AGENTC_MODEL": "gpt-test",
        "AGENTC_MODEL_PRICES": "gpt-test=1/2",
    }
    with Server(tmp_path, settings=settings) as started:
        yield started


def watching(server: Server, clients: Clients, project: str, token: str) -> list[Client]:
    both = [clients.open(name, server.yjs, project, {"token": token}) for name in ("a", "b")]
    return [client.synced() for client in both]


def ended(program: Program, run: str) -> dict[str, Any]:
    def status() -> Any:
        found = program.done("GET", f"/runs/{run}")["run"]
        return found if found["status"] not in ("queued", "running") else None

    found: dict[str, Any] = wait_for("the run ends", status, LEASE_S)
    return found


def asked(program: Program) -> str:
    request = {"prompt": "A plan for a bicycle repair café", "task": "plan"}
    return str(program.done("POST", "/runs", request)["id"])


def test_a_plan_arrives_bit_by_bit_while_people_type_into_it(server: Server) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    program = Program(server, project, token)
    with Clients() as clients:
        first, second = watching(server, clients, project, token)
        run = asked(program)
        first.until(f"{BODIES}.length > 20")
        assert second.run(f"{BODIES}.length") < len(COFFEE + BICYCLES), "it comes bit by bit"
        second.until(ROBOT)
        assert ended(program, run)["status"] == "done"
        for client in (first, second):
            client.until(f"{BODIES}.length >= {len(COFFEE + BICYCLES)}")
            assert client.run(PLAN) == {"Coffee": COFFEE, "Bicycles": BICYCLES}
        second.until(f"!{ROBOT}")
    done = program.done("GET", f"/runs/{run}")["run"]
    assert done["usage"]["cost"] > 0
    assert done["model"] == "gpt-test"
    said = program.done("GET", "/conversation")["items"]
    assert [one["speaker"] for one in said] == ["person", "agent"]
    server.cli("fsck", project)


def test_a_run_whose_server_is_killed_goes_on_and_writes_nothing_twice(server: Server) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    program = Program(server, project, token)
    with Clients() as clients:
        [client, _] = watching(server, clients, project, token)
        run = asked(program)
        client.until(f"{BODIES}.length > 20")
        server.kill()
    server.start()
    done = ended(program, run)
    assert (done["status"], done["attempt"]) == ("done", 2)
    with Clients() as clients:
        witness, _ = watching(server, clients, project, token)
        assert witness.run(PLAN) == {"Coffee": COFFEE, "Bicycles": BICYCLES}
    server.cli("agent", "revert", run)
    wait_for("the server sees the revert", lambda: not program.done("GET", "/plan")["items"])


def test_an_empty_account_at_the_provider_is_told_in_words(server: Server, llmock: LLMock) -> None:
    llmock.reset().fail(429, times=None, code="insufficient_quota")
    token = server.add_user("ada@x.example")
    program = Program(server, server.add_project("ada@x.example"), token)
    failed = ended(program, asked(program))
    assert (failed["status"], failed["reason"]) == ("failed", "no-quota")
    assert "credit" in failed["told"]
