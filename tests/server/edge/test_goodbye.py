"""Whatever ends a connection has one code and says nothing of ours (L7)."""

import pytest

from server.edge.goodbye import fit_reason, say_goodbye
from server.protocol.errors import DocumentFault, Malformed
from server.protocol.ids import ProjectId
from tests.doubles.channels import RecordingChannel

PROJECT = ProjectId("plan")


def test_a_peers_fault_is_told_in_full() -> None:
    channel = RecordingChannel()
    say_goodbye(channel, Malformed("expected a varint"), PROJECT)
    assert channel.closed == (4400, "expected a varint")


def test_a_fault_of_ours_is_told_in_general_terms() -> None:
    channel = RecordingChannel()
    say_goodbye(channel, DocumentFault(PROJECT, "row 7 of updates"), PROJECT)
    assert channel.closed == (4500, "the server met an error; connect again")


def test_a_bug_is_logged_in_full_and_told_in_general_terms(
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = RecordingChannel()
    say_goodbye(channel, KeyError("inner"), PROJECT)
    assert channel.closed == (1011, "the server met an error; connect again")
    assert "KeyError: 'inner'" in caplog.text


def test_a_reason_fits_a_close_frame_without_breaking_a_character() -> None:
    assert fit_reason("short") == "short"
    cut = fit_reason("é" * 100)
    assert cut == "é" * 61
    assert len(cut.encode()) <= 123
