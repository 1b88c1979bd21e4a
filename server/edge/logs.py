"""What is logged, and that no secret ever is (L11).

Every handler that this server sets up formats through :class:`RedactingFormatter`,
which rewrites the finished line, traceback included. That is needed although our
own code logs no query string: uvicorn's websocket implementations log the path
*with* its query when a socket is accepted or refused, and a library's exception may
quote a request.
"""

import logging
import re
from typing import TextIO

QUIET = (
    *("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets", "alembic"),
    # At DEBUG these log statements with their values, headers, and who says what to a server.
    *("aiosqlite", "httpx2", "httpcore2", "authlib", "aiosmtplib"),
)
FORMAT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"

# Whatever follows a question mark up to a blank or quote, if it looks like a query at all.
# Not only "token=": a client may spell the key or the value percent-encoded.
_QUERY = re.compile(r"\?[^\s\"'=]*=[^\s\"']*")
_TOKEN = re.compile(r"\b(8g[a-z]?_)[A-Za-z0-9_.-]{8,}")
"""Tokens, sessions, links and tickets."""
_BEARER = re.compile(r"(?i)(bearer|basic)\s+[^\s\"',]+")
_USERINFO = re.compile(r"(://[^\s/:@\"']+):[^\s@\"']+@")


def redact(text: str) -> str:
    """``text`` without query strings, tokens, authorization values and passwords in URLs."""
    text = _QUERY.sub("?[redacted]", text)
    text = _TOKEN.sub(r"\1[redacted]", text)
    text = _BEARER.sub(r"\1 [redacted]", text)
    return _USERINFO.sub(r"\1:[redacted]@", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record as usual and then takes the secrets out of the whole text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback if there is one, fit to be kept."""
        return redact(super().format(record))


def set_up_logging(level: str, stream: TextIO) -> None:
    """Send all logging of this process to ``stream``, at ``level``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Our access lines replace uvicorn's. At DEBUG its websockets also log whole handshakes
    # and frames, which are the users' documents: never below WARNING.
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
