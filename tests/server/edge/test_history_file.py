"""The file of a project with its past: what is in it, and what is refused (L7)."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.edge import history_file
from server.edge.history_file import digest_of, is_history, reading, write
from server.protocol.errors import Invalid, Malformed, PeerError, TooLarge
from tests.server.room.test_transfer import SNAPSHOT, STATE, WHOLE

LIMIT = 1 << 20


GOOD = replace(WHOLE, snapshots=(replace(SNAPSHOT, state=digest_of(STATE)),), states=(STATE,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    write(made, GOOD, STATE)
    read(made)
    return made


def change(file: Path, name: str, edit: Callable[[Any], Any]) -> None:
    """Another file, whose digests are right: damage that somebody has made on purpose."""
    with zipfile.ZipFile(file) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    if name.endswith(".json"):
        parts[name] = json.dumps(edit(json.loads(parts[name]))).encode()
    elif name.endswith(".jsonl"):
        lines = [json.loads(line) for line in parts[name].splitlines()]
        parts[name] = b"\n".join(json.dumps(line).encode() for line in edit(lines))
    manifest = json.loads(parts["8gentc.json"])
    for one in manifest.get("files", {}):
        manifest["files"][one] = digest_of(parts[one])
    parts["8gentc.json"] = json.dumps(manifest).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    file.write_bytes(out.getvalue())


def read(file: Path, limit: int = LIMIT) -> None:
    with reading(file, limit) as (carried, _):
        list(carried.states)


def with_field(field: str, value: Any) -> Callable[[Any], Any]:
    return lambda manifest: {**manifest, field: value}


def first_with(field: str, value: Any) -> Callable[[Any], Any]:
    return lambda lines: [{**lines[0], field: value}, *lines[1:]]


def test_a_project_is_read_back_as_it_was_written(file: Path) -> None:
    assert is_history(file)
    with reading(file, LIMIT) as (carried, state):
        assert (carried.base, carried.chunks, carried.tail) == (
            WHOLE.base, WHOLE.chunks, WHOLE.tail,
        )  # fmt: skip
        assert (carried.title, carried.head, carried.snapshots) == ("Plan", 6, GOOD.snapshots)
        assert state == STATE
    assert not file.with_name("file.part").exists()


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("8gentc.json", with_field("format", "other")),
        ("8gentc.json", with_field("version", 2)),
        ("8gentc.json", with_field("head", -1)),
        ("8gentc.json", with_field("head", 1 << 60)),
        ("8gentc.json", with_field("head", "6")),
        ("8gentc.json", with_field("title", "x" * 300)),
        ("8gentc.json", with_field("description", "a\0b")),
        ("8gentc.json", with_field("chunks", [3, 999])),
        ("8gentc.json", with_field("authors", {"a\0": "x"})),
        ("8gentc.json", with_field("files", {})),
        ("8gentc.json", with_field("more", True)),
        ("8gentc.json", lambda _: {"files": {}}),
        ("history/tail.jsonl", first_with("means", "magic")),
        ("history/tail.jsonl", first_with("update", "not base64!")),
        ("history/tail.jsonl", first_with("user", "")),
        ("history/tail.jsonl", first_with("user", "a\0b")),
        ("history/tail.jsonl", first_with("first", 4)),
        ("history/tail.jsonl", first_with("started_at", -5)),
        ("history/sittings.jsonl", first_with("more", 1)),
        ("history/recovered.jsonl", lambda _: [{"seq": 1}]),
    ],
)
def test_what_is_not_as_it_should_be_is_named__L7(
    file: Path, name: str, edit: Callable[[Any], Any]
) -> None:
    change(file, name, edit)
    with pytest.raises(Invalid):
        read(file)


def test_the_state_of_a_snapshot_must_be_there_and_be_it__L7(file: Path) -> None:
    write(file, WHOLE, STATE)
    with pytest.raises(Invalid, match="snapshots/0000"):
        read(file)
    write(file, replace(GOOD, states=()), STATE)
    with pytest.raises(Invalid, match="does not name"):
        read(file)


def test_damage_is_told_from_the_digest(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts["state.yjs"] = b"\0\0"
    with zipfile.ZipFile(file, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    with pytest.raises(Invalid, match="damaged"):
        read(file)


def test_parts_are_bounded__L7(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge):
        read(file, 10)
    monkeypatch.setattr(history_file, "TIMES", 0)
    with pytest.raises(TooLarge):
        read(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\0\0", b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_zip_is_no_history(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert not is_history(file)
    with pytest.raises(Malformed):
        read(file)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    assert not is_history(tmp_path / "absent")
    with pytest.raises(PeerError, match="cannot read"):
        read(tmp_path / "absent")
    with pytest.raises(PeerError, match="cannot write"):
        write(tmp_path / "no" / "folder", WHOLE, STATE)
