"""``8gentc project export --history | import``, from one database into another, as operators do."""

from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.protocol.errors import Invalid, NotFound, PeerError, TooLarge
from tests.server.edge.commands.sql_desk import SqlDesk


@pytest.fixture
def here(tmp_path: Path) -> SqlDesk:
    desk = SqlDesk(tmp_path)
    desk.ask("user", "add", "ada@x.example", "--name", "Ada")
    return desk


@pytest.fixture
def there(tmp_path: Path) -> SqlDesk:
    desk = SqlDesk(tmp_path, name="there.db")
    desk.ask("user", "add", "bob@x.example")
    return desk


def project_with(desk: SqlDesk, text: str) -> str:
    project = desk.text("project", "add", "Plan B", "--owner", "ada@x.example")
    desk.append(project, typed(text))
    return project


def typed(text: str, client: int = 7) -> bytes:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client)
    doc.get("notes", type=pycrdt.Text).insert(0, text)
    return doc.get_update()


def notes(file: Path) -> str:
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(file.read_bytes())
    return str(doc.get("notes", type=pycrdt.Text))


def test_a_project_moves_with_its_past(here: SqlDesk, there: SqlDesk, tmp_path: Path) -> None:
    project = project_with(here, "one")
    here.ask("snapshot", "add", project, "--name", "First")
    here.append(project, typed("two", client=8))
    file = tmp_path / "plan.8gentc"
    told = here.json("project", "export", project, str(file), "--history")
    assert told == {
        "project": project, "file": str(file), "bytes": file.stat().st_size, "seq": 3,
    }  # fmt: skip
    made = there.json("project", "import", str(file), "--owner", "bob@x.example")
    assert (made["title"], made["seq"]) == ("Plan B", 3)
    there.ask("project", "export", made["id"], str(tmp_path / "state"))
    assert sorted([notes(tmp_path / "state")[:3], notes(tmp_path / "state")[3:]]) == ["one", "two"]
    [kept] = there.json("snapshot", "list", made["id"])
    assert (kept["name"], kept["seq"]) == ("First", 2)
    assert there.json("fsck") == here.json("fsck")
    named = there.json("project", "import", str(file), "--owner", "bob@x.example", "--title", "C")
    assert named["title"] == "C"
    assert named["id"] != made["id"]


def test_an_update_is_merged_into_a_project_after_a_snapshot(here: SqlDesk, tmp_path: Path) -> None:
    project = project_with(here, "one")
    file = tmp_path / "more.yjs"
    file.write_bytes(typed("more ", client=9))
    told = here.json("project", "import", str(file), "--into", project)
    assert told["seq"] == 3
    [kept] = here.json("snapshot", "list", project)
    assert (kept["id"], kept["occasion"], kept["seq"]) == (told["backup"], "before-import", 2)
    here.ask("project", "export", project, str(tmp_path / "state"))
    assert "more " in notes(tmp_path / "state")
    again = here.json("project", "import", str(file), "--into", project)
    assert again["seq"] == 3, "what is known already writes no row"
    assert "no problems" in here.text("fsck")


def test_what_cannot_be_merged_changes_nothing_L7(here: SqlDesk, tmp_path: Path) -> None:
    project = project_with(here, "one")
    bad, history = tmp_path / "bad", tmp_path / "history"
    bad.write_bytes(b"\x01\x02\x03")
    here.ask("project", "export", project, str(history), "--history")
    for file, error in ((bad, PeerError), (history, Invalid)):
        with pytest.raises(error):
            here.ask("project", "import", str(file), "--into", project)
    with pytest.raises(NotFound):
        here.ask("project", "import", str(tmp_path / "bad"), "--owner", "nobody@x.example")
    here.settings = type(here.settings)(max_document_bytes=100)
    bad.write_bytes(typed("x" * 90))
    with pytest.raises(TooLarge):
        here.ask("project", "import", str(bad), "--into", project)
    assert here.json("project", "list")[0]["seq"] == 2


def test_a_damaged_history_makes_no_project_L7(
    here: SqlDesk, there: SqlDesk, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    here.ask("project", "export", project_with(here, "one"), str(file), "--history")
    content = file.read_bytes()
    for damaged in (content[: len(content) // 2], content.replace(b"state.yjs", b"state.yyy")):
        file.write_bytes(damaged)
        with pytest.raises(PeerError):
            there.ask("project", "import", str(file), "--owner", "bob@x.example")
    assert there.json("project", "list") == []
    with pytest.raises(Invalid, match="cannot write"):
        here.ask("project", "export", project_with(here, "x"), str(tmp_path), "--history")
