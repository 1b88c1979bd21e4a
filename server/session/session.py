"""One peer's side of the conversation, without I/O.

A session knows what its peer may do and what the peer still has to be told. It
decides from the tables in :mod:`server.session.table`; performing is the room's
business. It has no socket, no clock and no document.

Law kept here: L6. While a peer lags, what it misses is remembered as :class:`Owed`.
"""

from server.protocol.messages import Message
from server.protocol.roles import Right, Role, allows
from server.session.owed import Owed
from server.session.table import INCOMING, OUTGOING, Action, Delivery, Standing, State


class Session:
    """The state of one peer; see the table for its transitions."""

    __slots__ = ("missed", "role", "state", "was_refused")

    def __init__(self, role: Role) -> None:
        self.role = role
        self.state = State.LIVE
        self.missed = Owed()
        self.was_refused = False
        """A write of this peer was refused, so nothing may tell it that all is saved."""

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

    def catch_up(self) -> Owed:
        """The channel has drained: live again; answers what has to be made up for."""
        missed, self.missed = self.missed, Owed()
        if self.state is State.LAGGING:
            self.state = State.LIVE
        return missed

    def close(self) -> None:
        """Nothing is heard or said any more."""
        self.state = State.CLOSED
        self.missed = Owed()
