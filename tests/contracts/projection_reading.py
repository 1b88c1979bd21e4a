"""What every ``ProjectionReader`` keeps, on rows that a ``Projection`` wrote."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from server.document.fields import Problem
from server.document.graph import Direction
from server.document.listing import Key, Page, Part
from server.document.schema import Diagram, Edge, Node, ProjectView, Section, order
from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import ProjectId, Seq
from server.room.commands import AtSeq
from server.room.projection_ports import E, Element
from store.open import Store
from store.projection_reading import NAMES_AT_ONCE
from tests.contracts.backends import batch
from tests.contracts.projected import diagram, edge, edited, node, section, step

NOWHERE = ProjectId("nowhere")
KINDS: list[Any] = [Node, Edge, Section, Diagram]
FIRST = Page(10, None)


async def part(store: Store, project: ProjectId, kind: type[E], page: Page = FIRST) -> Part[E]:
    """A part of a list of rows that are abreast of the log."""
    found = await store.reader.part(project, kind, page)
    assert found is not None
    assert found.seq == 1
    return found.value


async def near(store: Store, project: ProjectId, id: str, to: Direction, depth: int) -> list[str]:
    """Ids of neighbours."""
    found = await store.reader.neighbours(project, id, to, depth)
    assert found is not None
    return [f"{one.id}{one.distance}" for one in found.value]


class ProjectionReaderContract:
    """Run by a class that has a ``store`` fixture."""

    async def test_every_kind_reads_as_it_was_written(self, store: Store) -> None:
        [project] = await edited(store)
        written: list[Element] = [
            Node("n", "Ünï 中文 🚀", "idea", -1.5e300, 5e-324, "line\nline"),
            edge("e", "n", "n", "self"),
            Section("s", "Title", "# Body", "a0"),
            Diagram("d", "Flow", "flowchart", "graph TD", None),
        ]
        await store.projection.write([step(project, written)])
        for element in written:
            kind: Any = type(element)
            found = await store.reader.element(project, kind, element.id)
            assert found == AtSeq(element, Seq(1))
            assert (await part(store, project, kind)).items == (element,)
            assert await store.reader.element(project, kind, "other") is None

    async def test_a_list_is_read_in_parts_that_miss_and_repeat_nothing(self, store: Store) -> None:
        [project, other] = await edited(store, 2)
        ids = ["a", "B", "ä", "z", "中", "a-b", "a b", "\U0001f680", "\uffee"]
        nodes = [node(id) for id in ids]
        await store.projection.write([step(project, nodes), step(other, [node("not this")])])
        seen: list[str] = []
        page = Page(3, None)
        while True:
            found = await part(store, project, Node, page)
            seen += [one.id for one in found.items]
            if found.last is None:
                break
            page = Page(3, found.last)
        assert seen == sorted(ids)

    async def test_sections_are_read_by_rank_and_id_as_all_peers_order_them(
        self, store: Store
    ) -> None:
        [project] = await edited(store)
        # By code point the first two would change places; peers compare UTF-16 units.
        order = [
            ("\U0001f680", "x"),
            ("\uffee", "w"),
            ("a", "z"),
            ("Z", "q"),
            ("a", "b"),
            ("", "e"),
        ]
        sections = [section(id, rank) for rank, id in order]
        await store.projection.write([step(project, sections)])
        first = await part(store, project, Section, Page(4, None))
        rest = await part(store, project, Section, Page(4, first.last))
        assert first.last == ("a", "z")
        assert [one.id for one in first.items + rest.items] == ["e", "q", "b", "z", "x", "w"]
        assert rest.last is None

    @pytest.mark.parametrize(
        ("kind", "key"),
        [(Node, ("\0",)), (Edge, ("\ud800",)), (Node, ("a", "b")), (Section, ("a",)), (Node, ())],
    )
    async def test_a_key_that_is_none_of_a_list_is_refused(
        self, store: Store, kind: Any, key: Key
    ) -> None:
        [project] = await edited(store)
        with pytest.raises(Invalid):
            await store.reader.part(project, kind, Page(3, key))

    async def test_neighbours_are_found_by_the_edges_that_are_followed(self, store: Store) -> None:
        [project] = await edited(store)
        nodes = [node(id) for id in "abcde"]
        ends = ["ab", "ab", "bc", "cd", "ca", "aa"]
        edges = [edge(f"e{n}", *pair) for n, pair in enumerate(ends)]
        await store.projection.write([step(project, [*nodes, *edges])])
        assert await near(store, project, "a", Direction.OUT, 2) == ["b1", "c2"]
        assert await near(store, project, "a", Direction.IN, 9) == ["c1", "b2"]
        assert await near(store, project, "a", Direction.BOTH, 9) == ["b1", "c1", "d2"]
        assert await near(store, project, "e", Direction.BOTH, 1) == []
        with pytest.raises(NotFound, match="no node f"):
            await store.reader.neighbours(project, "f", Direction.OUT, 1)

    async def test_a_node_with_more_neighbours_than_fit_in_a_statement(self, store: Store) -> None:
        [project] = await edited(store)
        many = [f"n{number:04}" for number in range(2 * NAMES_AT_ONCE + 1)]
        out = [edge(f"o{id}", "hub", id) for id in many]
        back = [edge(f"b{id}", id, "rim") for id in many]
        nodes = [node("hub"), node("rim"), *map(node, many)]
        await store.projection.write([step(project, [*nodes, *out, *back])])
        found = await near(store, project, "hub", Direction.OUT, 2)
        assert found == [*(f"{id}1" for id in many), "rim2"]

    async def test_the_whole_is_what_the_document_would_show(self, store: Store) -> None:
        [project] = await edited(store)
        nodes = [node("\uffee"), node("\U0001f680"), node("a")]
        edges = [edge("e", "a", "\uffee")]
        sections = [section("t", "b"), section("s", "a")]
        wrong = Problem("nodes/x", "a Y.Map", "null")
        puts: list[Element] = [*nodes, *edges, *sections, diagram("d")]
        await store.projection.write([step(project, puts, problems=[wrong])])
        view = await store.reader.view(project)
        assert view is not None
        by_id = sorted(nodes, key=lambda one: order(one.id))
        wanted = (tuple(by_id), tuple(edges), tuple(sections[::-1]), (diagram("d"),), (wrong,))
        assert view.value == ProjectView(*wanted)
        links = await store.reader.links(project)
        assert links is not None
        assert set(links.value.nodes) == {one.id for one in nodes}
        assert links.value.edges == (("a", "\uffee"),)

    async def test_rows_that_are_behind_the_log_answer_nothing__L1(self, store: Store) -> None:
        [project] = await edited(store)

        async def answered() -> list[bool]:
            reader = store.reader
            asked: list[object] = [
                await reader.part(project, Node, FIRST),
                await reader.element(project, Node, "n"),
                await reader.view(project),
                await reader.links(project),
                await reader.neighbours(project, "n", Direction.OUT, 1),
            ]
            return [one is not None for one in asked]

        assert not any(await answered())
        await store.projection.write([step(project, [node("n")])])
        assert all(await answered())
        await store.log.append([batch(project, b"more")])
        assert not any(await answered())
        # The first of several steps: some rows are of the new state, the seq is not.
        await store.projection.write([step(project, [node("n")], version=1, seq=2, last=False)])
        assert not any(await answered())

    async def test_problems_are_kept_with_the_seq_that_they_reflect(self, store: Store) -> None:
        [project] = await edited(store)
        before = await store.reader.standing(project)
        assert (before.seq, before.head, before.projected_at) == (0, 1, None)
        problem = Problem("nodes/\0\ud800", "a Y.Map", '"quoted"')
        await store.projection.write([step(project, problems=[problem])])
        after = await store.reader.standing(project)
        assert (after.seq, after.problem_count, after.problems) == (1, 1, (problem,))
        assert after.projected_at == 1_700_000_000_000

    async def test_an_empty_list_is_told_from_a_project_that_is_gone(self, store: Store) -> None:
        [project] = await edited(store)
        await store.projection.write([step(project)])
        for kind in KINDS:
            assert (await part(store, project, kind)).items == ()
        await store.directory.delete_project(project)
        for gone in (project, NOWHERE):
            with pytest.raises(NotFound):
                await store.reader.part(gone, Node, FIRST)
            with pytest.raises(NotFound):
                await store.reader.standing(gone)

    async def test_rows_go_with_their_project(self, store: Store) -> None:
        [project] = await edited(store)
        await store.projection.write([step(project, [node("n", "word"), diagram("d", "word")])])
        tables = ("updates", "documents", "project_members", "projects")

        def purge(conn: Connection) -> None:
            for table in tables:
                key = "id" if table == "projects" else "project_id"
                conn.execute(text(f"DELETE FROM {table} WHERE {key} = :name"), {"name": project})

        await store.db.write(purge)
        for table in ("nodes", "diagrams", "projections", "search_entries", "search_index"):
            count = text(f"SELECT count(*) FROM {table}")
            assert await store.db.read(partial(Connection.scalar, statement=count)) == 0
