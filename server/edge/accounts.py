"""Everything around accounts, put together from ports, keys and settings.

No behaviour lives here.
"""

from dataclasses import dataclass

from server.edge.account_care import AccountCare
from server.edge.identity import IdentityDesk
from server.edge.keys import Keys
from server.edge.logins import Logins
from server.edge.mail import Mailer
from server.edge.one_time import OneTimeLinks, base_url
from server.edge.passwords import Passwords
from server.edge.providers import Providers
from server.edge.registration import Invited, Registration
from server.edge.second_factor import SecondFactorDesk
from server.edge.settings import Settings
from server.edge.throttling import Attempts
from server.edge.tickets import TicketOffice
from server.room.account_ports import AccountPorts
from server.room.ports import Clock, Directory


@dataclass(frozen=True, slots=True)
class AccountServices:
    """What the API's handlers ask."""

    ports: AccountPorts
    logins: Logins
    registration: Registration
    care: AccountCare
    second_factor: SecondFactorDesk
    attempts: Attempts
    identities: IdentityDesk
    providers: Providers
    tickets: TicketOffice
    base: str
    """Where people reach this server, without a slash at the end."""


def account_services(
    ports: AccountPorts,
    directory: Directory,
    clock: Clock,
    settings: Settings,
    *,
    passwords: Passwords,
    keys: Keys,
    mailer: Mailer,
    providers: Providers,
    invited: Invited,
) -> AccountServices:
    """All of it, on one store."""
    attempts = Attempts(ports.throttle if settings.rate_limits else None)
    links = OneTimeLinks(ports.links, clock, base_url(settings))
    second = SecondFactorDesk(ports.second_factors, keys.seal, clock)
    accounts = ports.accounts
    logins = Logins(
        accounts, directory, clock, passwords, attempts, second, links, settings.session_days
    )
    registration = Registration(accounts, passwords, attempts, links, mailer, settings, invited)
    return AccountServices(
        ports=ports,
        logins=logins,
        registration=registration,
        care=AccountCare(accounts, ports.users, passwords, attempts, links, mailer),
        second_factor=second,
        attempts=attempts,
        identities=IdentityDesk(accounts, ports.identities, registration, logins),
        providers=providers,
        tickets=TicketOffice(keys.tickets, clock),
        base=links.base,
    )
