"""The one ladder from whatever ends a live connection to its close code (L7).

A peer is told what it did wrong; what went wrong here is told in general terms and
logged in full. What does not live here: refusals before the upgrade, which are HTTP
answers (``server.edge.problems``).
"""

import logging

from server.protocol.errors import AgentcError, PeerError
from server.protocol.ids import ProjectId
from server.room.ports import Channel

logger = logging.getLogger(__name__)

INTERNAL_ERROR = 1011
GOING_ON = "the server met an error; connect again"
MAX_REASON = 123
"""Bytes of UTF-8 that fit a close frame beside its code; longer ones raise in libraries."""


def say_goodbye(channel: Channel, error: Exception, project: ProjectId) -> None:
    """End one connection, and nothing else, because of ``error``."""
    if isinstance(error, AgentcError):
        told = error.message if isinstance(error, PeerError) else GOING_ON
        channel.close(error.close_code, told)
    else:
        logger.error("a connection to %s failed", project, exc_info=error)
        channel.close(INTERNAL_ERROR, GOING_ON)


def fit_reason(reason: str) -> str:
    """``reason`` cut to what a close frame can carry, at a character's border."""
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
