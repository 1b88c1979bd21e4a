"""Whole projects out and in: equal when they come back, and bad files change nothing."""

import io
import struct
import zipfile
from typing import Any

import pycrdt
import pytest
from httpx2 import Response

from server.document.replica import Document, Replica
from server.edge.api.application import PREFIX
from server.edge.settings import Settings
from server.protocol.lib0 import write_uint
from server.protocol.roles import Role
from server.room.ports import Attribution, Means
from tests.server.edge.api.house import House, bearer, house

pytestmark = pytest.mark.anyio

MEDIA = {
    "json": "application/json",
    "yjs": "application/octet-stream",
    "zip": "application/zip",
}


def zipped(name: str, content: bytes, claim: int | None = None) -> bytes:
    """A zip of one file, that claims to hold as much as it does, or something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    packed = bytearray(out.getvalue())
    if claim is not None:
        struct.pack_into("<I", packed, packed.rindex(b"PK\x01\x02") + 24, claim)
    return bytes(packed)


GIGABYTE = 1 << 30
CLAIMING_TEXT = bytes.fromhex("0101010004010174") + write_uint(GIGABYTE) + b"words"
"""An update: one string, that claims to be longer than all that there is."""
SMALL = Settings(max_document_bytes=1 << 20)
TWINS = b'{"nodes": [{"id": "a", "label": ""}, {"id": "a", "label": ""}]}'


async def bring(
    here: House, token: str | None, kind: str, body: bytes, query: str = ""
) -> Response:
    headers = bearer(token) | {"Content-Type": kind}
    return await here.client.post(f"{PREFIX}/projects/import{query}", content=body, headers=headers)


async def export(here: House, token: str, form: str, project: str | None = None) -> Response:
    return await here.get(token, f"/projects/{project or here.project}/export?format={form}")


async def filled(here: House) -> str:
    token = await here.token("ada", Role.EDITOR)
    operations: list[Any] = [
        {"do": "add-node", "node": {"id": "a", "label": "Ä 😀", "x": 1.5, "content": "é\n👩‍👧"}},
        {"do": "add-node", "node": {"id": "b", "label": ""}},
        {"do": "add-edge", "edge": {"id": "e", "source": "a", "target": "b"}},
        {"do": "add-section", "section": {"id": "2", "title": "Two", "body": "text"}},
        {"do": "add-section", "section": {"id": "1", "title": "One", "place": {"at": "start"}}},
        {"do": "add-diagram", "diagram": {"id": "d", "title": "D", "derived_from": "graph"}},
    ]
    url = f"{PREFIX}/projects/{here.project}/bulk"
    # Documents begin with their schema, as those of real projects do.
    await here.rooms.edit(here.project, set_schema, Attribution(None, Means.SEED), Role.EDITOR)
    done = await here.client.post(url, json={"operations": operations}, headers=bearer(token))
    assert done.status_code == 200
    return token


def set_schema(doc: Document) -> None:
    doc.get("meta", type=pycrdt.Map)["schema"] = 1


async def contents(here: House, token: str, project: str) -> list[Any]:
    found = []
    for path in ("graph", "plan", "diagrams"):
        body = (await here.get(token, f"/projects/{project}/{path}")).json()
        for one in [
            body,
            *(row for rows in body.values() if isinstance(rows, list) for row in rows),
        ]:
            one.pop("seq", None)
            one.pop("rank", None)
        found.append(body)
    return found


@pytest.mark.parametrize("form", MEDIA)
async def test_what_was_exported_comes_back_equal(form: str) -> None:
    async with house() as here:
        token = await filled(here)
        file = await export(here, token, form)
        assert file.status_code == 200
        assert file.headers["content-type"] == MEDIA[form]
        assert "attachment" in file.headers["content-disposition"]
        made = await bring(here, token, MEDIA[form], file.content, "?title=Copy")
        assert made.status_code == 201
        project = made.json()["id"]
        assert made.json()["title"] == "Copy"
        assert await contents(here, token, project) == await contents(here, token, here.project)
        [row] = here.store.database.documents[project].rows
        assert row.by.means is Means.IMPORT


async def test_a_file_says_its_title() -> None:
    async with house() as here:
        token = await filled(here)
        for form, title in (("json", "Plan"), ("zip", "Plan"), ("yjs", "Imported project")):
            file = await export(here, token, form)
            assert (await bring(here, token, MEDIA[form], file.content)).json()["title"] == title


async def test_people_get_text() -> None:
    async with house() as here:
        token = await filled(here)
        assert (await export(here, token, "markdown")).text.startswith("# Plan\n\n## One\n")
        assert (await export(here, token, "mermaid")).text.startswith("flowchart TD\n")
        assert (await export(here, token, "docx")).status_code == 422


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{", 422),
        ("application/json", b"[" * 100_000, 422),
        ("application/json", b'{"format": "figma"}', 422),
        ("application/json", b'{"nodes": [{"label": 5}]}', 422),
        ("application/json", b'{"edges": [{"source": "a", "target": "b"}]}', 422),
        ("application/json", TWINS, 409),
        ("application/json", b'{"title": "\\ud800"}', 422),
        ("application/zip", b"PK\x03\x04 damaged", 400),
        ("application/zip", b"", 400),
        ("application/octet-stream", b"\x05nonsense", 400),
        ("application/octet-stream", b"\x00\x00", 422),
        ("application/zip", zipped("project.json", bytes(50_000_000)), 413),
        ("application/zip", zipped("document.yjs", bytes(50_000_000), claim=500), 400),
        ("application/zip", zipped("document.yjs", b"small", claim=GIGABYTE), 413),
        ("application/zip", zipped("../../etc/passwd", b"root"), 422),
        ("application/zip", zipped("a/../../document.yjs", b"x"), 422),
        ("application/zip", zipped("C:\\document.yjs", b"x"), 422),
        ("application/zip", zipped("holiday.jpg", b"\xff\xd8"), 422),
        ("application/octet-stream", CLAIMING_TEXT, 400),
        ("application/octet-stream", b"\xff" * 9 + b"\x01", 400),
        ("application/octet-stream", zipped("document.yjs", b"x"), 400),
        ("application/json", b'{"nodes": [{"label": "a", "x": NaN}]}', 422),
        ("application/json", b'{"nodes": [{"label": "a", "x": 1e999}]}', 422),
        ("application/json", b'{"title": "' + b"a" * 1_100_000 + b'"}', 413),
        ("text/plain", b"hello", 422),
    ],
)  # fmt: skip
async def test_a_bad_file_gives_one_clear_error_and_makes_nothing__L7(
    kind: str, body: bytes, status: int
) -> None:
    async with house(settings=SMALL) as here:
        token = await here.token("ada", Role.EDITOR)
        answer = await bring(here, token, kind, body)
        assert answer.status_code == status, answer.text
        assert answer.json()["type"].startswith("urn:8gentc:problem:")
        assert len(await here.store.directory.list_projects()) == 1


async def test_strangers_export_nothing_and_nobody_imports_without_a_credential__L8() -> None:
    async with house() as here:
        token = await filled(here)
        stranger = await here.token("mallory", None)
        assert (await export(here, stranger, "zip")).status_code == 404
        file = await export(here, token, "json")
        assert (await bring(here, None, MEDIA["json"], file.content)).status_code == 401
        mine = (await bring(here, stranger, MEDIA["json"], file.content)).json()["id"]
        assert (await export(here, token, "json", mine)).status_code == 404


async def test_a_yjs_export_is_everything_that_the_document_says() -> None:
    async with house() as here:
        token = await filled(here)
        everything = await here.rooms.read(here.project, Replica.everything)
        assert (await export(here, token, "yjs")).content == everything
