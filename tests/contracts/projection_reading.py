"""What every ``ProjectionReader`` keeps, on rows that a ``Projection`` wrote."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from server.document.fields import Problem
from server.document.schema import Diagram, Edge, Node, Section
from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import ProjectId
from server.room.projection_ports import Element
from store.open import Store
from tests.contracts.projected import diagram, edge, edited, node, section, step

NOWHERE = ProjectId("nowhere")


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
            assert await store.reader.element(project, kind, element.id) == element
            assert (await store.reader.page(project, kind, None, 10)).items == (element,)
            with pytest.raises(NotFound):
                await store.reader.element(project, kind, "other")

    async def test_a_list_is_read_in_pages_that_miss_and_repeat_nothing(self, store: Store) -> None:
        [project, other] = await edited(store, 2)
        ids = ["a", "B", "ä", "z", "中", "a-b", "a b", "\U0001f680"]
        nodes = [node(id) for id in ids]
        await store.projection.write([step(project, nodes), step(other, [node("not this")])])
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await store.reader.page(project, Node, cursor, 3)
            seen += [one.id for one in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == sorted(ids)
        for forged in ("\0", "\ud800"):
            with pytest.raises(Invalid):
                await store.reader.page(project, Node, forged, 3)

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
        first = await store.reader.page(project, Section, None, 4)
        rest = await store.reader.page(project, Section, first.next, 4)
        assert [one.id for one in first.items + rest.items] == ["e", "q", "b", "z", "x", "w"]
        assert rest.next is None
        with pytest.raises(Invalid):
            await store.reader.page(project, Section, "no hex", 4)

    async def test_neighbours_are_the_edges_at_a_node_and_their_other_ends(
        self, store: Store
    ) -> None:
        [project] = await edited(store)
        nodes = [node(id) for id in "abcd"]
        edges = [
            edge("e1", "a", "b"),
            edge("e2", "c", "a"),
            edge("e3", "b", "c"),
            edge("e4", "a", "a"),
        ]
        await store.projection.write([step(project, [*nodes, *edges])])
        around = await store.reader.neighbours(project, "a", None, 10)
        assert [one.id for one in around.edges] == ["e1", "e2", "e4"]
        assert [one.id for one in around.nodes] == ["b", "c"]
        assert around.next is None
        first = await store.reader.neighbours(project, "a", None, 1)
        assert ([one.id for one in first.edges], first.next) == (["e1"], "e1")
        then = await store.reader.neighbours(project, "a", first.next, 1)
        assert [one.id for one in then.edges] == ["e2"]
        alone = await store.reader.neighbours(project, "d", None, 10)
        assert (alone.edges, alone.nodes) == ((), ())
        with pytest.raises(NotFound):
            await store.reader.neighbours(project, "e", None, 10)

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
        kinds: list[Any] = [Node, Edge, Section, Diagram]
        for kind in kinds:
            assert (await store.reader.page(project, kind, None, 10)).items == ()
        await store.directory.delete_project(project)
        for gone in (project, NOWHERE):
            with pytest.raises(NotFound):
                await store.reader.page(gone, Node, None, 10)
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
