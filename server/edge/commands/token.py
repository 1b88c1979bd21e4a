"""``8gentc token``: personal access tokens. ``add`` prints one, once; only its digest is
kept, so nothing can print it again (L11)."""

from argparse import ArgumentTypeError, Namespace

from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns, timestamp
from server.edge.secrets import new_token, token_digest
from server.protocol.credentials import Scope
from server.protocol.ids import Millis, TokenId
from server.room.ports import Credential

DAY = 24 * 60 * 60 * 1000
MAX_DAYS = 3650


def register(nouns: Verbs) -> None:
    """``token add | list | revoke``."""
    verbs = add_noun(nouns, "token", "Personal access tokens.")
    adding = add_verb(verbs, "add", "Make a token and print it, this once.", add)
    adding.add_argument("email", metavar="EMAIL")
    adding.add_argument(
        "--days", metavar="N", type=_days, help="days until it expires; default: never"
    )
    adding.add_argument(
        "--scope",
        metavar="S",
        choices=[scope.value for scope in Scope],
        default=Scope.ADMIN.value,
        help="how far it goes: read, write or admin; default: as far as the account",
    )
    adding.add_argument("--label", metavar="L", default="command line", help="what it is for")
    listing = add_verb(verbs, "list", "List the live tokens of an account, by id.", list_tokens)
    listing.add_argument("email", metavar="EMAIL")
    revoking = add_verb(verbs, "revoke", "End a token; its connections close at once.", revoke)
    revoking.add_argument("token", metavar="ID")


async def add(args: Namespace, ports: Ports) -> Answer:
    """``token add EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    expires = None if args.days is None else Millis(ports.clock.now() + args.days * DAY)
    token = new_token()
    token_id = await ports.directory.add_token(
        user.id,
        digest=token_digest(token),
        label=args.label,
        expires_at=expires,
        scope=Scope(args.scope),
    )
    shown = _as_json(token_id, args.label, Scope(args.scope), expires)
    return Answer(shown | {"token": token}, (token,))


async def list_tokens(args: Namespace, ports: Ports) -> Answer:
    """``token list EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    tokens = await ports.directory.list_tokens(user.id)
    rows = [(token.id, token.label, token.scope.value, _until(token)) for token in tokens]
    shown = [_as_json(token.id, token.label, token.scope, token.expires_at) for token in tokens]
    return Answer(shown, columns(rows))


async def revoke(args: Namespace, ports: Ports) -> Answer:
    """``token revoke ID``."""
    await ports.directory.revoke_token(TokenId(args.token))
    return Answer({"id": args.token, "revoked": True}, (f"revoked {args.token}",))


def _until(token: Credential) -> str:
    return "never expires" if token.expires_at is None else f"until {timestamp(token.expires_at)}"


def _as_json(token: TokenId, label: str, scope: Scope, expires: Millis | None) -> dict[str, object]:
    shown = None if expires is None else timestamp(expires)
    return {"id": token, "label": label, "scope": scope.value, "expires_at": shown}


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_DAYS:
        raise ArgumentTypeError(f"expected a whole number of days from 1 to {MAX_DAYS}")
    return int(text)
