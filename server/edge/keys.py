"""Keys for one purpose each, derived from the server's one secret (HKDF, RFC 5869).

So that what is signed for one purpose opens nothing for another. What does not live here:
where the secret comes from (``server.edge.secrets``, ``server.main``).

Law kept: L11. A key has no repr.
"""

import base64
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.protocol.errors import StoreUnavailable

KEY_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What the secret is good for."""

    tickets: bytes
    flows: str
    """For the cookie that holds the state of a login elsewhere."""
    seal: "Seal"


class Seal:
    """Encrypts what must be stored and read again."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, owner: str, text: str) -> bytes:
        """``text`` as only this server can read it, for this owner."""
        return self._fernet.encrypt(f"{owner}\n{text}".encode())

    def open(self, owner: str, sealed: bytes) -> str:
        """The text again. Raises ``StoreUnavailable`` when it was sealed for somebody else or
        under another key."""
        try:
            whose, _, text = self._fernet.decrypt(sealed).decode().partition("\n")
        except InvalidToken:
            raise StoreUnavailable("sealed under another AGENTC_SECRET_KEY") from None
        if whose != owner:
            raise StoreUnavailable("sealed for somebody else: this row was moved")
        return text


def derive_keys(secret: str) -> Keys:
    """All keys of a server."""
    return Keys(
        tickets=_derived(secret, "room tickets"),
        flows=_derived(secret, "login flows").hex(),
        seal=Seal(_derived(secret, "seeds of second factors")),
    )


def _derived(secret: str, purpose: str) -> bytes:
    info = f"8gentc {purpose}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(secret.encode())
