"""schemathesis against a running server, as each kind of person: what is documented is what
happens, whatever is sent, in whatever order.

Small here; ``make schemathesis`` runs it for longer.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.server import Server

pytestmark = pytest.mark.slow

SECONDS = int(os.environ.get("SECONDS", "8"))
"""For each kind of person."""
GRACE = 120.0
HOOKS = Path(__file__).with_name("hooks.py")
PROJECTS = 3

CONFIG = """\
hooks = {hooks}

[dictionaries.projects]
values = {projects}

# Otherwise nearly every project that is asked for would be none.
[parameters]
"path.project_id" = {{ dictionary = "projects", probability = 0.7 }}

# What fits the schema is not refused as if it did not. But it may be about somebody who has no
# account, or begin with a page of another list (422), or with what was read yesterday (412).
[checks]
positive_data_acceptance.expected-statuses = {accepted}

# Any bytes fit the schema of an update; few are one.
[[operations]]
include-name = "POST /projects/{{project_id}}/update"
checks.positive_data_acceptance.expected-statuses = {accepted_bytes}

# An answer without an end.
[[operations]]
include-name = "GET /projects/{{project_id}}/events"
enabled = false

# Nor of a zip.
[[operations]]
include-name = "POST /projects/import"
checks.positive_data_acceptance.expected-statuses = {accepted_bytes}
"""
ACCEPTED = ["2xx", 401, 403, 404, 409, 412, 422]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all, whose rate limits do not stand in the way."""
    folder = tmp_path_factory.mktemp("server")
    with Server(folder, settings={"AGENTC_RATE_LIMITS": "off"}) as running:
        yield running


@pytest.fixture(scope="module")
def owner(server: Server) -> str:
    """The token of somebody with projects."""
    return server.add_user("owner@x.example")


@pytest.mark.parametrize("person", ["owner", "editor", "viewer", "stranger", "nobody", "admin"])
def test_nothing_is_answered_that_is_not_documented(
    server: Server, owner: str, tmp_path: Path, person: str
) -> None:
    projects = [posted(server, owner, "/projects", title="Plan")["id"] for _ in range(PROJECTS)]
    token = {"owner": owner, "nobody": None}.get(person, "")
    if token == "":
        token = server.add_user(f"{person}@x.example")
    if person in ("editor", "viewer"):
        for project in projects:
            path = f"/projects/{project}/members"
            posted(server, owner, path, email=f"{person}@x.example", role=person)
    done = run(server, tmp_path, projects, token)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Traceback" not in server.log()


def posted(server: Server, token: str, path: str, **body: str) -> Any:
    """What a POST answers that must succeed."""
    url = f"http://127.0.0.1:{server.port}/api/v1{path}"
    answer = httpx2.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def run(
    server: Server, folder: Path, projects: list[str], token: str | None
) -> "subprocess.CompletedProcess[str]":
    """The command, with what it knows of this server."""
    config = CONFIG.format(
        hooks=json.dumps(str(HOOKS)),
        projects=json.dumps(projects),
        accepted=json.dumps(ACCEPTED),
        accepted_bytes=json.dumps([*ACCEPTED, 400]),
    )
    if token is not None:
        config += f"[auth.openapi.bearer]\nbearer = {json.dumps(token)}\n"
    file = folder / "schemathesis.toml"
    file.write_text(config)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "run"]
    command += [f"http://127.0.0.1:{server.port}/api/v1/openapi.json", "--checks", "all"]
    command += ["--max-time", str(SECONDS), "--warnings", "off", "--continue-on-failure"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS + GRACE, check=False
    )
