"""What one peer has to be told, in memory that does not grow with how often.

During a turn it gathers what the peer asked for; while the peer lags it gathers what
was withheld (L6). Either way a thousand requests weigh as much as one: a difference
from the lowest clocks asked for, the whole presence map at most once, the newest
confirmation and the newest refusal. Encoding it is the room's business.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.protocol.ids import ClientId


@dataclass(slots=True)
class Owed:
    """What to tell one peer; all empty for nothing."""

    handshake: bool = False
    """Our own step 1: what we have, so that the peer sends the rest."""
    state: dict[ClientId, int] | None = None
    """The peer asked for everything beyond these clocks; outranks ``starts``."""
    behind: bool = False
    """Updates were withheld. Deletions among them have no clock in ``starts``."""
    starts: dict[ClientId, int] = field(default_factory=dict)
    """For each client that wrote meanwhile, the first clock that was withheld."""
    weight: int = 0
    """About how many bytes ``state`` or ``starts`` stand for."""
    everybody: bool = False
    """The whole presence map."""
    presence: set[ClientId] = field(default_factory=set)
    confirmation: bytes | None = None
    refusal: str | None = None

    def updates(self, starts: Mapping[ClientId, int], size: int) -> None:
        """An update of ``size`` bytes was withheld; its structs start at these clocks."""
        self.behind = True
        self.weight += size
        for client, clock in starts.items():
            self.starts[client] = min(clock, self.starts.get(client, clock))

    def entries(self, clients: Iterable[ClientId]) -> None:
        """Presence of these clients; only the newest state of each will be sent."""
        self.presence.update(clients)

    def difference(self, state: Mapping[ClientId, int], size: int) -> None:
        """The peer has told what it holds; the least it ever told is what counts. All else
        would take it about ``size`` bytes."""
        self.weight = max(self.weight, size)
        if self.state is None:
            self.state = dict(state)
        else:
            common = self.state.keys() & state.keys()
            self.state = {client: min(self.state[client], state[client]) for client in common}

    def put_off(self, most: int) -> "Owed | None":
        """Let go of a difference that weighs more than that; what was let go of."""
        if self.weight <= most:
            return None
        later = Owed(state=self.state, behind=self.behind, starts=self.starts, weight=self.weight)
        self.state, self.behind, self.starts, self.weight = None, False, {}, 0
        return later

    def absorb(self, newer: "Owed") -> None:
        """Owe that as well."""
        self.handshake = self.handshake or newer.handshake
        self.everybody = self.everybody or newer.everybody
        self.presence |= newer.presence
        if newer.state is not None:
            self.difference(newer.state, newer.weight)
        if newer.behind:
            self.updates(newer.starts, newer.weight)
        if newer.confirmation is not None:
            self.confirmation = newer.confirmation
        if newer.refusal is not None:
            self.refusal = newer.refusal
