"""Foreign JSON text: is it valid, and shallow enough for every peer?

Presence states, rich-text attributes and embeds travel as JSON inside strings.
It is only checked here, never interpreted. Nesting is bounded before a parser
sees the text, so that no recursion limit is ever met (L7).
"""

import json
import re
from typing import NoReturn

from server.protocol.errors import Malformed, TooDeep

MAX_VALUE_DEPTH = 64
"""Containers inside containers. Peers parse recursively: yrs' JSON reader gives up
at 128, and nobody needs more than a few."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def parse_json(text: str) -> object:
    """The value of ``text``. Raises ``TooDeep``, or ``Malformed`` for whatever else
    JavaScript's ``JSON.parse`` would refuse."""
    if text.count("[") + text.count("{") > MAX_VALUE_DEPTH:
        _refuse_deep(text)
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        # Also an integer of more digits than Python converts: a peer's mistake too.
        raise Malformed(f"expected JSON text: {error}") from None


def _refuse_deep(text: str) -> None:
    depth = 0
    for match in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if match[0] in "[{" else -1
        if depth > MAX_VALUE_DEPTH:
            raise TooDeep(f"JSON text nests deeper than {MAX_VALUE_DEPTH}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
