"""Nodes, edges, sections and diagrams over HTTP: into the live document, and out of it.

Long because the four kinds are held to the same rules, in one place.
"""

import asyncio
from typing import Any

import pycrdt
import pytest
from httpx2 import Response

from server.edge.api.application import PREFIX
from server.protocol.roles import Role
from server.room.ports import Means
from tests.doubles.clock import settle
from tests.doubles.guest import Guest
from tests.server.edge.api.house import House, bearer, house

pytestmark = pytest.mark.anyio

KINDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nodes", {"label": "A"}, {"label": "B"}),
    ("plan", {"title": "A"}, {"title": "B"}),
    ("diagrams", {"title": "A"}, {"title": "B"}),
    ("edges", {"source": "n1", "target": "n2"}, {"label": "B"}),
]


async def call(
    here: House, token: str | None, method: str, path: str, body: Any = None, **headers: str
) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{PREFIX}/projects/{here.project}{path}"
    return await here.client.request(method, url, headers=bearer(token) | names, json=body)


async def with_nodes(here: House) -> str:
    """An editor's token, in a project with the nodes that an edge needs."""
    token = await here.token("ada", Role.EDITOR)
    for id in ("n1", "n2"):
        made = await call(here, token, "POST", "/nodes", {"id": id, "label": id})
        assert made.status_code == 201
    return token


async def guest(here: House) -> Guest:
    """Somebody with a socket."""
    ada = Guest("ws", client_id=4711)
    await ada.connect(here.rooms, here.project)
    await settle()
    await ada.read()
    return ada


async def hear(one: Guest) -> None:
    for _ in range(3):
        await settle()
        await one.read()


@pytest.mark.parametrize(("kind", "body", "patch"), KINDS)
async def test_an_element_is_made_read_changed_and_removed(
    kind: str, body: dict[str, Any], patch: dict[str, Any]
) -> None:
    async with house() as here:
        token = await with_nodes(here)
        made = await call(here, token, "POST", f"/{kind}", body)
        assert made.status_code == 201
        assert body.items() <= made.json().items()
        path = f"/{kind}/{made.json()['id']}"
        read = await call(here, token, "GET", path)
        assert read.json() == made.json()
        assert read.headers["etag"] == made.headers["etag"]
        changed = await call(here, token, "PATCH", path, patch)
        assert changed.status_code == 200
        assert changed.headers["etag"] != made.headers["etag"]
        assert changed.json().items() >= patch.items()
        listed = await call(here, token, "GET", f"/{kind}")
        assert made.json()["id"] in [one["id"] for one in listed.json()["items"]]
        assert (await call(here, token, "DELETE", path)).status_code == 204
        assert (await call(here, token, "GET", path)).status_code == 404
        assert (await call(here, token, "DELETE", path)).status_code == 404
        assert (await call(here, token, "PATCH", path, patch)).status_code == 404


@pytest.mark.parametrize(("kind", "body", "patch"), KINDS)
async def test_who_may_do_what__L8(kind: str, body: dict[str, Any], patch: dict[str, Any]) -> None:
    async with house() as here:
        token = await with_nodes(here)
        viewer = await here.token("eve", Role.VIEWER)
        stranger = await here.token("mallory", None)
        made = (await call(here, token, "POST", f"/{kind}", body)).json()
        one = f"/{kind}/{made['id']}"
        asked = [("GET", f"/{kind}", None), ("GET", one, None)]
        done = [("POST", f"/{kind}", body), ("PATCH", one, patch), ("DELETE", one, None)]
        before = len(here.store.database.documents[here.project].rows)
        for method, path, content in asked + done:
            writes = (method, path, content) in done
            for who, status in ((viewer, 403 if writes else 200), (stranger, 404), (None, 401)):
                answer = await call(here, who, method, path, content)
                assert answer.status_code == status, (method, path, who)
        assert len(here.store.database.documents[here.project].rows) == before


@pytest.mark.parametrize(("kind", "body", "patch"), KINDS)
async def test_what_has_changed_since_it_was_read_is_stale(
    kind: str, body: dict[str, Any], patch: dict[str, Any]
) -> None:
    async with house() as here:
        token = await with_nodes(here)
        made = await call(here, token, "POST", f"/{kind}", body)
        tag = made.headers["etag"]
        path = f"/{kind}/{made.json()['id']}"
        await call(here, token, "POST", "/nodes", {"label": "somebody typing elsewhere"})
        changed = await call(here, token, "PATCH", path, patch, If_Match=tag)
        assert changed.status_code == 200
        stale = await call(here, token, "PATCH", path, patch, If_Match=tag)
        assert (stale.status_code, stale.json()["type"]) == (412, "urn:8gentc:problem:stale")
        assert (await call(here, token, "DELETE", path, If_Match=tag)).status_code == 412
        tag = changed.headers["etag"]
        assert (await call(here, token, "DELETE", path, If_Match=tag)).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/nodes", {}, "/body/label"),
        ("POST", "/nodes", {"label": "a", "colour": "red"}, "/body/colour"),
        ("POST", "/nodes", {"label": "a", "x": "left"}, "/body/x"),
        ("POST", "/nodes", {"label": "a" * 10_001}, "/body/label"),
        ("POST", "/nodes", {"label": "a", "id": ""}, "/body/id"),
        ("PATCH", "/nodes/n1", {"label": None}, "/body/label"),
        ("PATCH", "/nodes/n1", {"content": {"base": "a"}}, "/body/content/Revision/text"),
        ("POST", "/diagrams", {"title": "a", "derived_from": "air"}, "/body/derived_from"),
        ("GET", "/nodes?limit=0", None, "/query/limit"),
    ],
)
async def test_what_cannot_be_accepted_is_named(
    method: str, path: str, body: Any, field: str
) -> None:
    async with house() as here:
        token = await with_nodes(here)
        answer = await call(here, token, method, path, body)
        assert answer.status_code == 422
        assert field in [error["path"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/nodes", {"id": "n1", "label": "again"}, 409),
        ("POST", "/edges", {"source": "n1", "target": "nowhere"}, 422),
        ("POST", "/plan", {"title": "a", "place": {"after": "nowhere"}}, 422),
        ("GET", "/nodes?after=nonsense", None, 422),
        ("GET", "/nodes?after=WzFd", None, 422),
    ],
)
async def test_what_does_not_go_together_with_the_document_is_refused(
    method: str, path: str, body: Any, status: int
) -> None:
    async with house() as here:
        token = await with_nodes(here)
        assert (await call(here, token, method, path, body)).status_code == status


async def test_numbers_that_are_none_are_refused() -> None:
    async with house() as here:
        token = await with_nodes(here)
        url = f"{PREFIX}/projects/{here.project}/nodes"
        for number in ("NaN", "Infinity", "1e999"):
            body = f'{{"label": "a", "x": {number}}}'.encode()
            headers = bearer(token) | {"Content-Type": "application/json"}
            answer = await here.client.post(url, content=body, headers=headers)
            assert answer.status_code in (400, 422), number


async def test_an_id_may_hold_what_a_path_may_not() -> None:
    async with house() as here:
        token = await with_nodes(here)
        id = "a/b ?#ü😀"
        made = await call(here, token, "POST", "/nodes", {"id": id, "label": "x"})
        assert made.json()["id"] == id
        path = "/nodes/a%2Fb%20%3F%23%C3%BC%F0%9F%98%80"
        assert (await call(here, token, "GET", path)).json()["label"] == "x"
        assert (await call(here, token, "DELETE", path)).status_code == 204


async def test_what_is_written_reaches_those_who_are_connected__L1() -> None:
    async with house() as here:
        token = await with_nodes(here)
        ws = await guest(here)
        made = await call(here, token, "POST", "/nodes", {"id": "new", "label": "over HTTP"})
        await hear(ws)
        assert ws.doc.get("nodes", type=pycrdt.Map)["new"]["label"] == "over HTTP"
        rows = here.store.database.documents[here.project].rows
        assert rows[-1].by.means is Means.REST
        assert made.json()["seq"] == rows[-1].seq


async def test_an_answer_to_a_write_or_a_read_waits_for_the_commit__L1() -> None:
    async with house() as here:
        token = await with_nodes(here)
        here.store.faults.hold_appends()
        writing = asyncio.create_task(call(here, token, "POST", "/nodes", {"label": "x"}))
        await settle()
        reading = asyncio.create_task(call(here, token, "GET", "/nodes"))
        await settle()
        assert not writing.done()
        assert not reading.done()
        here.store.faults.release_appends()
        assert (await writing).status_code == 201
        assert len((await reading).json()["items"]) == 3


async def test_a_text_keeps_what_somebody_is_typing_into_it() -> None:
    async with house() as here:
        token = await with_nodes(here)
        body = {"id": "s", "title": "Market", "body": "Many people 👍🏻 buy tea.\n"}
        await call(here, token, "POST", "/plan", body)
        ws = await guest(here)
        text: pycrdt.Text = ws.doc.get("plan", type=pycrdt.Map)["s"]["body"]
        await ws.edit(lambda _: text.insert(len(text), "And coffee, says Bo.\n"))
        revision = {"base": body["body"], "text": "Many people 👍🏿 drink tea.\n"}
        merged = await call(here, token, "PATCH", "/plan/s", {"body": revision})
        wanted = "Many people 👍🏿 drink tea.\nAnd coffee, says Bo.\n"
        assert merged.json()["body"] == wanted
        await hear(ws)
        assert str(text) == wanted
        await call(here, token, "PATCH", "/plan/s", {"body": "All new."})
        await hear(ws)
        assert str(text) == "All new."


async def test_sections_are_listed_in_order_and_move() -> None:
    async with house() as here:
        token = await with_nodes(here)
        for id, place in (("b", {"at": "end"}), ("c", {"after": "b"}), ("a", {"at": "start"})):
            await call(here, token, "POST", "/plan", {"id": id, "title": id, "place": place})
        await call(here, token, "PATCH", "/plan/c", {"place": {"before": "a"}})
        listed = (await call(here, token, "GET", "/plan")).json()["items"]
        assert [one["id"] for one in listed] == ["c", "a", "b"]
        markdown = await call(here, token, "GET", "/plan.md")
        assert markdown.text == "# Plan\n\n## c\n\n## a\n\n## b\n"
        assert markdown.headers["content-type"].startswith("text/markdown")


async def test_a_list_comes_in_pages_that_miss_nothing() -> None:
    async with house() as here:
        token = await with_nodes(here)
        operations = [
            {"do": "add-section", "section": {"title": str(n), "id": f"s{n}"}} for n in range(7)
        ]
        assert (await bulk(here, token, operations)).status_code == 200
        found: list[str] = []
        cursor = ""
        while True:
            part = (await call(here, token, "GET", f"/plan?limit=3{cursor}")).json()
            found += [one["id"] for one in part["items"]]
            if part["next"] is None:
                break
            cursor = f"&after={part['next']}"
        assert found == [f"s{n}" for n in range(7)]


async def bulk(here: House, token: str | None, operations: list[Any]) -> Response:
    return await call(here, token, "POST", "/bulk", {"operations": operations})


async def test_bulk_operations_are_one_row_or_none__L3() -> None:
    async with house() as here:
        token = await with_nodes(here)
        rows = here.store.database.documents[here.project].rows
        before = len(rows)
        operations: list[Any] = [
            {"do": "add-node", "node": {"id": "a", "label": "A"}},
            {"do": "add-edge", "edge": {"source": "a", "target": "n1"}},
            {"do": "change-node", "id": "a", "node": {"x": 3}},
            {"do": "add-diagram", "diagram": {"id": "d", "title": "D"}},
            {"do": "change-diagram", "id": "d", "diagram": {"source": "pie"}},
            {"do": "remove", "root": "nodes", "id": "n2"},
        ]
        done = await bulk(here, token, operations)
        assert done.status_code == 200
        results = done.json()["results"]
        assert [results[2]["x"], results[4]["source"], results[5]] == [3, "pie", None]
        assert len(rows) == before + 1
        failed = await bulk(here, token, [{"do": "remove", "root": "nodes", "id": "a"}] * 2)
        assert failed.status_code == 404
        assert failed.json()["detail"].startswith("operation 1:")
        assert (await call(here, token, "GET", "/nodes/a")).status_code == 200
        assert len(rows) == before + 1
        viewer = await here.token("eve", Role.VIEWER)
        assert (await bulk(here, viewer, operations)).status_code == 403


async def test_as_many_operations_as_are_allowed_take_little_memory_and_time() -> None:
    async with house() as here:
        token = await with_nodes(here)
        operations: list[Any] = [
            {"do": "add-node", "node": {"label": "A" * 50, "content": "words " * 20}}
        ] * 1000
        assert (await bulk(here, token, operations)).status_code == 200
        assert (await bulk(here, token, [*operations, operations[0]])).status_code == 422


async def test_the_graph_and_questions_about_it() -> None:
    async with house() as here:
        token = await with_nodes(here)
        for source, target in (("n1", "n2"), ("n2", "n1")):
            await call(here, token, "POST", "/edges", {"source": source, "target": target})
        await call(here, token, "POST", "/nodes", {"id": "n3", "label": 'a "quoted" <label>'})
        graph = (await call(here, token, "GET", "/graph")).json()
        assert (len(graph["nodes"]), len(graph["edges"])) == (3, 2)
        near = await call(here, token, "GET", "/graph/neighbours?node=n1&direction=out")
        assert near.json()["items"] == [{"id": "n2", "distance": 1}]
        ways = await call(here, token, "GET", "/graph/paths?source=n1&target=n2")
        assert ways.json()["items"] == [["n1", "n2"]]
        circles = await call(here, token, "GET", "/graph/cycles")
        assert circles.json()["items"] == [["n1", "n2"]]
        groups = await call(here, token, "GET", "/graph/components")
        assert groups.json()["items"] == [["n1", "n2"], ["n3"]]
        lost = await call(here, token, "GET", "/graph/neighbours?node=nowhere")
        assert lost.status_code == 404
        mermaid = await call(here, token, "GET", "/graph.mmd")
        assert 'n2["a #34;quoted#34; #60;label#62;"]' in mermaid.text
        for path in ("/graph", "/graph/cycles", "/graph.mmd", "/plan.md"):
            assert (await call(here, None, "GET", path)).status_code == 401


async def test_what_hostile_clients_wrote_is_named_and_nothing_fails() -> None:
    async with house() as here:
        token = await with_nodes(here)
        ws = await guest(here)

        def litter(doc: "pycrdt.Doc[Any]") -> None:
            nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
            nodes["string"] = "no map"
            nodes["nan"] = pycrdt.Map({"label": "x", "kind": "", "x": float("nan"), "y": 0.0})
            nodes["long"] = pycrdt.Map({"label": "x" * 1_000_000})
            doc.get("edges", type=pycrdt.Array).append(1)
            doc.get("plan", type=pycrdt.Map)["s"] = pycrdt.Array([1])

        await ws.edit(litter)
        await settle()
        graph = await call(here, token, "GET", "/graph")
        assert graph.status_code == 200
        paths = {one["path"] for one in graph.json()["problems"]}
        assert {"nodes/string", "nodes/nan/x", "nodes/long/label", "edges", "plan/s"} <= paths
        for path in ("/nodes", "/edges", "/plan", "/diagrams", "/graph/cycles", "/export"):
            assert (await call(here, token, "GET", path)).status_code == 200, path
        for id in ("string", "nan", "long"):
            assert (await call(here, token, "GET", f"/nodes/{id}")).status_code == 404
            assert (await call(here, token, "DELETE", f"/nodes/{id}")).status_code == 204
