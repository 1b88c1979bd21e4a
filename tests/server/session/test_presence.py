"""The awareness map of one document, and whose word counts in it."""

from server.protocol.awareness import MAX_CLOCK, PresenceEntry
from server.protocol.ids import ClientId, UserId
from server.session.owners import ClientOwners, Owner, PeerId
from server.session.presence import (
    BYTES_IN_ALL,
    CLIENTS_PER_CONNECTION,
    TOMBSTONE_SECONDS,
    Presence,
    weight,
)

ALICE = Owner(PeerId(1), UserId("alice"))
ALICE_AGAIN = Owner(PeerId(2), UserId("alice"))
BOB = Owner(PeerId(3), UserId("bob"))


def entry(clock: int, state: str | None = "{}", client: int = 77) -> PresenceEntry:
    return PresenceEntry(ClientId(client), clock, state)


def with_alice(clock: int = 1) -> Presence:
    presence = Presence(ClientOwners())
    presence.announce(ALICE, [entry(clock)], now=0.0, writes=True)
    return presence


def test_a_newcomer_is_seen_by_all() -> None:
    presence = Presence(ClientOwners())
    announced = presence.announce(ALICE, [entry(1)], now=0.0, writes=True)
    assert announced.changed == (entry(1),)
    assert presence.all() == (entry(1),)


def test_only_a_higher_clock_is_news() -> None:
    presence = with_alice(clock=5)
    assert presence.announce(ALICE, [entry(5, '{"x":1}')], now=0.0, writes=True).changed == ()
    assert presence.announce(ALICE, [entry(6, '{"x":1}')], now=0.0, writes=True).changed == (
        entry(6, '{"x":1}'),
    )


def test_what_others_say_of_a_client_is_dropped_without_offence__L8() -> None:
    presence = with_alice()
    for said in (entry(1), entry(2, None), entry(9, '{"name":"not alice"}')):
        assert presence.announce(BOB, [said], now=0.0, writes=True).changed == ()
    assert presence.all() == (entry(1),)


def test_leaving_removes_with_a_higher_clock() -> None:
    presence = with_alice(clock=4)
    assert presence.leave(ALICE.peer, now=1.0) == (entry(5, None),)
    assert presence.all() == ()


def test_a_client_may_say_farewell_at_its_own_clock() -> None:
    presence = with_alice(clock=4)
    assert presence.announce(ALICE, [entry(4, None)], now=0.0, writes=True).changed == (
        entry(4, None),
    )
    assert presence.all() == ()


def test_an_echoed_farewell_at_the_same_clock_removes_nothing() -> None:
    presence = with_alice(clock=4)
    assert presence.announce(ALICE_AGAIN, [entry(4, None)], now=0.0, writes=True).changed == ()


def test_the_death_of_a_replaced_socket_removes_nothing() -> None:
    presence = with_alice(clock=4)
    presence.announce(ALICE_AGAIN, [entry(5)], now=1.0, writes=True)
    assert presence.leave(ALICE.peer, now=2.0) == ()
    assert presence.all() == (entry(5),)


def test_a_late_echo_does_not_bring_a_ghost_back() -> None:
    presence = with_alice(clock=4)
    presence.leave(ALICE.peer, now=1.0)
    announced = presence.announce(BOB, [entry(4)], now=2.0, writes=True)
    assert announced.changed == ()
    assert presence.all() == ()


def test_a_client_that_returns_is_reminded_of_its_removal_and_then_counts() -> None:
    presence = with_alice(clock=4)
    presence.leave(ALICE.peer, now=1.0)
    announced = presence.announce(ALICE_AGAIN, [entry(4)], now=2.0, writes=True)
    assert announced.reminders == (entry(5, None),)
    assert presence.announce(ALICE_AGAIN, [entry(6)], now=2.1, writes=True).changed == (entry(6),)


def test_a_tombstone_is_forgotten_in_time() -> None:
    presence = with_alice(clock=4)
    presence.leave(ALICE.peer, now=1.0)
    presence.leave(BOB.peer, now=1.0 + TOMBSTONE_SECONDS)
    assert presence.announce(BOB, [entry(1)], now=1.0 + TOMBSTONE_SECONDS, writes=True).changed == (
        entry(1),
    )


def test_one_connection_holds_a_bounded_number_of_ids__L7() -> None:
    presence = Presence(ClientOwners())
    crowd = [entry(1, client=number) for number in range(CLIENTS_PER_CONNECTION + 5)]
    assert (
        len(presence.announce(ALICE, crowd, now=0.0, writes=True).changed) == CLIENTS_PER_CONNECTION
    )


def test_the_newest_word_on_a_client_may_be_that_it_left() -> None:
    presence = with_alice(clock=4)
    presence.leave(ALICE.peer, now=1.0)
    assert presence.some([ClientId(77), ClientId(1)]) == (entry(5, None),)


def test_presence_has_a_budget_for_each_connection_and_for_all__L7() -> None:
    presence = Presence(ClientOwners())
    heavy = '{"x":"' + "y" * 60_000 + '"}'
    crowd = [Owner(PeerId(number), UserId(f"user {number}")) for number in range(100)]
    for number, owner in enumerate(crowd):
        said = [entry(1, heavy, client=number * 10 + extra) for extra in range(4)]
        announced = presence.announce(owner, said, now=0.0, writes=False)
        assert announced.too_large
    assert sum(map(weight, presence.all())) <= BYTES_IN_ALL
    for owner in crowd:
        presence.leave(owner.peer, now=1.0)
    said = [entry(1, heavy, client=7)]
    assert presence.announce(ALICE, said, now=100.0, writes=False).changed == tuple(said)


def test_a_removal_never_passes_the_largest_clock() -> None:
    presence = with_alice(clock=MAX_CLOCK)
    assert presence.leave(ALICE.peer, now=1.0) == (entry(MAX_CLOCK, None),)
