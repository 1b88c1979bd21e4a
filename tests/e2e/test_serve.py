"""The real command on a real port: it starts, refuses, logs, and ends as documented."""

import json
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.server import CLI, Server, wait_for

pytestmark = pytest.mark.slow

STEP_1 = bytes.fromhex("00000100")
"""Sync step 1 of an empty document."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that logs all it may."""
    with Server(tmp_path, settings={"AGENTC_LOG_LEVEL": "debug"}) as made:
        yield made


def url(server: Server, project: str, token: str | None) -> str:
    """Where a browser would connect."""
    return f"{server.yjs}/{project}" + ("" if token is None else f"?token={token}")


def refusal(address: str, **headers: str) -> tuple[int, dict[str, object]]:
    """The HTTP answer to an upgrade that is refused."""
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers):
        pass
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, json.loads(response.body or b"{}")


def answers(socket: ClientConnection) -> bool:
    """Whether a question is answered with a step 2."""
    socket.send(STEP_1)
    while True:
        frame = socket.recv(timeout=10)
        assert isinstance(frame, bytes)
        if frame[:2] == b"\x00\x01":
            return True


def test_a_member_connects_by_query_or_header_and_others_are_refused_before_the_upgrade_L8(
    server: Server,
) -> None:
    ada, bob = server.add_user("ada@x.org"), server.add_user("bob@x.org")
    project = server.add_project("ada@x.org")
    with connect(url(server, project, ada)) as socket:
        assert answers(socket)
    with connect(
        url(server, project, None), additional_headers={"Authorization": f"Bearer {ada}"}
    ) as socket:
        assert answers(socket)

    assert refusal(url(server, project, None))[0] == 401
    assert refusal(url(server, project, "8g_" + "x" * 43))[0] == 401
    assert refusal(url(server, project, bob))[0] == 404
    assert refusal(url(server, "nothing", ada))[0] == 404
    assert refusal(url(server, project, ada), Origin="https://evil.example")[0] == 403
    status, body = refusal(url(server, project, None))
    assert (status, body["type"]) == (401, "urn:8gentc:problem:not-authenticated")


def test_no_token_reaches_the_log_even_at_debug_L11(server: Server) -> None:
    ada = server.add_user("ada@x.org")
    project = server.add_project("ada@x.org")
    with connect(url(server, project, ada)) as socket:
        assert answers(socket)
    refusal(url(server, project, "8g_" + "x" * 43))
    refusal(url(server, project, None), Authorization=f"Bearer {ada}x")
    wait_for("the last visit is logged", lambda: server.log().count(" 401 ") == 2)
    log = server.log()
    assert f"WEBSOCKET /yjs/{project} 101" in log
    assert ada not in log
    assert "token=" not in log
    assert "xxxxxxxx" not in log


def test_an_offered_subprotocol_is_chosen(server: Server) -> None:
    ada = server.add_user("ada@x.org")
    address = url(server, server.add_project("ada@x.org"), ada)
    offered = [Subprotocol("yjs"), Subprotocol("other")]
    with connect(address, subprotocols=offered) as socket:
        assert socket.subprotocol == "yjs"
        assert answers(socket)


@pytest.mark.parametrize("frame", ["text", b"", b"\xff" * 20, b"\x00\x02\x05ab"])
def test_a_frame_that_does_not_decode_ends_its_sender_with_a_code_L7(
    server: Server, frame: str | bytes
) -> None:
    ada = server.add_user("ada@x.org")
    address = url(server, server.add_project("ada@x.org"), ada)
    with connect(address) as honest, connect(address) as offender:
        offender.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                offender.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
        assert answers(honest)


def test_a_user_holds_so_many_connections_and_no_more(tmp_path: Path) -> None:
    with Server(tmp_path, settings={"AGENTC_MAX_CONNECTIONS_PER_USER": "2"}) as server:
        ada = server.add_user("ada@x.org")
        address = url(server, server.add_project("ada@x.org"), ada)
        with connect(address), connect(address) as second:
            assert answers(second)
            assert refusal(address)[0] == 429
        wait_for("both are gone", lambda: server.metric("agentc_connections") == 0)
        with connect(address) as again:
            assert answers(again)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_says_goodbye_and_exits_with_0(server: Server, number: signal.Signals) -> None:
    ada = server.add_user("ada@x.org")
    with connect(url(server, server.add_project("ada@x.org"), ada)) as socket:
        assert answers(socket)
        assert server.process is not None
        server.process.send_signal(number)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    assert server.stop() == 0
    assert "Traceback" not in server.log()


def test_health_and_metrics_answer_without_credentials(server: Server) -> None:
    assert server.get("/health/live") == (200, b'{"status":"live"}')
    assert server.get("/health/ready") == (200, b'{"status":"ready"}')
    assert server.metric("agentc_store_in_service") == 1


def test_the_key_is_made_privately_on_the_first_start_L11(server: Server) -> None:
    key = server.folder / "data" / "secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_first_run_prints_once_how_to_connect_L11(tmp_path: Path) -> None:
    first = run_and_stop(Server(tmp_path), "--first-run")
    address = re.search(r"ws://\S+\?token=8g_\S+", first)
    assert address is not None
    server = Server(tmp_path)
    with server:
        opened = re.sub(r":\d+/", f":{server.port}/", address.group())
        with connect(opened) as socket:
            assert answers(socket)
    assert "8g_" not in run_and_stop(Server(tmp_path), "--first-run")


def run_and_stop(server: Server, *options: str) -> str:
    """What ``serve`` prints on standard output until it is ready."""
    with subprocess.Popen(
        [*CLI, "serve", "--port", str(server.port), *options],
        cwd=server.folder,
        env=server.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        wait_for("the server is ready", lambda: server.get("/health/ready")[0] == 200)
        process.terminate()
        printed = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    return printed


@pytest.mark.parametrize(
    ("settings", "options", "told"),
    [
        (
            {"AGENTC_PROT": "1"},
            [],
            "8gentc: unknown setting AGENTC_PROT: did you mean AGENTC_PORT?",
        ),
        (
            {},
            ["--port", "high"],
            "AGENTC_PORT: expected a whole number from 0 to 65535, got 'high'",
        ),
        ({"AGENTC_DATABASE_URL": "mysql://u:hunter2@x"}, [], "AGENTC_DATABASE_URL: expected"),
    ],
)
def test_a_setting_that_is_not_understood_ends_it_with_2(
    tmp_path: Path, settings: dict[str, str], options: list[str], told: str
) -> None:
    environment = Server(tmp_path, settings=settings).environment()
    done = subprocess.run(
        [*CLI, "serve", *options], env=environment, cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("settings", [{}, {"AGENTC_SECRET_KEY": "x" * 16}])
def test_a_data_folder_that_is_a_file_ends_it_with_1_and_one_line(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    environment = Server(tmp_path, settings=settings).environment()
    (tmp_path / "data").write_text("in the way")
    done = subprocess.run(
        [*CLI, "serve"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "data" in done.stderr
    assert done.stderr.startswith("8gentc: ")
    assert done.stderr.count("\n") == 1


def test_a_command_that_fails_says_so_in_one_line_and_exits_with_1(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert server.cli("token", "add", "nobody@x.org", status=1) == ""
    assert server.json("user", "list") == []
