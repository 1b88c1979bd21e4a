"""The agent at work from elsewhere, seen by a genuine client: from another process on the same
database, and from another installation."""

import os
import subprocess
from pathlib import Path

import pytest
from llmock.pytest_plugin import LLMock

from tests.e2e.rest import Program
from tests.e2e.server import CLI, Server
from tests.e2e.test_agent import ANSWER, BICYCLES, BODIES, COFFEE, PLAN, ROBOT, asked, ended
from tests.interop.clients import Clients

pytestmark = [pytest.mark.slow]

HERE = {"AGENTC_MODEL": "gpt-test", "OPENAI_API_KEY": "k"}


def at_work(server: Server) -> "subprocess.Popen[bytes]":
    """``agent work``, beside a server that has no worker of its own."""
    return subprocess.Popen(
        [*CLI, "agent", "work"],
        cwd=server.folder,
        env=server.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.node
def test_l9_a_worker_of_another_process_is_seen_until_its_lease_ends_and_another_goes_on(
    tmp_path: Path, llmock: LLMock
) -> None:
    llmock.tool_mode("off").reply(ANSWER, times=None).pace(60)
    settings = {**HERE, "OPENAI_BASE_URL": llmock.base_url(), "AGENTC_AGENT_WORKERS": "0"}
    with Server(tmp_path, settings=settings) as server, Clients() as clients:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        program = Program(server, project, token)
        witness = clients.open("w", server.yjs, project, {"token": token}).synced()
        with at_work(server) as worker:
            run = asked(program)
            witness.until(f"{BODIES}.length > 20 && {ROBOT}")
            worker.kill()
        witness.until(f"!{ROBOT}")
        assert program.done("GET", f"/runs/{run}")["run"]["status"] == "running", "nobody has it"
        with at_work(server) as worker:
            witness.until(ROBOT)
            assert ended(program, run)["status"] == "done"
            worker.terminate()
        witness.until(f"{BODIES}.length >= {len(COFFEE + BICYCLES)}")
        assert witness.run(PLAN) == {"Coffee": COFFEE, "Bicycles": BICYCLES}
        witness.until(f"!{ROBOT}")


def joined(
    folder: Path, llmock: LLMock, server: Server, project: str, token: str
) -> "subprocess.Popen[str]":
    """``agent join``, in a folder with settings of its own."""
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTC_")}
    url = f"ws://127.0.0.1:{server.port}"
    return subprocess.Popen(
        [*CLI, "agent", "join", "--url", url, "--project", project, "A plan"],
        cwd=folder,
        env={**kept, **HERE, "PYTHONPATH": server.environment()["PYTHONPATH"],
             "OPENAI_BASE_URL": llmock.base_url()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def said(program: "subprocess.Popen[str]", token: str) -> tuple[int, str]:
    """Its exit status, and what it printed."""
    printed, _ = program.communicate(f"{token}\n", timeout=60)
    return program.returncode, printed


@pytest.mark.node
def test_a_plan_is_written_in_a_room_of_another_server_and_survives_its_death(
    tmp_path: Path, llmock: LLMock
) -> None:
    llmock.tool_mode("off").reply(ANSWER, times=None).pace(60)
    (tmp_path / "there").mkdir()
    with Server(tmp_path / "there") as server:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        with Clients() as clients:
            witness = clients.open("w", server.yjs, project, {"token": token}).synced()
            program = joined(tmp_path / "here", llmock, server, project, token)
            assert program.stdin is not None
            program.stdin.write(f"{token}\n")
            program.stdin.flush()
            witness.until(f"{BODIES}.length > 20")
            assert witness.run(f"{BODIES}.length") < len(COFFEE + BICYCLES), "it comes bit by bit"
            witness.until(ROBOT)
            status, printed = said(program, "")
            assert (status, printed.split()[-1]) == (0, "done"), printed
            server.kill()
        server.start()
        with Clients() as clients:
            witness = clients.open("w", server.yjs, project, {"token": token}).synced()
            assert witness.run(PLAN) == {"Coffee": COFFEE, "Bicycles": BICYCLES}
            assert not witness.run(ROBOT)


@pytest.mark.parametrize(
    ("role", "told"),
    [("viewer", "you may read this document"), (None, "no such project"), ("", "know this token")],
)
def test_who_may_not_write_there_is_told_so_and_nothing_is_written(
    tmp_path: Path, llmock: LLMock, role: str | None, told: str
) -> None:
    llmock.tool_mode("off").reply(ANSWER, times=None)
    (tmp_path / "there").mkdir()
    with Server(tmp_path / "there") as server:
        server.add_user("boss@x.example")
        token = server.add_user("ada@x.example")
        project = server.add_project("boss@x.example")
        if role:
            server.cli("member", "add", project, "ada@x.example", role)
        given = "nonsense" if role == "" else token
        status, printed = said(joined(tmp_path / "here", llmock, server, project, token), given)
        assert status == 1
        assert told in printed
        assert given not in printed, "L11"
