"""People at one document: unmodified y-websocket clients against a real server."""

import pytest

from tests.e2e.server import Server
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

ADD_NODES = """(() => { const nodes = doc.getMap('nodes'); doc.transact(() => {
  for (const id of ['a', 'b', 'c']) {
    const node = new Y.Map(); nodes.set(id, node)
    node.set('label', 'Knoten ' + id + ' 🚲'); node.set('x', 0); node.set('y', 0)
    const content = new Y.Text(); node.set('content', content); content.insert(0, '自転車')
  } }) })()"""
MOVE_NODE = "doc.getMap('nodes').get('{id}').set('x', {x})"
ADD_EDGE = """(() => {{ const edge = new Y.Map(); doc.getMap('edges').set('{id}', edge)
  edge.set('source', 'a'); edge.set('target', '{target}') }})()"""
STATE = (
    "JSON.stringify([doc.getText('t').toString(), doc.getMap('nodes').toJSON(),"
    " doc.getMap('edges').toJSON()])"
)


def join(server: Server, clients: Clients, name: str, project: str, token: str) -> Client:
    return clients.open(name, server.yjs, project, {"token": token})


def converge(*everybody: Client) -> str:
    """Wait until all hold the same; what they hold."""
    for marker, client in enumerate(everybody):
        client.run("doc.clientID")
        if client.name != "viewer":
            client.run(f"doc.getMap('marks').set('{client.name}', {marker})")
    writers = [client.name for client in everybody if client.name != "viewer"]
    for client in everybody:
        for name in writers:
            client.until(f"doc.getMap('marks').has('{name}')")
    states = {client.run(STATE) for client in everybody}
    assert len(states) == 1, states
    return str(states.pop())


@pytest.mark.usefixtures("database")  # on each of them
def test_what_two_people_do_at_once_converges_and_outlives_a_restart__L1(
    server: Server, clients: Clients
) -> None:
    tokens = {name: server.add_user(f"{name}@x.example") for name in ("ada", "bo", "eve")}
    project = server.add_project("ada@x.example")
    server.cli("member", "add", project, "bo@x.example", "editor")
    server.cli("member", "add", project, "eve@x.example", "viewer")
    ada = join(server, clients, "ada", project, tokens["ada"]).synced()
    bo = join(server, clients, "bo", project, tokens["bo"]).synced()
    viewer = join(server, clients, "viewer", project, tokens["eve"]).synced()

    ada.run(ADD_NODES)
    bo.until("doc.getMap('nodes').size === 3")
    for number in range(30):
        ada.run(f"doc.getText('t').insert(0, '🧑‍🚒é{number} ')")
        bo.run(f"(t => t.insert(t.length, '漢字{number}'))(doc.getText('t'))")
        ada.run(MOVE_NODE.format(id="a", x=number))
        bo.run(MOVE_NODE.format(id="b", x=-number))
        bo.run(ADD_EDGE.format(id="e", target="b" if number % 2 else "c"))
        if number % 3 == 0:
            # Three UTF-16 units: the first emoji, the joiner; the next time, half of one.
            ada.run("doc.getText('t').delete(0, 3)")
            bo.run("doc.getText('t').delete(1, 1)")
            ada.run("doc.getMap('edges').delete('e')")
    before = converge(ada, bo, viewer)

    ada.run("provider.awareness.setLocalState({name: 'Ada', cursor: 3})")
    viewer.run("provider.awareness.setLocalState({name: 'Eve', cursor: 9})")
    bo.until("[...provider.awareness.getStates().values()].filter(s => s.name).length === 2")

    server.stop()
    server.start()
    late = join(server, clients, "late", project, tokens["bo"]).synced()
    assert late.run(STATE) == before


def test_a_viewer_changes_nothing_and_is_told__L8(server: Server, clients: Clients) -> None:
    owner, eve = server.add_user("ada@x.example"), server.add_user("eve@x.example")
    project = server.add_project("ada@x.example")
    server.cli("member", "add", project, "eve@x.example", "viewer")
    ada = join(server, clients, "ada", project, owner).synced()
    viewer = join(server, clients, "viewer", project, eve).synced()

    viewer.append("vandalism")
    viewer.until("log.denied.length === 1")
    assert "viewer" in viewer.log()["denied"][0]
    ada.append("hello")
    viewer.until("doc.getText('t').toString().includes('hello')")
    assert ada.text() == "hello"
    assert viewer.run("provider.wsconnected")


def test_a_viewer_who_changes_nothing_is_never_refused__L8(
    server: Server, clients: Clients
) -> None:
    owner, eve = server.add_user("ada@x.example"), server.add_user("eve@x.example")
    project = server.add_project("ada@x.example")
    server.cli("member", "add", project, "eve@x.example", "viewer")
    ada = join(server, clients, "ada", project, owner).synced()
    for number in range(50):
        ada.append(f"row {number} 🚲 ")
        ada.run("doc.getText('t').delete(1, 3)")
        ada.run(f"doc.getMap('m').set('k', {number})")
    viewer = join(server, clients, "viewer", project, eve).synced()
    for _ in range(3):  # Each handshake sends the whole delete set.
        viewer.run("provider.disconnect()")
        ada.run("doc.getText('t').delete(0, 5)")
        viewer.run("provider.connect()")
        viewer.until("provider.synced")
    viewer.run("doc.transact(() => doc.getText('t'))")
    ada.append("!")
    viewer.until("doc.getText('t').toString().endsWith('!')")
    assert viewer.log()["denied"] == []


def test_offline_work_arrives_when_its_author_comes_back(server: Server, clients: Clients) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    ada = join(server, clients, "ada", project, token).synced()
    other = join(server, clients, "other", project, token).synced()
    ada.run("provider.disconnect()")
    ada.append("written on a train")
    ada.run("provider.connect()")
    other.until("doc.getText('t').toString() === 'written on a train'")


def test_presence_goes_with_its_connection(server: Server, clients: Clients) -> None:
    token = server.add_user("ada@x.example")
    project = server.add_project("ada@x.example")
    ada = join(server, clients, "ada", project, token).synced()
    bo = join(server, clients, "bo", project, token).synced()
    names = "[...provider.awareness.getStates().values()].map(s => s.name).filter(Boolean).sort()"
    ada.run("provider.awareness.setLocalStateField('name', 'Ada')")
    bo.until(f"{names}.join() === 'Ada'")
    ada.run("provider.ws.terminate()")  # No goodbye; it comes back by itself.
    bo.until(f"{names}.length === 0")
    bo.until(f"{names}.join() === 'Ada'")
    joiner = join(server, clients, "joiner", project, token).synced()
    joiner.until(f"{names}.join() === 'Ada'")
