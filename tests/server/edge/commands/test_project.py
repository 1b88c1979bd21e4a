"""``8gentc project``."""

import asyncio
from pathlib import Path

import pytest

from server.document.replica import Replica
from server.document.schema import read_project
from server.edge.settings import Settings
from server.protocol.errors import Invalid, Malformed, NotFound, TooLarge
from server.protocol.ids import Millis, ProjectId
from server.room.ports import Attribution, Batch, Means, NewUpdate
from tests.server.edge.commands.desk import Desk

HI = bytes.fromhex("010101000401017402686900")
"""Client 1 puts "hi" into the root text "t"."""

LATER = bytes.fromhex("01010300840101012100")
"""Client 3 puts "!" after client 1's second letter: it waits until that is there."""


@pytest.fixture
def desk() -> Desk:
    """A store with one user."""
    made = Desk()
    made.ask("user", "add", "ada@x.org")
    return made


def add(desk: Desk, title: str = "Plan") -> str:
    """A project's id."""
    return desk.text("project", "add", title, "--owner", "ada@x.org").strip()


def append(desk: Desk, project: str, update: bytes) -> None:
    """Somebody edits."""
    row = NewUpdate(update, Attribution(None, Means.CLIENT), Millis(0))
    asyncio.run(desk.store.log.append([Batch(ProjectId(project), (row,))]))


def payloads(desk: Desk, project: str) -> list[bytes]:
    """The rows of a project's log."""
    stored = asyncio.run(desk.store.log.load(ProjectId(project)))
    return [row.payload for row in stored.tail]


def test_adding_prints_the_bare_id(desk: Desk) -> None:
    project = add(desk)
    assert desk.json("project", "list") == [
        {"id": project, "title": "Plan", "seq": 1, "created_at": "2023-11-14T22:13:20Z"}
    ]
    assert project in desk.text("project", "list")
    assert desk.json("member", "list", project)[0]["role"] == "owner"


def test_a_new_project_holds_the_schema_and_nothing_else(desk: Desk) -> None:
    replica = Replica.load(payloads(desk, add(desk)))
    view = read_project(replica)
    replica.close()
    assert view.problems == ()
    assert not any((view.nodes, view.edges, view.sections, view.diagrams))


@pytest.mark.parametrize("title", ["", "  ", "x" * 201, "two\nlines"])
def test_a_title_is_one_line_of_text(desk: Desk, title: str) -> None:
    with pytest.raises(Invalid, match="1 to 200"):
        add(desk, title)


def test_an_unknown_owner_makes_no_project(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask("project", "add", "Plan", "--owner", "nobody@x.org")
    assert desk.json("project", "list") == []


def test_an_export_imports_as_the_same_document(desk: Desk, tmp_path: Path) -> None:
    project, file = add(desk), tmp_path / "My plan.yjs"
    append(desk, project, HI)
    told = desk.json("project", "export", project, str(file))
    assert told == {
        "project": project,
        "file": str(file),
        "bytes": file.stat().st_size,
        "seq": 2,
    }
    copy = desk.text("project", "import", str(file), "--owner", "ada@x.org").strip()
    assert payloads(desk, copy) == [file.read_bytes()]
    titles = {project["title"] for project in desk.json("project", "list")}
    assert titles == {"Plan", "My plan"}


def test_an_export_holds_what_is_parked_L4(desk: Desk, tmp_path: Path) -> None:
    project, file = add(desk), tmp_path / "p.yjs"
    append(desk, project, LATER)
    desk.ask("project", "export", project, str(file))
    replica = Replica.load([file.read_bytes(), HI])
    complete = Replica.load([*payloads(desk, project), HI])
    assert replica.parked() is None
    assert replica.state_vector() == complete.state_vector()
    replica.close()
    complete.close()


@pytest.mark.parametrize("content", [b"", b"not a document", b"\x01", HI + b"\x00"])
def test_what_is_no_update_is_not_imported_L7(desk: Desk, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "p.yjs"
    file.write_bytes(content)
    with pytest.raises(Malformed):
        desk.ask("project", "import", str(file), "--owner", "ada@x.org")
    assert desk.json("project", "list") == []


def test_a_file_over_the_limit_is_not_imported_L7(tmp_path: Path) -> None:
    desk = Desk(settings=Settings(max_document_bytes=10))
    desk.ask("user", "add", "ada@x.org")
    file = tmp_path / "p.yjs"
    file.write_bytes(HI)
    with pytest.raises(TooLarge, match="AGENTC_MAX_DOCUMENT_BYTES"):
        desk.ask("project", "import", str(file), "--owner", "ada@x.org")


def test_files_that_cannot_be_used_are_named(desk: Desk, tmp_path: Path) -> None:
    project, missing = add(desk), str(tmp_path / "no" / "p.yjs")
    with pytest.raises(Invalid, match=r"cannot read .*No such file"):
        desk.ask("project", "import", missing, "--owner", "ada@x.org")
    with pytest.raises(Invalid, match=r"cannot write .*No such file"):
        desk.ask("project", "export", project, missing)


def test_a_deleted_project_is_gone(desk: Desk, tmp_path: Path) -> None:
    project = add(desk)
    assert desk.json("project", "delete", project) == {"id": project, "deleted": True}
    assert desk.json("project", "list") == []
    with pytest.raises(NotFound):
        desk.ask("project", "export", project, str(tmp_path / "p.yjs"))
    with pytest.raises(NotFound):
        desk.ask("project", "delete", project)
