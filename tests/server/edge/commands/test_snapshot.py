"""``8gentc snapshot``, ``backup`` and ``fsck --repair``, on a database file (L10)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pycrdt
import pytest

from server.document.schema import Edge, Node, ProjectView, Section
from server.protocol.errors import Conflict, Invalid, NotFound
from server.protocol.ids import SnapshotId
from tests.server.document.projects import document
from tests.server.edge.commands.sql_desk import SqlDesk

WHOLE = ProjectView(
    (Node("n", "Cash", "asset", 0.0, 0.0, "in the bank 😀"),),
    (Edge("e", "n", "n", ""),),
    (Section("s", "Goals", "We grow.", "a"), Section("t", "Team", "We are two.", "b")),
    (),
    (),
)


@pytest.fixture
def desk(tmp_path: Path) -> SqlDesk:
    made = SqlDesk(tmp_path)
    made.ask("user", "add", "ada@x.org")
    return made


@pytest.fixture
def project(desk: SqlDesk) -> str:
    project = desk.text("project", "add", "Plan", "--owner", "ada@x.org")
    desk.append(project, document(WHOLE).get_update())
    return project


def delete_all(desk: SqlDesk, project: str) -> None:
    doc = document(WHOLE)
    for root, ids in (("plan", "st"), ("edges", "e"), ("nodes", "n")):
        for id in ids:
            before = doc.get_state()
            del doc.get(root, type=pycrdt.Map)[id]
            desk.append(project, doc.get_update(before))


def test_a_snapshot_is_listed_shown_and_removed(desk: SqlDesk, project: str) -> None:
    one = desk.text("snapshot", "add", project, "--name", "First 😀", "--note", "before lunch")
    (listed,) = desk.json("snapshot", "list", project)
    assert listed == {
        "id": one,
        "project": project,
        "name": "First 😀",
        "occasion": "named",
        "by": None,
        "note": "before lunch",
        "seq": 2,
        "created_at": "2023-11-14T22:13:20Z",
        "bytes": listed["bytes"],
    }
    shown = desk.json("snapshot", "show", one)
    assert shown == listed | {"holds": {"plan": 2, "nodes": 1, "edges": 1, "diagrams": 0}}
    assert "# Goals" in desk.text("snapshot", "show", one)
    assert "First 😀" in desk.text("snapshot", "list", project)
    unnamed = desk.json("snapshot", "add", project)
    assert unnamed["name"] == "2023-11-14T22:13:20Z"
    desk.ask("snapshot", "remove", one)
    with pytest.raises(NotFound):
        desk.ask("snapshot", "show", one)


def test_a_snapshot_is_compared_with_now_and_with_another(desk: SqlDesk, project: str) -> None:
    one = desk.text("snapshot", "add", project)
    assert desk.text("snapshot", "diff", one) == "no difference"
    delete_all(desk, project)
    other = desk.text("snapshot", "add", project)
    lines = [
        '- node n "Cash"',
        "- edge e n -> n",
        '- section s "Goals"',
        '- section t "Team"',
    ]
    assert desk.text("snapshot", "diff", one).splitlines() == lines
    assert desk.text("snapshot", "diff", one, other).splitlines() == lines
    back = desk.json("snapshot", "diff", other, one)
    assert [(part["change"], part["id"]) for part in back] == [
        ("added", "n"),
        ("added", "e"),
        ("added", "s"),
        ("added", "t"),
    ]
    assert back[2]["element"] == {"id": "s", "title": "Goals", "body": "We grow.", "rank": "a"}
    elsewhere = desk.text("project", "add", "Other", "--owner", "ada@x.org")
    with pytest.raises(Invalid, match="different projects"):
        desk.ask("snapshot", "diff", one, desk.text("snapshot", "add", elsewhere))


def test_a_restore_is_an_edit_after_a_backup_and_is_undone_by_it_L10(
    desk: SqlDesk, project: str
) -> None:
    one = desk.text("snapshot", "add", project)
    delete_all(desk, project)
    done = desk.json("snapshot", "restore", one)
    assert done["seq"] == 7
    assert desk.text("snapshot", "diff", one) == "no difference"
    listed = desk.json("snapshot", "list", project)
    assert {(found["id"], found["occasion"]) for found in listed} == {
        (one, "named"),
        (done["backup"], "before-restore"),
    }
    desk.ask("snapshot", "restore", done["backup"])
    assert len(desk.text("snapshot", "diff", one).splitlines()) == 4
    assert desk.text("fsck") == "no problems found"


def test_one_element_is_restored_alone(desk: SqlDesk, project: str) -> None:
    one = desk.text("snapshot", "add", project)
    delete_all(desk, project)
    desk.ask("snapshot", "restore", one, "--section", "t")
    assert [line[:11] for line in desk.text("snapshot", "diff", one).splitlines()] == [
        '- node n "C',
        "- edge e n ",
        "- section s",
    ]
    with pytest.raises(NotFound):
        desk.ask("snapshot", "restore", one, "--diagram", "none")
    with pytest.raises(Conflict):
        desk.ask("snapshot", "restore", one, "--edge", "e")


def test_what_is_not_there_is_not_found(desk: SqlDesk, project: str) -> None:
    for argv in (("add", "none"), ("list", "none"), ("show", "none"), ("restore", "none")):
        with pytest.raises(NotFound):
            desk.ask("snapshot", *argv)
    for name in ("", "two\nlines", "x" * 201):
        with pytest.raises(Invalid):
            desk.ask("snapshot", "add", project, "--name", name)
    assert SnapshotId("none") not in desk.text("snapshot", "list", project)


def test_a_backup_comes_back_into_an_empty_database(
    desk: SqlDesk, project: str, tmp_path: Path
) -> None:
    one = desk.text("snapshot", "add", project)
    file = tmp_path / "backup.db"
    assert desk.json("backup", str(file)) == {"file": str(file), "bytes": file.stat().st_size}
    other = SqlDesk(tmp_path, name="other.db")
    assert other.json("restore-backup", str(file)) == {"file": str(file), "problems": 0}
    assert other.text("snapshot", "diff", one) == "no difference"
    with pytest.raises(Conflict):
        other.ask("restore-backup", str(file))


def test_repairs_are_told(desk: SqlDesk, project: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "8gentc.db", isolation_level=None)) as raw:
        raw.execute("UPDATE documents SET tail_rows = 77")
    assert desk.ask("fsck").exit_code == 1
    told = desk.json("fsck", "--repair")
    assert told["problems"] == []
    assert told["repaired"] == [f"project {project}: counted again: tail_rows is 77, counted 2"]
    assert desk.ask("fsck").exit_code == 0
