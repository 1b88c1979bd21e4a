"""Client ids and whose they are."""

from server.protocol.ids import ClientId, UserId
from server.session.owners import RESTING_SECONDS, ClientOwners, Owner, PeerId

ALICE = Owner(PeerId(1), UserId("alice"))
ALICE_AGAIN = Owner(PeerId(2), UserId("alice"))
BOB = Owner(PeerId(3), UserId("bob"))
ID = ClientId(77)


def owned_by_alice() -> ClientOwners:
    owners = ClientOwners()
    owners.claim(ID, ALICE, writes=True)
    return owners


def test_an_unknown_id_is_nobodys() -> None:
    assert not ClientOwners().is_foreign(ID, BOB.user, now=0.0)


def test_an_id_in_use_is_foreign_to_other_users_only__L8() -> None:
    owners = owned_by_alice()
    assert owners.is_foreign(ID, BOB.user, now=0.0)
    assert not owners.is_foreign(ID, ALICE_AGAIN.user, now=0.0)


def test_an_id_rests_after_its_connection_ended_and_is_free_then__L8() -> None:
    owners = owned_by_alice()
    owners.release(ALICE.peer, now=10.0)
    assert owners.is_foreign(ID, BOB.user, now=10.0 + RESTING_SECONDS - 0.1)
    assert not owners.is_foreign(ID, ALICE.user, now=10.1)
    assert not owners.is_foreign(ID, BOB.user, now=10.0 + RESTING_SECONDS)


def test_a_newer_connection_of_the_same_user_takes_the_id_over() -> None:
    owners = owned_by_alice()
    owners.claim(ID, ALICE_AGAIN, writes=True)
    assert owners.release(ALICE.peer, now=0.0) == frozenset()
    assert owners.owner(ID) == ALICE_AGAIN


def test_claiming_twice_is_claiming_once() -> None:
    owners = owned_by_alice()
    owners.claim(ID, ALICE, writes=True)
    assert owners.clients(ALICE.peer) == {ID}
    assert owners.release(ALICE.peer, now=0.0) == {ID}


def test_rested_ids_are_forgotten() -> None:
    owners = owned_by_alice()
    owners.release(ALICE.peer, now=0.0)
    owners.release(BOB.peer, now=RESTING_SECONDS)
    assert not owners._resting


def test_a_viewers_cursor_keeps_nobody_from_writing__L8() -> None:
    owners = ClientOwners()
    owners.claim(ID, BOB, writes=False)
    assert owners.may_write(ID, ALICE.user, now=0.0)
    assert owners.is_foreign(ID, ALICE.user, now=0.0), "but it keeps its cursor"
    owners.claim(ID, ALICE, writes=True)
    assert not owners.may_write(ID, BOB.user, now=0.0)
    owners.release(ALICE.peer, now=1.0)
    assert not owners.may_write(ID, BOB.user, now=2.0)
    assert owners.may_write(ID, BOB.user, now=1.0 + RESTING_SECONDS)
