"""Answers and errors on the terminal. The answer, and nothing else, is on standard output.

Errors go to standard error as one line, or with ``--json`` as one object with the same
``type`` names as in HTTP answers.
"""

import json
from typing import TextIO

from server.edge.commands.kit import Answer
from server.protocol.errors import AgentcError


def show(answer: Answer, out: TextIO, *, as_json: bool) -> int:
    """Print an answer; returns the exit code."""
    text = json.dumps(answer.data) if as_json else "\n".join(answer.lines)
    if text:
        out.write(text + "\n")
    return answer.exit_code


def show_error(error: AgentcError, err: TextIO, *, as_json: bool) -> None:
    """Print why a command did nothing."""
    if as_json:
        err.write(json.dumps({"error": error.slug, "detail": error.message}) + "\n")
    else:
        err.write(f"8gentc: {error.message}\n")
