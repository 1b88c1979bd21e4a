"""One secret, many keys; and what is sealed is opened by its owner's name only (L11)."""

import pytest

from server.edge.keys import derive_keys
from server.protocol.errors import StoreUnavailable

KEYS = derive_keys("a secret of the server")


def test_every_purpose_has_a_key_of_its_own_that_stays() -> None:
    again = derive_keys("a secret of the server")
    assert (KEYS.tickets, KEYS.flows) == (again.tickets, again.flows)
    assert KEYS.tickets.hex() != KEYS.flows
    assert "secret" not in repr(KEYS)


def test_what_is_sealed_is_opened_again_and_not_readable_meanwhile_L11() -> None:
    sealed = KEYS.seal.close("ada", "the seed")
    assert b"the seed" not in sealed
    assert KEYS.seal.open("ada", sealed) == "the seed"


def test_another_secret_opens_nothing_nor_does_another_name_L11() -> None:
    sealed = KEYS.seal.close("ada", "the seed")
    with pytest.raises(StoreUnavailable, match="AGENTC_SECRET_KEY"):
        derive_keys("another secret").seal.open("ada", sealed)
    with pytest.raises(StoreUnavailable, match="somebody else"):
        KEYS.seal.open("bob", sealed)
