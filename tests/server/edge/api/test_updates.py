"""Documents as Yjs updates over HTTP: the way round the limit of a frame (L1, L8)."""

from collections.abc import AsyncIterator, Awaitable

import pycrdt
import pytest
from httpx2 import Response

from server.edge.api.application import PREFIX
from server.protocol.roles import Role
from server.room.ports import Means
from tests.server.edge.api.house import House, bearer, house

pytestmark = pytest.mark.anyio


def update(words: str) -> bytes:
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.get("t", type=pycrdt.Text).insert(0, words)
    return doc.get_update()


async def read(here: House, token: str | None, project: str | None = None) -> Response:
    return await here.get(token, f"/projects/{project or here.project}/update")


async def write(here: House, token: str | None, body: bytes | AsyncIterator[bytes]) -> Response:
    path = f"{PREFIX}/projects/{here.project}/update"
    return await here.client.post(path, headers=bearer(token), content=body)


async def test_what_is_written_is_in_the_log_and_can_be_read_back__L1() -> None:
    async with house() as here:
        token = await here.token("ada", Role.EDITOR)
        written = await write(here, token, update("over HTTP"))
        assert (written.status_code, written.json()) == (200, {"seq": 1})
        (row,) = here.store.database.documents[here.project].rows
        assert row.by.means is Means.REST
        answer = await read(here, token)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert b"over HTTP" in answer.content


async def test_rights_are_those_of_the_websocket__L8() -> None:
    async with house() as here:
        viewer = await here.token("eve", Role.VIEWER)
        stranger = await here.token("mallory", None)
        assert (await read(here, viewer)).status_code == 200
        assert (await write(here, viewer, update("x"))).status_code == 403
        assert (await read(here, stranger)).status_code == 404
        assert (await write(here, stranger, update("x"))).status_code == 404
        assert (await read(here, None)).status_code == 401
        assert (await read(here, viewer, "nowhere")).status_code == 404
        assert not here.store.database.documents[here.project].rows


async def test_rights_that_end_while_the_body_is_sent_are_no_rights__L8() -> None:
    async with house() as here:
        directory = here.store.directory
        token = await here.token("ada", Role.EDITOR)
        ada = (await directory.user_by_email("ada@x.example")).id
        [credential] = await directory.list_tokens(ada)

        async def slow_body(change: Awaitable[None]) -> AsyncIterator[bytes]:
            yield update("x")[:5]
            await change
            yield update("x")[5:]

        for change, status in (
            (directory.set_member(here.project, ada, Role.VIEWER), 403),
            (directory.set_member(here.project, ada, Role.EDITOR), 200),
            (directory.revoke_token(credential.id), 404),
        ):
            await directory.set_member(here.project, ada, Role.EDITOR)
            assert (await write(here, token, slow_body(change))).status_code == status


async def test_who_may_not_write_is_refused_before_the_body_is_read__L8() -> None:
    async with house() as here:
        viewer = await here.token("eve", Role.VIEWER)
        taken = list[bytes]()

        async def body() -> AsyncIterator[bytes]:
            taken.append(update("x"))
            yield taken[-1]

        assert (await write(here, viewer, body())).status_code == 403
        assert not taken


async def test_bytes_that_are_no_update_are_refused_with_the_reason__L7() -> None:
    async with house() as here:
        token = await here.token("ada", Role.EDITOR)
        answer = await write(here, token, b"\x05nonsense")
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:8gentc:problem:malformed"


async def test_a_body_over_the_documents_limit_is_too_large() -> None:
    async with house(max_body=100) as here:
        token = await here.token("ada", Role.EDITOR)
        assert (await write(here, token, update("x" * 200))).status_code == 413
