"""Everybody's mail in one place."""

import re
from dataclasses import dataclass, field

from server.edge.mail import Mail


@dataclass(slots=True)
class Mailbox:
    """A ``Mailer`` that keeps what it is given."""

    mails: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> None:
        """Keep it."""
        self.mails.append(mail)

    def link(self) -> str:
        """The one-time link's text in the newest mail."""
        [found] = re.findall(r"link=(\S+)", self.mails[-1].text)
        return str(found)
