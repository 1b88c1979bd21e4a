"""Sending mail: by SMTP, or to the terminal of whoever tries the server out.

What does not live here: what is written (``server.edge.letters``).

Law kept: L11. A mail may hold a one-time link, which is a secret: it goes to the mail server
or to a terminal, never to a log, and has no repr. A failure is logged without saying to whom.
"""

import logging
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol, TextIO
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

logger = logging.getLogger(__name__)

SMTP_SECONDS = 20.0
MAIL_ERRORS = (aiosmtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """Plain text for one person."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """A way to send mail. Never raises: nobody waits for it, and a failure is for the log."""

    async def send(self, mail: Mail) -> None:
        """Send, or say in the log that it could not be sent."""


class TerminalMailer:
    """Shows mails to the operator who started the server by hand."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    async def send(self, mail: Mail) -> None:
        """Print it."""
        self._terminal.write(f"\n--- mail to {mail.to}: {mail.subject}\n{mail.text}---\n")
        self._terminal.flush()


class NoMailer:
    """Sends nothing: neither a mail server is set nor does anybody sit at a terminal."""

    async def send(self, mail: Mail) -> None:
        """Say that it was not sent."""
        logger.warning("no mail was sent (%s): AGENTC_SMTP_URL is not set", mail.subject)


class SmtpMailer:
    """Hands mails to a mail server, one connection each."""

    def __init__(self, url: str, sender: str, tls: ssl.SSLContext | None = None) -> None:
        self._server = urlsplit(url)
        self._sender = sender
        self._tls = tls

    async def send(self, mail: Mail) -> None:
        """Hand it over."""
        server = self._server
        try:
            await aiosmtplib.send(
                _message(mail, self._sender),
                hostname=server.hostname,
                port=server.port,
                username=_plain(server.username),
                password=_plain(server.password),
                use_tls=server.scheme == "smtps",
                start_tls=_start_tls(server),
                tls_context=self._tls,
                timeout=SMTP_SECONDS,
            )
        except MAIL_ERRORS as error:
            # Not the error's text: it quotes addresses, and sometimes what was said.
            logger.error("a mail could not be sent (%s): %s", mail.subject, type(error).__name__)


def _start_tls(server: SplitResult) -> bool | None:
    """Required before a password is said; otherwise taken where it is offered (None)."""
    if server.scheme == "smtps":
        return False
    return True if server.password else None


def _plain(quoted: str | None) -> str | None:
    return None if quoted is None else unquote(quoted)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message
