"""Making secrets: tokens, passwords, the server's own key.

Law kept: L11. A token leaves this module once, as text, to be shown to its owner;
what is stored is its SHA-256. That hash needs neither salt nor stretching, for a
token has 256 random bits; a password has few, and gets argon2. What does not live
here: where digests are stored (the directory) and who may ask for one.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path

from argon2 import PasswordHasher

from server.protocol.errors import Invalid

TOKEN_PREFIX = "8g_"
SESSION_PREFIX = "8gs_"
LINK_PREFIX = "8gl_"
"""Let people, logs and secret scanners recognize our secrets."""

RECOVERY_BYTES = 10
"""80 random bits: a recovery code too needs neither salt nor stretching."""

MIN_PASSWORD = 8
MAX_PASSWORD = 1024


def new_token() -> str:
    """The text of a fresh token; shown once, never stored."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_session() -> str:
    """The text of a fresh session: the cookie's value, shown to nobody."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def new_link() -> str:
    """The text of a fresh one-time link."""
    return LINK_PREFIX + secrets.token_urlsafe(32)


def new_recovery_code() -> str:
    """Four groups of four, to be written down."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def recovery_digest(code: str) -> bytes:
    """What is stored of a recovery code, however its owner types it."""
    return token_digest("".join(filter(str.isalnum, code.lower())))


def token_digest(token: str) -> bytes:
    """What is stored, and looked up, in place of the token."""
    return hashlib.sha256(token.encode()).digest()


def new_request_id() -> str:
    """A name for one request in logs and answers: 16 characters of lowercase base32."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def hash_password(password: str) -> str:
    """The argon2id hash to store. Slow on purpose: call it in a thread on a server."""
    fit_password(password)
    return PasswordHasher().hash(password)


def fit_password(password: str) -> None:
    """Raises ``Invalid`` for one that is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")


def load_or_create_key(path: Path) -> str:
    """The server's key in ``path``; made at the first call, readable by its owner only.

    Raises ``Invalid`` when there is none and none can be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _create_key(path)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise Invalid(f"cannot keep a key in {path}: {error.strerror}") from error


def _create_key(path: Path) -> str:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    key = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read_key(path: Path) -> str:
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", "it is no text")
        raise Invalid(f"cannot read the key in {path}: {reason}") from error
    if len(key) < 16:
        raise Invalid(f"{path} holds no usable key: remove it, and a new one is made")
    return key
