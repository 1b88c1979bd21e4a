"""The API as a product: complete documents, and errors that say what was expected."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from server.edge.api.application import PREFIX, RESOURCES, build_api
from server.edge.api.docs import MEDIA_TYPES, PATH
from server.edge.api.etags import etag_of, require_match
from server.edge.api.guarded import GuardedRoute
from server.edge.api.models import Input, Output
from server.edge.problems import MEDIA_TYPE
from server.protocol.errors import Stale
from server.protocol.roles import Role
from tests.server.edge.api.house import bearer, house

pytestmark = pytest.mark.anyio


class Word(Input):
    text: str


async def say(word: Word) -> Word:
    return word


def echo() -> APIRouter:
    router = APIRouter()
    router.post("/echo")(say)
    return router


def test_every_route_asks_who_is_there_before_it_reads_what_they_say() -> None:
    routes = [route for make in RESOURCES for route in make().routes]
    assert len(routes) > 80
    assert {type(route) for route in routes} == {GuardedRoute}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"label": 5}', b"\xff"])
async def test_what_is_wrong_with_a_body_is_told_to_those_who_may_send_it__L8(body: bytes) -> None:
    async with house() as here:
        viewer = await here.token("viewer", Role.VIEWER)
        stranger = await here.token("stranger", None)
        path = f"{PREFIX}/projects/{here.project}/nodes"
        for token, project, status in (
            (None, here.project, 401),
            ("8g_wrong", here.project, 401),
            (stranger, here.project, 404),
            (stranger, "x" * 1000, 404),
            (viewer, here.project, 403),
            (await here.token("editor", Role.EDITOR), here.project, 422),
        ):
            url = path.replace(here.project, project)
            headers = bearer(token) | {"Content-Type": "application/json"}
            answer = await here.client.post(url, content=body, headers=headers)
            assert answer.status_code == status or (status, answer.status_code) == (422, 400)


async def test_nobody_has_a_body_read__L7() -> None:
    async with house() as here:
        read: list[bytes] = []

        async def body() -> AsyncIterator[bytes]:
            read.append(b"{}")
            yield b"{}"

        headers = {"Content-Type": "application/json", "Content-Length": str(1 << 40)}
        path = f"{PREFIX}/projects/{here.project}/nodes"
        answer = await here.client.post(path, content=body(), headers=headers)
        assert (answer.status_code, read) == (401, [])
        editor = bearer(await here.token("editor", Role.EDITOR))
        for key in ({}, {"Idempotency-Key": "k"}):
            asked = editor | headers | key
            answer = await here.client.post(path, content=body(), headers=asked)
            assert (answer.status_code, read) == (413, [])
            assert answer.json()["type"] == "urn:8gentc:problem:too-large"


async def test_a_role_that_ends_while_a_body_is_sent_is_no_role__L8() -> None:
    async with house() as here:
        editor = await here.person("editor", Role.EDITOR)

        async def slow() -> AsyncIterator[bytes]:
            await here.store.directory.remove_member(here.project, editor.id)
            yield b'{"label": "late"}'

        headers = bearer("editor") | {"Content-Type": "application/json"}
        path = f"{PREFIX}/projects/{here.project}/nodes"
        answer = await here.client.post(path, content=slow(), headers=headers)
        assert answer.status_code == 404


def client_of(*resources: Callable[[], APIRouter]) -> Any:
    services: Any = None
    return TestClient(build_api(services, resources), raise_server_exceptions=False)


def test_a_field_that_does_not_fit_is_named_with_its_path() -> None:
    answer = client_of(echo).post("/echo", json={"text": 5, "more/less": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)
    problem = answer.json()
    assert problem["type"] == "urn:8gentc:problem:invalid"
    assert [error["path"] for error in problem["errors"]] == ["/body/text", "/body/more~1less"]


def test_a_body_that_is_no_json_is_malformed() -> None:
    client = client_of(echo)
    answer = client.post("/echo", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:8gentc:problem:malformed")


def test_an_unknown_path_is_a_problem_too() -> None:
    answer = client_of().get("/nowhere")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:8gentc:problem:not-found")


async def test_the_openapi_document_is_served_and_every_operation_says_how_it_fails() -> None:
    async with house() as here:
        document = (await here.get(None, "/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["tags"], where
            assert operation.get("description"), where
            assert {"422", "429", "500", "503"} <= operation["responses"].keys(), where
            assert "401" in operation["responses"] or not operation.get("security"), where
            for status, response in operation["responses"].items():
                assert status < "400" or list(response["content"]) == [MEDIA_TYPE], where
    assert "HTTPValidationError" not in json.dumps(document)


async def test_every_operation_has_a_name_of_its_own() -> None:
    async with house() as here:
        paths = (await here.get(None, "/openapi.json")).json()["paths"]
    names = [one["operationId"] for operations in paths.values() for one in operations.values()]
    assert sorted(names) == sorted(set(names))
    assert "projects_create" in names


async def test_a_wrong_method_is_told_all_that_the_path_knows() -> None:
    async with house() as here:
        answer = await here.client.put(f"{PREFIX}/projects/x")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, PATCH"
    assert answer.json()["type"] == "urn:8gentc:problem:method-not-allowed"


async def test_every_reference_in_the_openapi_document_leads_somewhere() -> None:
    async with house() as here:
        document = (await here.get(None, "/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def references(value: Any) -> list[str]:
    match value:
        case dict():
            own = [value["$ref"]] if "$ref" in value else []
            return own + [ref for inner in value.values() for ref in references(inner)]
        case list():
            return [ref for inner in value for ref in references(inner)]
        case _:
            return []


async def test_the_docs_page_needs_nothing_from_elsewhere() -> None:
    async with house() as here:
        page = await here.client.get(PATH)
        assert page.status_code == 200
        assert "http" not in page.text
        for name in [*MEDIA_TYPES, "start.js"]:
            assert (await here.client.get(f"{PATH}/{name}")).status_code == 200, name


class Shown(Output):
    label: str
    seq: int


def test_a_tag_is_of_the_representation_and_not_of_the_seq() -> None:
    assert etag_of(Shown(label="a", seq=1)) == etag_of(Shown(label="a", seq=2))
    assert etag_of(Shown(label="a", seq=1)) != etag_of(Shown(label="b", seq=1))


@pytest.mark.parametrize("expected", [None, "*", "TAG", '"other", TAG'])
def test_a_match_passes(expected: str | None) -> None:
    shown = Shown(label="a", seq=1)
    require_match(expected and expected.replace("TAG", etag_of(shown)), shown)


def test_anything_else_is_stale() -> None:
    with pytest.raises(Stale):
        require_match('"other"', Shown(label="a", seq=1))
