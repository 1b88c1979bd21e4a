"""An edit that comes before its predecessor is kept through everything until that comes (L4)."""

from pathlib import Path

import pycrdt
import pytest

from tests.e2e.living_through import shows
from tests.e2e.server import Server, wait_for
from tests.e2e.wire import Wire
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

FIRST, SECOND = "first ", "second "
# In place of the last one, so that the checkpoint does not outgrow what makes it due.
PASTE = (
    """(t => { t.delete(0, t.length); t.insert(0, 'x'.repeat(300000)) })(doc.getText('paste'))"""
)
COMPACTED_S = 60.0
"""Patience: the compactor looks every five seconds."""


def two_edits() -> tuple[bytes, bytes]:
    """What somebody typed, as two updates, the second of which needs the first."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    text = doc.get("d", type=pycrdt.Text)
    text.insert(0, FIRST)
    first, known = doc.get_update(), doc.get_state()
    text.insert(len(FIRST), SECOND)
    return first, doc.get_update(known)


def deletion() -> tuple[bytes, bytes]:
    """Somebody's words, and the deletion of half of them, which needs the words."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    text = doc.get("e", type=pycrdt.Text)
    text.insert(0, "kept gone ")
    words, known = doc.get_update(), doc.get_state()
    del text[len("kept ") : len("kept gone ")]
    return words, doc.get_update(known)


def compact_and_unload(server: Server, client: Client) -> None:
    """Make the document due, wait for its compaction, and for the room to leave memory."""
    before = server.metric("agentc_compactions_total")
    client.run(PASTE)
    wait_for(
        "the document is compacted",
        lambda: server.metric("agentc_compactions_total") > before,
        COMPACTED_S,
    )
    client.run("provider.destroy()")
    wait_for("the room is unloaded", lambda: server.metric("agentc_rooms") == 0)


def exported(server: Server, project: str, root: str) -> str:
    """A root text of what the command exports."""
    path = server.folder / "exported"
    server.cli("project", "export", project, str(path))
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.apply_update(path.read_bytes())
    return str(doc.get(root, type=pycrdt.Text))


def test_edits_before_their_predecessors_outlive_all_that_comes_between__L4(
    tmp_path: Path, database: str | None, clients: Clients
) -> None:
    (first, second), (words, gone) = two_edits(), deletion()
    settings = {"AGENTC_IDLE_UNLOAD_SECONDS": "1"}
    with Server(tmp_path, database, settings) as server:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")

        def join(name: str) -> Client:
            return clients.open(name, server.yjs, project, {"token": token}).synced()

        def texts(client: Client) -> tuple[str, str]:
            return client.text("d"), client.text("e")

        ada = join("ada")
        with Wire(server, project, token) as wire:
            wire.saved(second, b"second")
            wire.saved(gone, b"gone")
        ada.append("meanwhile ")
        assert texts(ada) == ("", "")

        for _ in range(2):  # The second checkpoint is made of the first.
            compact_and_unload(server, ada)
            ada = join("ada")
        assert "meanwhile " in ada.text()
        ada.run("provider.destroy()")
        assert exported(server, project, "d") == ""
        server.cli("fsck", project)

        server.stop()
        server.start()
        late = join("late")
        assert texts(late) == ("", "")
        shows(late, "meanwhile ")

        with Wire(server, project, token) as wire:
            wire.saved(first, b"first")
            wire.saved(words, b"words")
        everything = (FIRST + SECOND, "kept ")
        watcher = join("fresh")
        for client in (late, watcher):
            client.until(f"doc.getText('d').toString() === '{FIRST}{SECOND}'")
            client.until("doc.getText('e').toString() === 'kept '")
        assert tuple(exported(server, project, root) for root in ("d", "e")) == everything
        server.cli("fsck", project)

        late.run("provider.destroy()")
        compact_and_unload(server, watcher)
        server.stop()
        server.start()
        last = join("last")
        assert texts(last) == everything
        assert tuple(exported(server, project, root) for root in ("d", "e")) == everything
        assert "meanwhile " in last.text()
        server.cli("fsck", project)
