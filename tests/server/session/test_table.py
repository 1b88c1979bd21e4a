"""The tables of the session: total, and with the rights that the roles promise."""

import itertools
from typing import get_args

import pytest

from server.protocol.messages import Message, SyncStep2, SyncUpdate
from server.session.table import INCOMING, OUTGOING, Action, Standing, State


def test_every_message_has_an_action_in_every_standing() -> None:
    for standing, kind in itertools.product(Standing, get_args(Message)):
        assert isinstance(INCOMING[standing][kind], Action)


def test_every_state_says_what_becomes_of_what_is_sent() -> None:
    assert set(OUTGOING) == set(State)


@pytest.mark.parametrize("kind", [SyncStep2, SyncUpdate])
def test_only_a_writer_has_updates_applied__L8(kind: type[Message]) -> None:
    assert INCOMING[Standing.WRITER][kind] is Action.APPLY
    assert INCOMING[Standing.READER][kind] is Action.VERIFY


def test_nothing_else_depends_on_the_standing() -> None:
    differing = {
        kind
        for kind in get_args(Message)
        if INCOMING[Standing.READER][kind] is not INCOMING[Standing.WRITER][kind]
    }
    assert differing == {SyncStep2, SyncUpdate}
