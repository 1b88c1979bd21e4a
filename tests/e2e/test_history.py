"""What a running server does for the past of projects, and tells of it, seen from outside."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import PATIENCE_S, Server, wait_for

pytestmark = pytest.mark.slow

TWO_DAYS_MILLIS = 2 * 24 * 3600 * 1000


@contextmanager
def followed(server: Server, project: str, token: str) -> Iterator[HTTPResponse]:
    """The stream of a project's events."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    with closing(connection):
        path = f"/api/v1/projects/{project}/events"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        with answer:
            assert answer.status == 200
            yield answer


def next_event(stream: HTTPResponse) -> tuple[str, Any]:
    """Kind and data of the next one; no kind at the end."""
    kind = ""
    while line := stream.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        if name == "data":
            return kind, json.loads(value)
    return "", None


def occasions(server: Server, project: str) -> list[str]:
    return [one["occasion"] for one in server.json("snapshot", "list", project)]


def test_what_commands_do_reaches_who_follows_and_a_stop_lets_them_go(
    server: Server, database: str | None
) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    server.cli("user", "add", "bob@x.example")
    with followed(server, project, token) as stream:
        assert next_event(stream)[0] == "ready"
        snapshot = server.cli("snapshot", "add", project, "--name", "whole").strip()
        kind, data = next_event(stream)
        assert (kind, data["snapshot"], data["name"]) == ("snapshot-taken", snapshot, "whole")
        server.cli("snapshot", "restore", snapshot)
        kind, data = next_event(stream)
        assert (kind, data["snapshot"]) == ("restored", snapshot)
        server.cli("member", "add", project, "bob@x.example", "viewer")
        kind, data = next_event(stream)
        assert (kind, data["role"]) == ("members-changed", "viewer")
        assert server.stop() == 0
        assert next_event(stream)[0] == ""
    assert "Traceback" not in server.log()


def test_a_server_keeps_daily_what_has_changed_and_before_what_would_be_lost(
    server: Server, tmp_path: Path
) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    server.stop()
    with closing(sqlite3.connect(tmp_path / "data" / "8gentc.db")) as raw:
        raw.execute("UPDATE projects SET created_at = created_at - ?", (TWO_DAYS_MILLIS,))
        raw.commit()
    with server:
        wait_for("a daily snapshot", lambda: occasions(server, project) == ["daily"])
        nodes = f"/api/v1/projects/{project}/nodes"
        assert server.request("POST", nodes, token=token, body=b'{"label": "x"}')[0] == 201
        [daily] = server.json("snapshot", "list", project)
        path = f"/api/v1/projects/{project}/snapshots/{daily['id']}/restore"
        assert server.request("POST", path, token=token, body=b"{}")[0] == 200
        assert occasions(server, project) == ["before-restore", "daily"]
        assert server.cli("fsck").strip() == "no problems found"
    assert "Traceback" not in server.log()
