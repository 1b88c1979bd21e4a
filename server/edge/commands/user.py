"""``8gentc user``: accounts. A password is read from standard input only, never from the
arguments, which other users of the machine can see (L11)."""

import asyncio
from argparse import Namespace

from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns, timestamp
from server.edge.secrets import hash_password
from server.room.ports import User


def register(nouns: Verbs) -> None:
    """``user add | list | disable``."""
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
    disabling = add_verb(verbs, "disable", "End every right of an account; edits stay.", disable)
    disabling.add_argument("email", metavar="EMAIL")


async def add(args: Namespace, ports: Ports) -> Answer:
    """``user add EMAIL``."""
    hashed = None
    if args.password_stdin:
        password = ports.stdin.readline().rstrip("\r\n")
        hashed = await asyncio.to_thread(hash_password, password)
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
