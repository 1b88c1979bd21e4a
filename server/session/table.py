"""What one peer may say, and what becomes of what it is sent: two tables.

Everything that depends on a peer's standing or on how fast it reads is here, as
data; :mod:`server.session.session` looks it up and the room performs it. Nothing
here knows of documents, sockets or time.

A session goes through three states:

    LIVE ----- its channel is full -----> LAGGING      updates are withheld
    LAGGING -- its channel drained -----> LIVE         one difference catches it up (L6), after
                                                       portions where that would be large
    any ------ the peer leaves ---------> CLOSED       nothing is heard or said any more

Both tables are total: a test walks every combination.
"""

from enum import Enum, auto

from server.protocol.messages import (
    Denied,
    Message,
    Presence,
    QueryPresence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
)


class _Key(Enum):
    """A variant that tables are keyed by: found by identity, for Enum hashes its name anew
    for each look-up, and there is one for each delivery."""

    __hash__ = object.__hash__


class State(_Key):
    """How the conversation with one peer stands."""

    LIVE = auto()
    LAGGING = auto()
    CLOSED = auto()


class Standing(_Key):
    """Whether the peer's role lets it write (L8)."""

    WRITER = auto()
    READER = auto()


class Action(Enum):
    """What the room does about a message that it received."""

    ANSWER = auto()
    """Send what the peer lacks."""
    APPLY = auto()
    """Apply the update, log it, fan it out."""
    VERIFY = auto()
    """Accept only if it changes nothing; otherwise tell the peer that it may not write."""
    ANNOUNCE = auto()
    """Take over presence entries that are the peer's own."""
    TELL_PRESENCE = auto()
    """Send the whole presence map."""
    CONFIRM = auto()
    """Send the payload back once everything before it is committed."""
    IGNORE = auto()
    """Legal, and nothing to do."""


class Delivery(Enum):
    """What becomes of something to be sent."""

    SEND = auto()
    WITHHOLD = auto()
    """Remember, in bounded memory, what will make up for it once the channel drains."""
    DROP = auto()


READING: dict[type[Message], Action] = {
    SyncStep1: Action.ANSWER,
    SyncStep2: Action.VERIFY,
    SyncUpdate: Action.VERIFY,
    Presence: Action.ANNOUNCE,
    QueryPresence: Action.TELL_PRESENCE,
    SyncStatus: Action.CONFIRM,
    Denied: Action.IGNORE,
}

INCOMING: dict[Standing, dict[type[Message], Action]] = {
    Standing.READER: READING,
    Standing.WRITER: {**READING, SyncStep2: Action.APPLY, SyncUpdate: Action.APPLY},
}

OUTGOING: dict[State, Delivery] = {
    State.LIVE: Delivery.SEND,
    State.LAGGING: Delivery.WITHHOLD,
    State.CLOSED: Delivery.DROP,
}
