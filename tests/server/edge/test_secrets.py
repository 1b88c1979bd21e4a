"""Secrets are long, unguessable, and kept in forms that cannot be turned back (L11)."""

import hashlib
import re
import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from server.edge.secrets import (
    hash_password,
    load_or_create_key,
    new_request_id,
    new_token,
    token_digest,
)
from server.protocol.errors import Invalid


def test_a_token_is_recognizable_and_never_the_same() -> None:
    first, second = new_token(), new_token()
    assert re.fullmatch(r"8g_[A-Za-z0-9_-]{43}", first)
    assert first != second


def test_only_a_digest_stands_for_a_token_L11() -> None:
    assert token_digest("8g_x") == hashlib.sha256(b"8g_x").digest()


def test_a_request_id_is_lowercase_base32() -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", new_request_id())


@pytest.mark.slow
def test_a_password_matches_its_own_hash_only_L11() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert PasswordHasher().verify(stored, "correct horse")
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(stored, "wrong horse")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1025])
def test_a_password_of_bad_length_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match="8 to 1024"):
        hash_password(password)


def test_the_key_is_made_once_and_is_private_L11(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    key = load_or_create_key(path)
    assert len(key) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path) == key


def test_a_key_file_without_a_key_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("")
    with pytest.raises(Invalid, match="remove it"):
        load_or_create_key(path)
    assert path.exists()


def test_a_key_that_cannot_be_kept_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Invalid, match="Not a directory"):
        load_or_create_key(tmp_path / "data" / "secret")
    (tmp_path / "folder" / "secret").mkdir(parents=True)
    with pytest.raises(Invalid, match="cannot read the key"):
        load_or_create_key(tmp_path / "folder" / "secret")
    (tmp_path / "bytes").write_bytes(bytes(range(128, 200)))
    with pytest.raises(Invalid, match="cannot read the key"):
        load_or_create_key(tmp_path / "bytes")
