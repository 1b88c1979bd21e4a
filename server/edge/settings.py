"""Everything an operator can set, in one table: the fields of :class:`Settings`.

Each field is one environment variable, ``AGENTC_`` and the name in capitals (but for those
that others have named), with its type, default and meaning beside it; the documents and
``serve --help`` are checked against the same table. A command line option of the same name
wins over the environment; an empty value counts as not set. What does not live here: what
a setting does, and any reading of ``os.environ`` (``server.main`` passes it in).

Long because a table is read in one place.

Law kept: L11, no secret is part of a repr or of an error message.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import urlsplit

from server.protocol.errors import Invalid

PREFIX = "AGENTC_"
FEATURES = frozenset({"tools", "json_schema", "stream_usage", "completion_tokens"})
DATABASES = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg")
T = TypeVar("T")


def _text(value: str) -> str:
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return parse


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise ValueError("seconds, from 0 to 86400")
    return seconds


def _switch(value: str) -> bool:
    match value.lower():
        case "on":
            return True
        case "off":
            return False
        case _:
            raise ValueError('"on" or "off"')


def _channel(value: str) -> str:
    if value.lower() not in ("fast", "plain"):
        raise ValueError('"fast" or "plain"')
    return value.lower()


def _level(value: str) -> str:
    if value.lower() not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error")
    return value.lower()


def _database_url(value: str) -> str:
    if value.partition("://")[0] not in DATABASES:
        raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return value


def _secret(value: str) -> str | None:
    if 0 < len(value) < 16:
        raise ValueError("at least 16 characters")
    return value or None


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/").lower() for part in value.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and not (parts.netloc and origin == f"{parts.scheme}://{parts.netloc}"):
            raise ValueError("origins such as https://studio.example, parted by commas, or *")
    return origins


def _url(value: str) -> str | None:
    origin = value.rstrip("/")
    parts = urlsplit(origin)
    if origin and not (
        parts.scheme in ("http", "https") and origin == f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError("an address like https://8gentc.example, without a path")
    return origin or None


def _issuer(value: str) -> str | None:
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ValueError("an address like https://id.example/realm")
    return value.rstrip("/") or None


def _smtp(value: str) -> str | None:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("smtp", "smtps") and parts.hostname):
        raise ValueError("smtp://USER:PASSWORD@HOST:PORT or smtps://...")
    return value or None


def _optional(value: str) -> str | None:
    return value or None


def _registration(value: str) -> str:
    if value.lower() not in ("open", "invited", "closed"):
        raise ValueError("open, invited or closed")
    return value.lower()


def _domains(value: str) -> tuple[str, ...]:
    domains = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    if any("@" in domain or "." not in domain for domain in domains):
        raise ValueError("domains such as example.org, parted by commas")
    return domains


def _limit(value: str) -> int | None:
    if not value:
        return None
    return _whole(0, 10**15)(value)


def _money(value: str) -> int | None:
    """Millionths."""
    if not value:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= 10**9:
        raise ValueError("an amount of money such as 2.50")
    return int(amount * 1_000_000)


def _base_url(value: str) -> str | None:
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ValueError("an address like http://127.0.0.1:11434/v1")
    return value.rstrip("/") or None


def _features(value: str) -> frozenset[str] | None:
    given = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    if not given <= FEATURES:
        raise ValueError(f"some of {', '.join(sorted(FEATURES))}, parted by commas, or none")
    return given or None


def _prices(value: str) -> str:
    for part in filter(None, (part.strip() for part in value.split(","))):
        if re.fullmatch(r".+=\d+(\.\d+)?/\d+(\.\d+)?", part) is None:
            raise ValueError("prices such as gpt-5-mini=0.25/2.00, parted by commas")
    return value


def _row(
    parse: Callable[[str], T],
    default: str,
    means: str,
    *,
    secret: bool = False,
    name: str | None = None,
) -> T:
    """One row of the table: how to read a value, the default as one writes it, what it means.

    ``name`` is that of the variable where others have named it.
    """
    metadata = {"parse": parse, "default": default, "means": means, "secret": secret, "name": name}
    made: Any = field(default=parse(default), metadata=metadata, repr=not secret)
    typed: T = made
    return typed


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose. Built by :func:`read_settings`; bare, it holds the defaults."""

    host: str = _row(_text, "127.0.0.1", "Address to listen on.")
    port: int = _row(_whole(0, 65535), "8000", "Port to listen on; 0 lets the system choose.")
    database_url: str = _row(
        _database_url,
        "sqlite:///data/8gentc.db",
        "Where everything is kept: sqlite:///FILE (relative to the working directory) or "
        "postgresql://USER:PASSWORD@HOST/NAME.",
        secret=True,
    )
    secret_key: str | None = _row(
        _secret,
        "",
        "Signs room tickets and login flows, and seals the seeds of second factors: changing it "
        "voids all of these. Not set: `serve` makes a random one in ./data/secret, mode 0600. "
        "Several servers on one database need the same.",
        secret=True,
    )
    allowed_origins: tuple[str, ...] = _row(
        _origins,
        "",
        "Origins, parted by commas, whose pages may connect from a browser; * allows any. The "
        "server's own host always may.",
    )
    public_url: str | None = _row(
        _url,
        "",
        "Where people reach this server, such as https://8gentc.example: for links in mails and "
        "for logging in elsewhere. Not set: the address that it listens on.",
    )
    registration: str = _row(
        _registration,
        "open",
        "Who may make an account: open (anybody), invited (with an invitation) or closed.",
    )
    registration_domains: tuple[str, ...] = _row(
        _domains, "", "Domains, parted by commas, whose addresses may register; not set: any."
    )
    session_days: int = _row(_whole(1, 3650), "30", "Days after which a login ends.")
    smtp_url: str | None = _row(
        _smtp,
        "",
        "Mail server: smtp://USER:PASSWORD@HOST:PORT (STARTTLS, required with a password) or "
        "smtps://... Not set: mails are shown on the terminal of `make run`, and nowhere else.",
        secret=True,
    )
    mail_from: str = _row(_text, "8gentc@localhost", "Sender of mails.")
    oidc_issuer: str | None = _row(
        _issuer, "", "OpenID Connect provider through which people may log in."
    )
    oidc_name: str = _row(_text, "OpenID Connect", "How that provider is called on buttons.")
    oidc_client_id: str | None = _row(_optional, "", "Our client id there.")
    oidc_client_secret: str | None = _row(
        _optional, "", "Our client secret there; not set: a public client.", secret=True
    )
    github_client_id: str | None = _row(
        _optional, "", "Client id of a GitHub OAuth app through which people may log in."
    )
    github_client_secret: str | None = _row(_optional, "", "Its client secret.", secret=True)
    max_frame_bytes: int = _row(
        _whole(1024, 1 << 30), str(16 << 20), "Largest websocket message or request body accepted."
    )
    max_document_bytes: int = _row(
        _whole(1024, 1 << 32),
        str(64 << 20),
        "Size above which a document takes no more writes; it can still be read.",
    )
    max_connections_per_user: int = _row(
        _whole(1, 1_000_000), "100", "Live websockets that one user may hold in this process."
    )
    max_backlog_bytes: int = _row(
        _whole(1024, 1 << 30),
        str(1 << 20),
        "Unread bytes kept for one slow client before its queue becomes one catch-up.",
    )
    idle_unload_seconds: float = _row(
        _seconds, "30", "How long a document without connections stays in memory."
    )
    project_retention_days: int = _row(
        _whole(1, 3650), "30", "Days for which a deleted project can be brought back."
    )
    rate_limits: bool = _row(
        _switch, "on", "off lifts every limit on rate and number, for load tests."
    )
    edits_per_second: int = _row(
        _whole(1, 1_000_000), "200", "Edits per second that one connection may keep up."
    )
    bytes_per_second: int = _row(
        _whole(1024, 1 << 32), str(4 << 20), "Bytes per second that one connection may keep up."
    )
    requests_per_minute: int = _row(
        _whole(1, 10_000_000), "1200", "API requests per minute of one person."
    )
    anonymous_requests_per_minute: int = _row(
        _whole(1, 10_000_000), "120", "API requests per minute of one address without a login."
    )
    channel: str = _row(
        _channel, "fast", "How websockets are carried: fast, or plain ASGI as on any server."
    )
    automatic_snapshots: int = _row(
        _whole(0, 1000),
        "2",
        "Newest automatic snapshots that stay of each project, beside the newest of each occasion;"
        " 0 takes none daily.",
    )
    history_days: int = _row(
        _whole(0, 36_500),
        "30",
        "How long every state of a document can be gone back to. Who wrote what is kept for ever.",
    )
    history_percent: int = _row(
        _whole(0, 1_000_000),
        "25",
        "Size that the history of a document may reach, in percent of the document's own.",
    )
    model: str | None = _row(
        _optional,
        "",
        "The language model that the agent writes with. Not set: gpt-5-mini with a key of OpenAI; "
        "without key and address the small model of the extra local-ai, if that is installed.",
    )
    openai_api_key: str | None = _row(
        _optional,
        "",
        "Key for the provider of models.",
        secret=True,
        name="OPENAI_API_KEY",
    )
    openai_base_url: str | None = _row(
        _base_url,
        "",
        "Where models are, if not at OpenAI: any server that speaks Chat Completions, such as "
        "http://127.0.0.1:11434/v1 for Ollama.",
        name="OPENAI_BASE_URL",
    )
    model_features: frozenset[str] | None = _row(
        _features,
        "",
        "What that server knows: tools, json_schema, stream_usage, completion_tokens, parted by "
        "commas. Not set: all of them until it refuses one.",
    )
    model_prices: str = _row(
        _prices,
        "",
        "What models cost for a million tokens read and written: gpt-5-mini=0.25/2.00, parted by "
        "commas.",
    )
    model_stall_seconds: float = _row(
        _seconds, "60", "How long a model may say nothing before its answer counts as broken."
    )
    agent_workers: int = _row(
        _whole(0, 64),
        "4",
        "Runs that this server works on at a time; 0 leaves them to `8gentc agent work`.",
    )
    agent_context_tokens: int = _row(
        _whole(200, 10_000_000), "8000", "How much of a project a model is shown for one run."
    )
    agent_answer_tokens: int = _row(
        _whole(50, 10_000_000), "8000", "Longest answer of a model, in tokens."
    )
    agent_run_tokens: int = _row(
        _whole(200, 10**9), "60000", "Tokens after which one run is stopped."
    )
    agent_run_money: int | None = _row(
        _money, "", "Money, by model_prices, after which one run is stopped; not set: no limit."
    )
    agent_runs_per_user: int | None = _row(
        _limit, "200", "Runs that one person may ask for in a day; not set: no limit."
    )
    agent_runs_per_project: int | None = _row(_limit, "500", "The same in one project.")
    agent_tokens_per_user: int | None = _row(
        _limit, "2000000", "Tokens after which one person waits for the next day."
    )
    agent_tokens_per_project: int | None = _row(_limit, "5000000", "The same in one project.")
    agent_money_per_user: int | None = _row(
        _money, "", "Money after which one person waits for the next day; not set: no limit."
    )
    agent_money_per_project: int | None = _row(_money, "", "The same in one project.")
    log_level: str = _row(_level, "info", "How much to log: debug, info, warning or error.")
    shutdown_seconds: float = _row(
        _seconds, "10", "How long a stopping server may take to save and say goodbye."
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table, as documents and parsers read it."""

    name: str
    """As an environment variable."""
    key: str
    """As a field of :class:`Settings`."""
    default: str
    means: str
    secret: bool
    parse: Callable[[str], object]


def table() -> Iterator[Setting]:
    """Every setting there is, in the order of the documents."""
    for row in fields(Settings):
        about = dict(row.metadata)
        name = about.pop("name") or PREFIX + row.name.upper()
        yield Setting(name=name, key=row.name, **about)


def read_settings(
    environ: Mapping[str, str], overrides: Mapping[str, str | None] | None = None
) -> Settings:
    """Settings from ``environ``, with ``overrides`` (by field name) on top.

    Raises ``Invalid``, naming the variable, for unknown names and bad values.
    """
    known = {row.name: row for row in table()}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in sorted(given.keys() - known.keys()):
        raise Invalid(_unknown(name, known))
    given |= {name: environ[name] for name in known if name in environ}
    given |= {PREFIX + key.upper(): value for key, value in (overrides or {}).items() if value}
    values = {known[name].key: _value(known[name], text) for name, text in given.items() if text}
    chosen: Any = values
    return Settings(**chosen)


def _value(row: Setting, text: str) -> object:
    try:
        return row.parse(text)
    except ValueError as problem:
        shown = "this value" if row.secret else repr(text)
        raise Invalid(f"{row.name}: expected {problem}, got {shown}") from None


def _unknown(name: str, known: Mapping[str, Setting]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"unknown setting {name}: did you mean {nearest[0]}?"
