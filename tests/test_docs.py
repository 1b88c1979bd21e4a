"""The documents say what the code does: every setting, command, error and dependency."""

import argparse
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from server.edge.commands.parser import build_parser
from server.edge.settings import table
from server.protocol import errors

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SPEC = (ROOT / "docs/SPEC.md").read_text()
DECISIONS = (ROOT / "docs/DECISIONS.md").read_text()
ARCHITECTURE = (ROOT / "docs/ARCHITECTURE.md").read_text()


def setting_cells() -> list[str]:
    """Name and default of every setting, as a table's first cells."""
    return [
        f"| `{row.name}` | " + (f"`{row.default}` |" if row.default else "not set |")
        for row in table()
    ]


def command_cells() -> list[str]:
    """Every command with its arguments and options, as a table's first cell."""
    return [f"| `{usage}` |" for usage in usages(build_parser(), "8gentc")]


def usages(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    """How each command is called; options that all have are left out."""
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in nested:
        for verb, inner in action.choices.items():
            yield from usages(inner, f"{name} {verb}")
    if not nested:
        yield " ".join([name, *_arguments(parser)])


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    # As they are listed: what must be there first, each kind in the order of its definition.
    required = [action for action in parser._actions if action.required]
    optional = [action for action in parser._actions if not action.required]
    for action in [*required, *optional]:
        if action.dest not in ("help", "json", "database_url"):
            word = " ".join([*action.option_strings[:1], *_metavar(action)])
            yield word if action.required else f"[{word}]"


def _metavar(action: argparse.Action) -> list[str]:
    return [str(action.metavar)] if action.nargs != 0 else []


def error_cells() -> list[str]:
    """Kind, close code and status of every leaf of the error tree."""
    return [f"| `{leaf.slug}` | {leaf.close_code} | {leaf.http_status} |" for leaf in leaves()]


def leaves() -> list[type[errors.AgentcError]]:
    """Every error that can be raised."""
    branches = errors.AgentcError.__subclasses__()
    return [leaf for branch in branches for leaf in branch.__subclasses__()]


def dependencies() -> list[str]:
    """Names of everything that running this installs on purpose."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [re.split(r"[\[<>=!; ]", wanted)[0] for wanted in project["dependencies"]]


def missing(wanted: list[str], text: str) -> list[str]:
    """What ``text`` does not say."""
    return [item for item in wanted if item not in text]


def test_the_readme_lists_every_setting_with_its_default() -> None:
    assert missing(setting_cells(), README) == []


def test_the_readme_gives_every_settings_meaning() -> None:
    assert missing([row.means for row in table()], README) == []


def test_the_spec_lists_every_setting_with_its_default() -> None:
    assert missing(setting_cells(), SPEC) == []


def test_the_documents_name_no_setting_that_does_not_exist() -> None:
    known = {row.name for row in table()}
    named = set(re.findall(r"\bAGENTC_[A-Z_]*[A-Z]", README + SPEC + ARCHITECTURE))
    assert named - known == set()


def test_readme_and_spec_list_every_command_with_its_options() -> None:
    assert missing(command_cells(), README) == []
    assert missing(command_cells(), SPEC) == []


def test_readme_and_spec_list_no_command_that_does_not_exist() -> None:
    for text in (README, SPEC):
        listed = re.findall(r"^(\| `8gentc .*?` \|)", text, re.MULTILINE)
        assert sorted(listed) == sorted(command_cells())


def test_the_spec_lists_every_error_with_its_codes_L7() -> None:
    assert missing(error_cells(), SPEC) == []


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = [f"{leaf.close_code}  {leaf.http_status}" for leaf in leaves()]
    lines = (errors.__doc__ or "").splitlines()
    for leaf, codes in zip(leaves(), drawn, strict=True):
        assert any(f"-- {leaf.__name__} " in line and codes in line for line in lines), leaf


def test_every_rule_has_a_number_of_its_own() -> None:
    numbers = Counter(re.findall(r"^- \*\*([A-Z]+-?\d+)\*\*", SPEC, re.MULTILINE))
    assert numbers.total() > 40
    assert [number for number, count in numbers.items() if count > 1] == []


def test_every_dependency_has_its_decision() -> None:
    headings = "\n".join(re.findall(r"^## .*", DECISIONS, re.MULTILINE)).lower()
    assert missing(dependencies(), headings) == []


def test_every_decision_says_why_and_what_would_change_it() -> None:
    entries = re.split(r"^## ", DECISIONS, flags=re.MULTILINE)[1:]
    for entry in entries:
        assert re.match(r"\d{4}-\d\d-\d\d ", entry), entry
        assert missing(["**Chose**", "**Instead of**", "**Because**"], entry) == [], entry


def test_the_architecture_fits_on_few_pages() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 150


def test_what_is_missing_is_found() -> None:
    assert missing(setting_cells(), README.replace("AGENTC_PORT", "")) == [
        "| `AGENTC_PORT` | `8000` |"
    ]
    assert missing(command_cells(), README.replace("token revoke", "")) == [
        "| `8gentc token revoke ID` |"
    ]
    assert missing(error_cells(), SPEC.replace("4422", "4400")) == ["| `too-deep` | 4422 | 422 |"]


def test_a_change_of_a_command_changes_what_is_looked_for() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--force", action="store_true")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--owner", metavar="EMAIL", required=True)
    parser.add_argument("--days", metavar="N")
    parser.add_argument("project", metavar="PROJECT", nargs="?")
    assert list(usages(parser, "x")) == ["x FILE --owner EMAIL [--force] [--days N] [PROJECT]"]
