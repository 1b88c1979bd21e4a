"""A snapshot restored while four people type and one is offline (L6, L10)."""

import json
from typing import Any

import pytest

from tests.e2e.server import Server
from tests.e2e.test_together import join
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

MAKE = """(() => { const plan = doc.getMap('plan'); doc.transact(() => {
  const words = { a: 'Alpha 😀 text. ', b: 'Beta 日本 text. ', c: 'Gamma. ' }
  for (const id of ['a', 'b', 'c']) {
    const section = new Y.Map(); plan.set(id, section)
    section.set('title', id); section.set('rank', id)
    const body = new Y.Text(); section.set('body', body); body.insert(0, words[id].repeat(40))
  } }) })()"""
BODY = "doc.getMap('plan').get('{id}')?.get('body')?.toString()"
PLAN = "JSON.stringify([...doc.getMap('plan').entries()].map(([k, v]) => [k, v.toJSON()]).sort())"
TYPE = """(() => { globalThis.typed = globalThis.typed || {}; let n = 0
  globalThis.typed.{name} = setInterval(() => {
    const body = doc.getMap('plan').get('a').get('body')
    body.insert(body.length, '{name}' + (n++) + ' ')
    doc.getMap('typed').set('{name}', n)
  }, 7) })()"""
STOP = (
    "(() => { clearInterval(globalThis.typed.{name}); return doc.getMap('typed').get('{name}') })()"
)
WHOLE = {"a": "Alpha 😀 text. " * 40, "b": "Beta 日本 text. " * 40, "c": "Gamma. " * 40}


def body(client: Client, id: str) -> str:
    return str(client.run(BODY.format(id=id)))


def js(code: str, name: str) -> str:
    return code.replace("{name}", name)


def restore(server: Server, how: str, token: str, project: str, snapshot: str) -> None:
    if how == "command":
        server.cli("snapshot", "restore", snapshot)
        return
    path = f"/api/v1/projects/{project}/snapshots/{snapshot}/restore"
    status, answer = server.request("POST", path, token=token, body=b"{}")
    assert status == 200, answer


def recovered(server: Server, token: str, project: str) -> list[Any]:
    status, answer = server.get(f"/api/v1/projects/{project}/recovered", token=token)
    assert status == 200, answer
    items: list[Any] = json.loads(answer)["items"]
    return items


@pytest.mark.parametrize("how", ["rest", "command"])
def test_a_restore_under_four_typists_keeps_what_they_type__L6_L10(
    server: Server, clients: Clients, how: str
) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    people = [join(server, clients, n, project, token).synced() for n in ("ada", "bo", "cy", "di")]
    ada, bo, cy, di = people
    offline = join(server, clients, "offline", project, token).synced()
    ada.run(MAKE)
    for one in (*people, offline):
        one.until("doc.getMap('plan').size === 3")
    snapshot = server.cli("snapshot", "add", project, "--name", "whole").strip()

    offline.run("provider.disconnect()")
    offline.run("doc.getMap('plan').get('a').get('body').insert(0, 'From the train. ')")
    offline.run("doc.getMap('plan').get('b').get('body').insert(0, 'Typed in a tunnel. ')")
    ada.run("doc.getMap('plan').delete('b')")
    bo.run("doc.getMap('plan').delete('c')")
    ada.run("doc.getMap('plan').get('a').get('body').delete(15, 400)")
    di.until("doc.getMap('plan').size === 1")

    for one in (cy, di):
        one.run(js(TYPE, one.name))
        one.until(f"doc.getMap('typed').get('{one.name}') > 5")
    restore(server, how, token, project, snapshot)
    restored = {}
    for one in (cy, di):
        one.until("doc.getMap('plan').size === 3")
        restored[one.name] = int(one.run(f"doc.getMap('typed').get('{one.name}')"))
        one.until(f"doc.getMap('typed').get('{one.name}') > {restored[one.name] + 5}")
    counts = {one.name: int(one.run(js(STOP, one.name))) for one in (cy, di)}
    for one in people:
        for name, count in counts.items():
            one.until(f"doc.getMap('typed').get('{name}') === {count}")
        one.until("doc.getMap('plan').size === 3")
        one.until(f"({BODY.format(id='a')}).length > 600")
    assert len({one.run(PLAN) for one in people}) == 1
    now = body(ada, "a")
    assert now.startswith(WHOLE["a"])
    words = now.removeprefix(WHOLE["a"]).split()
    for name, count in counts.items():
        # What was typed before is in the backup; what was typed since is all here.
        since = [int(word.removeprefix(name)) for word in words if word.startswith(name)]
        assert since == list(range(since[0], count))
        assert since[0] <= restored[name]
    assert (body(ada, "b"), body(ada, "c")) == (WHOLE["b"], WHOLE["c"])
    assert recovered(server, token, project) == []

    offline.run("provider.connect()")
    offline.until("provider.synced")
    ada.until(f"({BODY.format(id='a')}).startsWith('From the train. ')")
    for one in (*people, offline):
        one.until(f"({BODY.format(id='a')}).startsWith('From the train. Alpha')")
        assert body(one, "b") == WHOLE["b"]
    assert len({one.run(PLAN) for one in (*people, offline)}) == 1
    (found,) = recovered(server, token, project)
    assert found["text"] == "Typed in a tunnel. "
    assert found["element"] == {"kind": "section", "id": "b"}
    assert server.cli("fsck").strip() == "no problems found"
