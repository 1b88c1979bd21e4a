"""kill -9 of the server, at any moment: what anybody has received is in the document."""

import asyncio
import random
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.e2e.conftest import ROUNDS
from tests.e2e.server import Server, wait_for
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

LONGEST_S = 6.5
"""Past the first round of the compactor, which is due from the start."""

COMPACTION_S = 2.0
"""A compaction is done so long after the worker process appears, give or take."""

TYPE = """setInterval(() => { const t = doc.getText('t'), all = t.toString()
  log.typed = (log.typed || 0) + 1
  t.insert(all.indexOf('>', Math.random() * all.length) + 1, '<NAME' + log.typed + '>')
}, 4)"""
RECEIVED = "doc.getText('t').toString()"
MARK = re.compile(r"<(\w+?)(\d+)>")


def typing_clients(server: Server, clients: Clients, project: str, token: str) -> list[Client]:
    names = ["a", "b", "c", "d"]
    everybody = [clients.open(name, server.yjs, project, {"token": token}) for name in names]
    for client in everybody:
        client.synced()
    for client in everybody:
        client.run(TYPE.replace("NAME", client.name) + "[Symbol.toPrimitive]()")
    return everybody


def received_from_others(everybody: list[Client]) -> set[str]:
    """Marks that somebody holds who did not type them."""
    received = set()
    for client in everybody:
        for author, number in MARK.findall(str(client.run(RECEIVED))):
            if author != client.name:
                received.add(f"{author}{number}")
    return received


def wait_for_the_moment(server: Server, seed: int) -> str:
    """Until any moment; in every other round, until any moment of a compaction."""
    chance = random.Random(seed)
    if seed % 2 == 0:
        pause = chance.uniform(0.3, LONGEST_S)
        time.sleep(pause)
        return f"after {pause:.2f} s"
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    wait_for("a compaction starts", process.children)
    pause = chance.uniform(0, COMPACTION_S)
    time.sleep(pause)
    return f"{pause:.2f} s into a compaction"


def checkpoints(server: Server) -> int:
    """How many compactions have committed."""
    query = "SELECT count(*) FROM checkpoints"
    if server.database_url is not None:
        return int(asyncio.run(_postgres_value(server.database_url, query)))
    path = server.folder / "data" / "8gentc.db"
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(query).fetchone()[0])


async def _postgres_value(url: str, query: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_anybody_received_survives_kill_9__L1_L4(
    tmp_path: Path, database: str | None, seed: int
) -> None:
    server = Server(tmp_path, database)
    with server:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        with Clients() as clients:
            filler = clients.open("filler", server.yjs, project, {"token": token}).synced()
            filler.run("doc.getText('filler').insert(0, 'x'.repeat(100000))")
            everybody = typing_clients(server, clients, project, token)
            moment = wait_for_the_moment(server, seed)
            assert server.process is not None
            workers = psutil.Process(server.process.pid).children(recursive=True)
            server.kill()
            received = received_from_others(everybody)
        started, done = len(workers) > 0, checkpoints(server)
        assert psutil.wait_procs(workers, timeout=10)[1] == [], "a worker outlives its server"
        server.start()
        with Clients() as clients:
            witness = clients.open("witness", server.yjs, project, {"token": token}).synced()
            kept = {"".join(pair) for pair in MARK.findall(witness.text())}
        assert len(received) > 20
        assert received <= kept, f"lost, killed {moment}: {sorted(received - kept)}"
        server.cli("fsck", project)
        compaction = "none" if not started else "committed" if done else "cut off"
        print(f"killed {moment}; compaction: {compaction}; {len(received)} marks received")
