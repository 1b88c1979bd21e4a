"""Zips: the same bytes for the same files, and no harm in what comes from outside."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.archive import MAX_FILES, pack, unpack
from server.protocol.errors import Invalid, Malformed, PeerError, TooLarge

FILES = {"a.txt": b"first", "diagrams/b.mmd": b"second" * 100}


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def test_files_come_back_and_only_those_that_are_wanted() -> None:
    assert pack(FILES) == pack(FILES)
    assert unpack(pack(FILES), ["a.txt", "absent"], 100) == {"a.txt": b"first"}


@pytest.mark.parametrize(
    "name", ["../up", "/root", "a/../../b", "..\\up", "C:\\windows", "C:evil", "\\\\host\\x"]
)
def test_a_name_that_leads_elsewhere_is_refused__L7(name: str) -> None:
    with pytest.raises(Invalid, match="names"):
        unpack(zipped((name, b""), ("a.txt", b"x")), ["a.txt"], 100)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_refused__L7() -> None:
    with pytest.raises(Invalid, match="once"):
        unpack(zipped(("a.txt", b"1"), ("a.txt", b"2")), ["a.txt"], 100)


def test_a_bomb_is_not_unpacked__L7() -> None:
    bomb = zipped(("a.txt", bytes(50_000_000)))
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge):
        unpack(bomb, ["a.txt"], 1000)
    assert unpack(bomb, ["other"], 1000) == {}


def test_a_bomb_that_lies_about_its_size_is_not_unpacked__L7() -> None:
    bomb = bytearray(zipped(("a.txt", bytes(50_000_000))))
    at = bomb.rindex(b"PK\x01\x02")
    struct.pack_into("<I", bomb, at + 24, 500)
    with pytest.raises((TooLarge, Malformed)):
        unpack(bytes(bomb), ["a.txt"], 1000)


def test_a_claim_of_a_gigabyte_is_refused_before_it_is_read__L7() -> None:
    claim = bytearray(zipped(("a.txt", b"small")))
    struct.pack_into("<I", claim, claim.rindex(b"PK\x01\x02") + 24, 1 << 30)
    with pytest.raises(TooLarge):
        unpack(bytes(claim), ["a.txt"], 1 << 20)


def test_methods_that_cost_memory_are_refused__L7() -> None:
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        with pytest.raises(Invalid):
            unpack(zipped(("a.txt", b"x"), method=method), ["a.txt"], 100)


def test_more_files_than_anybody_needs_are_refused__L7() -> None:
    many = zipped(*((str(n), b"") for n in range(MAX_FILES + 1)), method=zipfile.ZIP_STORED)
    with pytest.raises(TooLarge):
        unpack(many, ["1"], 100)


@given(st.data())
def test_damage_is_one_typed_error__L7(data: st.DataObject) -> None:
    packed = bytearray(pack(FILES))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packed)))
    for damaged in (bytes(packed), bytes(packed[:cut])):
        try:
            found = unpack(damaged, FILES, 1000)
        except PeerError:
            continue
        assert found.items() <= FILES.items()
