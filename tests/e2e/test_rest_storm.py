"""A program over REST and people at their editors change the same elements at once.

``make rest-storm SECONDS=60`` runs it for longer.
"""

import json
import os
import random
import re
import time
from typing import Any

import pytest

from tests.e2e.rest import Program
from tests.e2e.server import Server
from tests.interop.clients import Client, Clients

pytestmark = [pytest.mark.node, pytest.mark.slow]

STORM_SECONDS = float(os.environ.get("STORM_SECONDS", "4"))
PEOPLE = ("ada", "bo", "cy", "di")
SHARED = {"/plan/s1": "body", "/plan/s2": "body", "/nodes/n1": "content", "/nodes/n2": "content"}

# Every few milliseconds: a word between two others of a shared text, a move, a node with an
# edge, and the end of one of the own nodes. `log` keeps what was done.
START = """(() => {
  let n = 0, seed = SEED
  const chance = most => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % most }
  const texts = [['plan', 's1', 'body'], ['plan', 's2', 'body'],
                 ['nodes', 'n1', 'content'], ['nodes', 'n2', 'content']]
  log.words = []; log.nodes = []; log.gone = []
  const type = () => {
    const [root, id, key] = texts[chance(4)]
    const text = doc.getMap(root).get(id).get(key), now = text.toString(), places = [now.length]
    for (let at = now.indexOf('<'); at >= 0; at = now.indexOf('<', at + 1)) places.push(at)
    const word = '<' + NAME + '-' + n + ' 日😀>'
    text.insert(places[chance(places.length)], word)
    log.words.push(['/' + root + '/' + id, word])
  }
  const make = () => doc.transact(() => {
    const id = NAME + n, node = new Y.Map(), edge = new Y.Map()
    node.set('label', id); node.set('kind', ''); node.set('x', n); node.set('y', 0)
    node.set('content', new Y.Text('')); doc.getMap('nodes').set(id, node)
    edge.set('source', id); edge.set('target', 'n1'); edge.set('label', '')
    doc.getMap('edges').set('e' + id, edge); log.nodes.push(id)
  })
  const remove = () => doc.transact(() => {
    const id = log.nodes.shift()
    doc.getMap('nodes').delete(id); doc.getMap('edges').delete('e' + id); log.gone.push(id)
  })
  log.timer = setInterval(() => {
    n += 1
    if (n % 10 === 0) make()
    else if (n % 50 === 1 && log.nodes.length > 3) remove()
    else if (n % 7 === 0) doc.getMap('nodes').get('n2').set('x', n)
    else type()
  }, 20)
})()"""
STOP = "(clearInterval(log.timer), {words: log.words, nodes: log.nodes, gone: log.gone})"
STATE = "JSON.stringify(['plan', 'nodes', 'edges'].map(root => doc.getMap(root).toJSON()))"


def settled(people: list[Client], program: Program) -> str:
    """Wait until everybody has what everybody did; what they hold."""
    program.done("POST", "/nodes", {"id": "last", "label": "the program's last word"})
    for person in people:
        person.run(f"doc.getMap('marks').set('{person.name}', 1)")
    for person in people:
        person.until(
            f"doc.getMap('marks').size === {len(people)} && doc.getMap('nodes').has('last')"
        )
    states = {person.run(STATE) for person in people}
    assert len({json.dumps(json.loads(state), sort_keys=True) for state in states}) == 1
    return str(states.pop())


def prepared(server: Server) -> Program:
    """A project with elements to fight over, and the program."""
    token = server.add_user("rest@x.example")
    program = Program(server, server.add_project("rest@x.example"), token)
    for id in ("n1", "n2"):
        program.done("POST", "/nodes", {"id": id, "label": id, "content": f"Node {id}. "})
    for id in ("s1", "s2"):
        program.done("POST", "/plan", {"id": id, "title": id, "body": f"# Über {id}\n"})
    return program


def unlimited(server: Server) -> None:
    """How much is too much is not the question here."""
    server.stop()
    server.settings = {**server.settings, "AGENTC_RATE_LIMITS": "off"}
    server.start()


@pytest.mark.usefixtures("database")  # on each of them
def test_a_program_and_four_people_lose_no_edit__L1_L3(server: Server, clients: Clients) -> None:
    unlimited(server)
    program = prepared(server)
    params = {"token": program.token}
    people = [clients.open(n, server.yjs, program.project, params).synced() for n in PEOPLE]
    for number, person in enumerate(people):
        start = START.replace("SEED", str(number + 1)).replace("NAME", json.dumps(person.name))
        person.run(start)

    chance = random.Random(8)
    made: list[str] = []
    end = time.monotonic() + STORM_SECONDS
    while time.monotonic() < end:
        path, key = chance.choice(list(SHARED.items()))
        program.rewrite(path, key, chance)
        if len(made) < program.writes // 3:
            id = f"rest{program.writes}"
            edge = {"source": id, "target": "n2"}
            operations: list[Any] = [
                {"do": "add-node", "node": {"id": id, "label": id}},
                {"do": "add-edge", "edge": edge},
                {"do": "change-node", "id": "n1", "node": {"x": len(made)}},
            ]
            program.done("POST", "/bulk", {"operations": operations})
            made.append(id)
        if len(made) > 5:
            program.done("DELETE", f"/nodes/{made.pop(0)}")

    told = [person.run(STOP) for person in people]
    plan, nodes, edges = json.loads(settled(people, program))
    for path, key in SHARED.items():
        root, id = path.strip("/").split("/")
        held = {"plan": plan, "nodes": nodes}[root][id][key]
        assert held == program.done("GET", path)[key]
        words = [word for one in told for at, word in one["words"] if at == path]
        found = re.findall("<[^>]*>", held)
        odd = [word for word in found if word not in words + program.words.get(path, [])]
        assert not odd, [held[max(0, held.index(one) - 80) : held.index(one) + 80] for one in odd]
        assert sorted(found) == sorted(words + program.words.get(path, []))
        rest = re.sub("<[^>]*>", "", held)
        assert rest == {"plan": f"# Über {id}\n", "nodes": f"Node {id}. "}[root]
    wanted = {id for one in told for id in one["nodes"]} | set(made) | {"n1", "n2", "last"}
    assert set(nodes) == wanted
    graph = program.done("GET", "/graph")
    assert {node["id"] for node in graph["nodes"]} == wanted
    assert {edge["id"] for edge in graph["edges"]} == set(edges)
    assert graph["problems"] == []
    assert json.loads(server.cli("fsck", program.project, "--json"))
    typed = sum(len(one["words"]) for one in told)
    print(f"{program.writes} rewrites over REST, {program.stale} stale; {typed} words typed")
    assert program.writes > 5
    assert typed > 20


def test_a_node_added_over_rest_is_with_the_others_at_once(
    server: Server, clients: Clients
) -> None:
    program = prepared(server)
    params = {"token": program.token}
    person = clients.open("ada", server.yjs, program.project, params).synced()
    waited = []
    for number in range(10):
        program.done("POST", "/nodes", {"id": f"new{number}", "label": "über REST 😀"})
        answered = time.monotonic()
        person.until(f"doc.getMap('nodes').has('new{number}')")
        waited.append(time.monotonic() - answered)
    print(f"after the answer, within {max(waited) * 1000:.1f} ms")
    # Sorted, so that one pause of the machine is no failure.
    assert sorted(waited)[5] < 0.2
