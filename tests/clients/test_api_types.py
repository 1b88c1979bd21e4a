"""The types that clients compile against are those of this code."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clients.openapi import document

pytestmark = pytest.mark.node

FOLDER = Path(__file__).parents[2] / "clients/typescript"
TOOL = FOLDER / "node_modules/.bin"


@pytest.fixture(autouse=True)
def tools() -> None:
    """Skip where they are missing; fail in CI."""
    if shutil.which("node") is None or not (TOOL / "openapi-typescript").exists():
        reason = "run `npm ci` in clients/typescript"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(
        [str(TOOL / command[0]), *command[1:]],
        cwd=FOLDER,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_are_current() -> None:
    made = run("openapi-typescript", stdin=document())
    assert made == (FOLDER / "api.d.ts").read_text(), "run `make api-types`"


def test_a_program_compiles_against_them(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.ts", tmp_path / "wrong.ts"
    program = f'import type {{ components }} from "{FOLDER}/api.d.ts"\n'
    program += 'export const project: components["schemas"]["NewProject"] = '
    right.write_text(program + '{ title: "Bakery", description: "" }\n')
    wrong.write_text(program + '{ titel: "Bakery" }\n')
    run("tsc", "--noEmit", "--strict", "--allowImportingTsExtensions", str(right))
    with pytest.raises(AssertionError, match="titel"):
        run("tsc", "--noEmit", "--strict", "--allowImportingTsExtensions", str(wrong))
