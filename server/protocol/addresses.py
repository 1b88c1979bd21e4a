"""E-mail addresses, as far as they name accounts. Whether mail arrives is not known here."""

import unicodedata

from server.protocol.errors import Invalid

LONGEST_ADDRESS = 254


def normalised(email: str) -> str:
    """The form in which an address is unique and looked up. Raises ``Invalid``."""
    address = unicodedata.normalize("NFC", email.strip()).lower()
    local, at, domain = address.rpartition("@")
    plain = address.isprintable() and " " not in address and "@" not in local
    if not (local and at and domain and plain and len(address) <= LONGEST_ADDRESS):
        raise Invalid("expected an e-mail address like name@example.org")
    return address
