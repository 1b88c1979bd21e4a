"""``8gentc user``: accounts. A password is read from standard input only, never from the
arguments, which other users of the machine can see; a link is printed once (L11)."""

import asyncio
from argparse import Namespace

from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns, timestamp
from server.edge.one_time import OneTimeLinks, base_url
from server.edge.secrets import hash_password
from server.protocol.addresses import normalised
from server.protocol.errors import Conflict
from server.protocol.ids import UserId
from server.room.account_ports import Purpose
from server.room.ports import User


def register(nouns: Verbs) -> None:
    """``user add | list | disable | enable | forget | password | invite | login-link``."""
    verbs = add_noun(nouns, "user", "Accounts of people.")
    adding = add_verb(
        verbs, "add", "Add an account; without a password it can use tokens only.", add
    )
    adding.add_argument("email", metavar="EMAIL")
    adding.add_argument("--name", metavar="N", help="shown to others; default: from the address")
    adding.add_argument("--admin", action="store_true", help="may administer the whole server")
    adding.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    add_verb(verbs, "list", "List all accounts.", list_users)
    for verb, means, handler in (
        ("disable", "End every right of an account; edits stay.", disable),
        ("enable", "Give a disabled account its rights back.", enable),
        ("forget", "Anonymise a person everywhere, for good; what they wrote stays.", forget),
        ("password", "Set a password, read from standard input; sessions end.", set_password),
        ("invite", "Print a link, once, by which an address makes its account.", invite),
        ("login-link", "Print a link, once, that logs in once, within an hour.", login_link),
    ):
        add_verb(verbs, verb, means, handler).add_argument("email", metavar="EMAIL")


async def add(args: Namespace, ports: Ports) -> Answer:
    """``user add EMAIL``."""
    hashed = None
    if args.password_stdin:
        hashed = await _hashed(ports)
    user = await ports.directory.add_user(
        email=args.email,
        name=args.name or args.email.partition("@")[0],
        is_admin=args.admin,
        password_hash=hashed,
    )
    return Answer(as_json(user), (f"added {user.email}",))


async def list_users(_: Namespace, ports: Ports) -> Answer:
    """``user list``."""
    users = await ports.directory.list_users()
    rows = [(user.email, user.name, _standing(user), timestamp(user.created_at)) for user in users]
    return Answer([as_json(user) for user in users], columns(rows))


async def disable(args: Namespace, ports: Ports) -> Answer:
    """``user disable EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    await ports.directory.disable_user(user.id)
    return Answer(as_json(user) | {"disabled": True}, (f"disabled {user.email}",))


async def enable(args: Namespace, ports: Ports) -> Answer:
    """``user enable EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    await ports.people.accounts.set_disabled(user.id, False)
    return Answer(as_json(user) | {"disabled": False}, (f"enabled {user.email}",))


async def forget(args: Namespace, ports: Ports) -> Answer:
    """``user forget EMAIL``, or the id of an author whose history was imported."""
    user = UserId(args.email)
    if "@" in args.email:
        user = (await ports.directory.user_by_email(args.email)).id
    await ports.people.users.delete(user)
    return Answer({"id": user, "forgotten": True}, (f"forgot whose id is {user}",))


async def set_password(args: Namespace, ports: Ports) -> Answer:
    """``user password EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    await ports.people.accounts.set_password(user.id, await _hashed(ports), None)
    return Answer(as_json(user), (f"set the password of {user.email}; all sessions have ended",))


async def invite(args: Namespace, ports: Ports) -> Answer:
    """``user invite EMAIL``."""
    address = normalised(args.email)
    if await ports.people.accounts.by_email(address) is not None:
        raise Conflict("this address has an account already")
    link = await _links(ports).make(Purpose.REGISTER, email=address)
    return Answer({"email": address, "link": link}, (link,))


async def login_link(args: Namespace, ports: Ports) -> Answer:
    """``user login-link EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    link = await _links(ports).make(Purpose.LOGIN, user=user.id)
    return Answer({"email": user.email, "link": link}, (link,))


def _links(ports: Ports) -> OneTimeLinks:
    return OneTimeLinks(ports.people.links, ports.clock, base_url(ports.settings))


async def _hashed(ports: Ports) -> str:
    """Of the password on the first line of standard input."""
    password = ports.stdin.readline().rstrip("\r\n")
    return await asyncio.to_thread(hash_password, password)


def as_json(user: User) -> dict[str, object]:
    """An account as scripts see it."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "is_admin": user.is_admin,
        "disabled": user.disabled,
        "created_at": timestamp(user.created_at),
    }


def _standing(user: User) -> str:
    if user.disabled:
        return "disabled"
    return "admin" if user.is_admin else "user"
