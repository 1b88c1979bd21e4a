"""Mails reach a real mail server, or a terminal, and never a log (L11)."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from server.edge.mail import Mail, NoMailer, SmtpMailer, TerminalMailer
from tests.e2e.server import free_port

pytestmark = pytest.mark.anyio

MAIL = Mail("ada@x.example", "A new password", "Follow http://x/?link=8gl_secret\n\nGrüße\n")


class Inbox:
    """What a mail server has taken."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.passwords: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken.append(envelope)
        return "250 taken"

    def authenticate(self, *args: Any) -> AuthResult:
        self.passwords.append(args[-1])
        return AuthResult(success=True)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    taken = Inbox()
    port = free_port()
    controller = Controller(
        taken, hostname="127.0.0.1", port=port, authenticator=taken.authenticate
    )
    controller.start()
    yield taken, port
    controller.stop()


async def test_a_mail_reaches_the_mail_server(inbox: tuple[Inbox, int]) -> None:
    taken, port = inbox
    await SmtpMailer(f"smtp://127.0.0.1:{port}", "8gentc@x.example").send(MAIL)
    [envelope] = taken.taken
    assert envelope.rcpt_tos == ["ada@x.example"]
    assert envelope.mail_from == "8gentc@x.example"
    assert b"Subject: A new password" in envelope.content


async def test_a_password_is_not_said_without_encryption_L11(
    inbox: tuple[Inbox, int], caplog: pytest.LogCaptureFixture
) -> None:
    taken, port = inbox
    await SmtpMailer(f"smtp://u:sesame@127.0.0.1:{port}", "8gentc@x.example").send(MAIL)
    assert (taken.taken, taken.passwords) == ([], [])
    assert "could not be sent" in caplog.text
    assert "sesame" not in caplog.text


async def test_a_server_that_is_away_is_told_of_in_the_log_without_names_L11(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await SmtpMailer("smtp://127.0.0.1:9", "8gentc@x.example").send(MAIL)
    assert "could not be sent" in caplog.text
    assert not {"ada@x.example", "8gl_secret"} & set(caplog.text.split())


async def test_a_terminal_shows_the_mail_and_a_log_does_not_L11(
    caplog: pytest.LogCaptureFixture,
) -> None:
    terminal = io.StringIO()
    await TerminalMailer(terminal).send(MAIL)
    assert "8gl_secret" in terminal.getvalue()
    with caplog.at_level(logging.DEBUG):
        await NoMailer().send(MAIL)
    assert "A new password" in caplog.text
    assert "8gl_secret" not in caplog.text
    assert "8gl_secret" not in repr(MAIL)
