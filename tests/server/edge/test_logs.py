"""No secret reaches a log, whoever logs it (L11)."""

import io
import logging
from collections.abc import Iterator

import pytest
from uvicorn.protocols.utils import get_path_with_query_string

from server.edge.logs import QUIET, redact, set_up_logging
from server.edge.secrets import new_token


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Put the process's logging back as it was."""
    loggers = [logging.getLogger(name) for name in ("", *QUIET)]
    before = [(logger, logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    yield
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


@pytest.mark.parametrize(
    "line",
    [
        '1.2.3.4:5 - "WebSocket /yjs/p?token=SESAME" [accepted]',
        '"WebSocket /yjs/p?x=1&token=SESAME" 403',
        '"WebSocket /yjs/p?%74oken=SESAME" 403',
        "Authorization: Bearer SESAME",
        "authorization: basic SESAME",
        "could not connect to postgresql://u:SESAME@db/x",
    ],
)
def test_a_line_is_redacted_L11(line: str) -> None:
    assert "SESAME" not in redact(line)


def test_a_token_is_redacted_wherever_it_stands_L11() -> None:
    token = new_token()
    assert token[3:] not in redact(f"who put {token} here")


def test_an_ordinary_line_is_left_alone() -> None:
    line = 'is it? yes: "GET /health/ready" 200 http://localhost:8000/'
    assert redact(line) == line


@pytest.mark.usefixtures("restored_logging")
def test_uvicorns_own_websocket_line_shows_no_token_L11() -> None:
    stream = io.StringIO()
    set_up_logging("debug", stream)
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.INFO)  # as if somebody had turned it up
    scope = {"type": "websocket", "path": "/yjs/p", "query_string": b"token=8g_" + b"s" * 43}
    path = get_path_with_query_string(scope)  # type: ignore[arg-type]
    logger.info('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", path)
    assert "/yjs/p?[redacted]" in stream.getvalue()
    assert "sss" not in stream.getvalue()


@pytest.mark.usefixtures("restored_logging")
def test_a_traceback_shows_no_token_L11() -> None:
    stream = io.StringIO()
    set_up_logging("info", stream)
    try:
        raise ValueError("GET /yjs/p?token=8g_" + "s" * 43)
    except ValueError:
        logging.getLogger("server").exception("crash")
    assert "Traceback" in stream.getvalue()
    assert "sss" not in stream.getvalue()


@pytest.mark.usefixtures("restored_logging")
def test_handshakes_and_frames_are_not_logged_at_debug_L11() -> None:
    stream = io.StringIO()
    set_up_logging("debug", stream)
    logging.getLogger("uvicorn.error").debug("< GET /yjs/p HTTP/1.1")
    logging.getLogger("websockets.server").info("> BINARY 00 01")
    assert stream.getvalue() == ""
