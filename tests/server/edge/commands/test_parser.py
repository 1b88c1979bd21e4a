"""The command line as a contract (DESIGN: commands and settings)."""

import io
import json

import pytest

from server.edge.commands.kit import columns
from server.edge.commands.output import show_error
from server.edge.commands.parser import build_parser
from server.protocol.errors import NotFound

COMMANDS = [
    "serve",
    "user add EMAIL",
    "user list",
    "user disable EMAIL",
    "user forget EMAIL",
    "token add EMAIL",
    "token list EMAIL",
    "token revoke ID",
    "project add TITLE --owner EMAIL",
    "project list",
    "project export PROJECT FILE --history",
    "project import FILE --owner EMAIL",
    "project import FILE --into PROJECT",
    "project delete PROJECT",
    "member add PROJECT EMAIL viewer",
    "member list PROJECT",
    "member remove PROJECT EMAIL",
    "fsck",
    "fsck PROJECT",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_json_and_a_database(command: str) -> None:
    args = build_parser().parse_args([*command.split(), "--json", "--database-url", "sqlite:///x"])
    assert args.json is True
    assert args.database_url == "sqlite:///x"


@pytest.mark.parametrize("argv", [[], ["user"], ["user", "add"], ["dance"], ["serve", "--loud"]])
def test_what_is_not_understood_exits_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        build_parser().parse_args(argv)
    assert exit_.value.code == 2


def test_serve_takes_host_and_port() -> None:
    args = build_parser().parse_args(["serve", "--host", "::1", "--port", "9000"])
    assert (args.host, args.port, args.first_run, args.handler) == ("::1", "9000", False, None)


def test_the_help_of_serve_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["serve", "--help"])
    assert "AGENTC_MAX_DOCUMENT_BYTES" in capsys.readouterr().out


def test_an_error_is_one_line_for_people_and_one_object_for_scripts() -> None:
    people, scripts = io.StringIO(), io.StringIO()
    show_error(NotFound("no such user"), people, as_json=False)
    show_error(NotFound("no such user"), scripts, as_json=True)
    assert people.getvalue() == "8gentc: no such user\n"
    assert json.loads(scripts.getvalue()) == {"error": "not-found", "detail": "no such user"}


def test_columns_are_aligned() -> None:
    assert columns([("a", "bb", "c"), ("aaa", "b", "")]) == ("a    bb  c", "aaa  b")
    assert columns([]) == ()
