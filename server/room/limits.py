"""The bounds that a room keeps, in one record. Where they come from is the edge's affair."""

from dataclasses import dataclass, field

from server.protocol.messages import Limits

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """Bounds of one room, in bytes and seconds."""

    frames: Limits = field(default_factory=Limits)
    max_document_bytes: int = 64 * MIB
    """What the document may weigh as one update; over it, only deletions are accepted."""
    max_backlog_bytes: int = 1 * MIB
    """What one channel may hold back before its updates are withheld (L6)."""
    max_difference_bytes: int = 4 * MIB
    """What a peer may lack and still be told in one piece. Encoding takes three times as much,
    and more is told in portions (L6)."""
    portion_bytes: int = 1 * MIB
    """What one portion weighs, about. A channel holds its backlog and one portion at most."""
    max_inbox_bytes: int = 8 * MIB
    """What a room may have waiting before its connections are not read any more."""
    idle_seconds: float = 30.0
    """How long a room stays in memory after its last peer has left."""
    keep_alive_seconds: float = 10.0
    """Silence after which a peer is sent an empty message; clients give up at 30 s."""
    linger_seconds: float = 0.003
    """How long the rooms wait for one another when much is going on."""
    spacing_seconds: float = 0.000_33
    """For each client of a crowded room, between two of its turns. A frame costs six to twelve
    microseconds for each client: so one room spends some thirtieth of a core on them."""
