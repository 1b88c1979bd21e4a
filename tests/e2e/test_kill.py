"""kill -9 of the server, at any moment: what anybody has received is in the document."""

import random
import re
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import ROUNDS
from tests.e2e.server import Server
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

LONGEST_S = 6.5
"""Past the first round of the compactor, which is due from the start."""

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


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_anybody_received_survives_kill_9__L1(
    tmp_path: Path, database: str | None, seed: int
) -> None:
    pause = random.Random(seed).uniform(0.3, LONGEST_S)
    server = Server(tmp_path, database)
    with server:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        with Clients() as clients:
            filler = clients.open("filler", server.yjs, project, {"token": token}).synced()
            filler.run("doc.getText('filler').insert(0, 'x'.repeat(100000))")
            everybody = typing_clients(server, clients, project, token)
            time.sleep(pause)
            server.kill()
            received = received_from_others(everybody)
        server.start()
        with Clients() as clients:
            witness = clients.open("witness", server.yjs, project, {"token": token}).synced()
            kept = {"".join(pair) for pair in MARK.findall(witness.text())}
        assert len(received) > 20
        assert received <= kept, f"lost after {pause:.2f} s: {sorted(received - kept)}"
        server.cli("fsck", project)
