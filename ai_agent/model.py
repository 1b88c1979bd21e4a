"""What a run asks of a model, and what it hears, as types: the port behind which a model is.

One answer is one stream. It ends in the ordinary way only if the model said that it had
finished; everything else raises ``RunFailed`` with a ``RunReason``. What does not live here:
any wire (``openai_model``), and what is asked (``prompting``).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Feature(StrEnum):
    """What a server of models may or may not know of Chat Completions."""

    TOOLS = "tools"
    JSON_SCHEMA = "json_schema"
    STREAM_USAGE = "stream_usage"
    COMPLETION_TOKENS = "completion_tokens"
    """It calls the bound of an answer ``max_completion_tokens``."""


class Author(StrEnum):
    """Who speaks in a prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call; ``parameters`` is a JSON schema of an object."""

    name: str
    means: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool. ``arguments`` is JSON as the model wrote it, and may be nonsense."""

    id: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a prompt. ``calls`` are an assistant's, ``answers`` a tool's call id."""

    author: Author
    text: str
    calls: tuple[Call, ...] = ()
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """All that a model is told. ``schema`` is the JSON schema that the answer has to keep, or
    None for free text; ``max_tokens`` bounds the answer."""

    lines: tuple[Line, ...]
    schema: Mapping[str, Any] | None
    tools: tuple[Tool, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Words:
    """More of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Calls:
    """The answer, or its end, is that these tools be called."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the answer has used, as the server counts."""

    input: int
    output: int


Heard = Words | Calls | Tokens


class Model(Protocol):
    """A language model behind some wire."""

    @property
    def name(self) -> str:
        """As in the price table."""

    @property
    def features(self) -> frozenset[Feature]:
        """What its server is believed to know; becomes less when it refuses something."""

    def answer(self, question: Question) -> AsyncIterator[Heard]:
        """The answer as it arrives. Raises ``RunFailed``, at any point."""

    async def close(self) -> None:
        """Give up connections."""
