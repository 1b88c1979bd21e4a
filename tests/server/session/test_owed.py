"""What a peer is owed: a thousand requests weigh as much as one (L6)."""

from server.protocol.ids import ClientId
from server.session.owed import Owed

ONE, TWO = ClientId(1), ClientId(2)


def test_the_least_that_a_peer_ever_said_it_holds_is_what_counts() -> None:
    owed = Owed()
    owed.difference({ONE: 5, TWO: 3}, 10)
    owed.difference({ONE: 2, TWO: 9}, 30)
    assert owed.state == {ONE: 2, TWO: 3}
    owed.difference({TWO: 4}, 20)
    assert owed.state == {TWO: 3}
    assert owed.weight == 30


def test_absorbing_owes_all_of_both_and_the_newest_words() -> None:
    old = Owed(presence={ONE}, confirmation=b"1", refusal="old")
    old.updates({ONE: 7}, 100)
    new = Owed(handshake=True, everybody=True, presence={TWO}, confirmation=b"2")
    new.updates({ONE: 4, TWO: 1}, 20)
    new.difference({ONE: 3}, 10)
    old.absorb(new)
    assert old == Owed(
        handshake=True,
        state={ONE: 3},
        behind=True,
        starts={ONE: 4, TWO: 1},
        weight=120,
        everybody=True,
        presence={ONE, TWO},
        confirmation=b"2",
        refusal="old",
    )


def test_absorbing_nothing_changes_nothing() -> None:
    owed = Owed(starts={ONE: 1}, behind=True)
    owed.absorb(Owed())
    assert owed == Owed(starts={ONE: 1}, behind=True)


def test_what_is_too_large_is_put_off_and_the_rest_is_still_owed__L6() -> None:
    owed = Owed(handshake=True, presence={ONE}, confirmation=b"1")
    owed.difference({ONE: 3}, 100)
    owed.updates({TWO: 1}, 20)
    assert owed.put_off(120) is None
    later = owed.put_off(119)
    assert later == Owed(state={ONE: 3}, behind=True, starts={TWO: 1}, weight=120)
    assert owed == Owed(handshake=True, presence={ONE}, confirmation=b"1")
    assert owed.put_off(0) is None
