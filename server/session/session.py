"""One peer's side of the conversation, without I/O.

A session knows what its peer may do and what the peer still has to be told. It
decides from the tables in :mod:`server.session.table`; performing is the room's
business. It has no socket, no clock and no document.

Law kept here: L6. While a peer lags, what it misses is remembered in memory that
does not grow with the number of missed updates: one clock for each client that
wrote, the ids of clients whose presence changed, the newest confirmation and the
newest refusal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.protocol.ids import ClientId
from server.protocol.messages import Message
from server.protocol.roles import Right, Role, allows
from server.session.table import INCOMING, OUTGOING, Action, Delivery, Standing, State


@dataclass(slots=True)
class Missed:
    """What a lagging peer has to be told once it reads again."""

    starts: dict[ClientId, int] = field(default_factory=dict)
    """For each client that wrote meanwhile, the first clock that was withheld."""
    deletes: bool = False
    """An update was withheld that may have only deleted."""
    state_vector: bytes | None = None
    """The peer's own request for a difference, if it made one; it outranks ``starts``."""
    presence: set[ClientId] = field(default_factory=set)
    confirmation: bytes | None = None
    refusal: str | None = None

    def updates(self, starts: Mapping[ClientId, int]) -> None:
        """Note a withheld update by the clocks at which its structs start."""
        self.deletes = True
        for client, clock in starts.items():
            self.starts[client] = min(clock, self.starts.get(client, clock))

    def entries(self, clients: Iterable[ClientId]) -> None:
        """Note withheld presence; only the newest state of each client will be sent."""
        self.presence.update(clients)


class Session:
    """The state of one peer; see the table for its transitions."""

    __slots__ = ("missed", "role", "state")

    def __init__(self, role: Role) -> None:
        self.role = role
        self.state = State.LIVE
        self.missed = Missed()

    @property
    def standing(self) -> Standing:
        """Derived from the role each time, so that a change of role holds at once (L8)."""
        return Standing.WRITER if allows(self.role, Right.WRITE) else Standing.READER

    def hears(self, message: Message) -> Action:
        """What to do about a message from the peer."""
        if self.state is State.CLOSED:
            return Action.IGNORE
        return INCOMING[self.standing][type(message)]

    def says(self) -> Delivery:
        """What becomes of a message to the peer."""
        return OUTGOING[self.state]

    def lag(self) -> None:
        """The channel is full: withhold from now on."""
        if self.state is State.LIVE:
            self.state = State.LAGGING

    def catch_up(self) -> Missed:
        """The channel has drained: live again; answers what has to be made up for."""
        missed, self.missed = self.missed, Missed()
        if self.state is State.LAGGING:
            self.state = State.LIVE
        return missed

    def close(self) -> None:
        """Nothing is heard or said any more."""
        self.state = State.CLOSED
        self.missed = Missed()
