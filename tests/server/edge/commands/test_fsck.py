"""``8gentc fsck``."""

from dataclasses import dataclass

import pytest

from server.protocol.errors import NotFound
from server.protocol.ids import ProjectId
from tests.server.edge.commands.desk import Desk


@dataclass(frozen=True, slots=True)
class Bad:
    """A finding."""

    project: ProjectId | None
    table: str
    row: int | None
    what: str


def test_nothing_wrong_exits_with_0(desk: Desk) -> None:
    answer = desk.ask("fsck")
    assert answer.exit_code == 0
    assert answer.lines == ("no problems found",)
    assert desk.json("fsck") == {"problems": []}


def test_a_bad_row_is_named_and_exits_with_1_L3(desk: Desk) -> None:
    desk.findings = [
        Bad(ProjectId("p"), "updates", 5, "the digest does not match"),
        Bad(None, "documents", None, "the file is damaged"),
    ]
    answer = desk.ask("fsck")
    assert answer.exit_code == 1
    assert answer.lines == (
        "updates row 5 of project p: the digest does not match",
        "documents: the file is damaged",
        "problems found: 2",
    )
    assert desk.json("fsck")["problems"][0] == {
        "project": "p",
        "table": "updates",
        "row": 5,
        "problem": "the digest does not match",
    }


def test_one_project_is_checked_alone(desk: Desk) -> None:
    desk.ask("user", "add", "ada@x.org")
    project = desk.text("project", "add", "Plan", "--owner", "ada@x.org").strip()
    desk.findings = [Bad(ProjectId("other"), "updates", 5, "bad")]
    assert desk.ask("fsck", project).exit_code == 0


def test_an_unknown_project_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask("fsck", "nothing")
