"""What every ``Projection`` keeps: one writer wins, rows change as told, nobody is forgotten."""

from server.protocol.ids import ProjectId, Seq
from server.room.projection_ports import Drop, Element, Kind, Known
from tests.contracts.backends import AnyStore, Backend, batch
from tests.contracts.projected import diagram, digests, edge, edited, node, put, section, step


async def known_of(store: AnyStore, project: ProjectId) -> Known:
    """What is known of one."""
    return (await store.projection.known([project]))[project]


class ProjectionContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_document_without_a_projection_is_known_to_have_none(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await edited(store)
        known = await known_of(store, project)
        assert (known.head, known.seq, known.version) == (1, 0, 0)
        assert known.stored_bytes == len(b"edit")
        assert digests(known) == {kind: {} for kind in Kind}

    async def test_what_was_put_is_known_and_what_was_dropped_is_not(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await edited(store)
        elements: list[Element] = [
            node("n"),
            node("m"),
            edge("e", "n", "m"),
            section("s"),
            diagram("d"),
        ]
        assert await store.projection.write([step(project, elements)]) == [True]
        changed = node("n", "changed")
        drops = [Drop(Kind.EDGE, "e"), Drop(Kind.NODE, "m"), Drop(Kind.NODE, "never there")]
        assert await store.projection.write([step(project, [changed], drops, version=1)]) == [True]
        known = await known_of(store, project)
        assert (known.seq, known.version) == (1, 2)
        assert digests(known) == {
            Kind.NODE: {"n": put(changed).digest},
            Kind.EDGE: {},
            Kind.SECTION: {"s": put(section("s")).digest},
            Kind.DIAGRAM: {"d": put(diagram("d")).digest},
        }

    async def test_of_two_who_build_upon_the_same_version_one_writes(
        self, backend: Backend
    ) -> None:
        one, other = await backend.open(), await backend.open()
        [project] = await edited(one)
        assert await one.projection.write([step(project, [node("n")])]) == [True]
        assert await other.projection.write([step(project, [node("m")])]) == [False]
        assert await other.projection.write([step(project, [node("m")], version=1)]) == [True]
        rows = digests(await known_of(one, project))
        assert set(rows[Kind.NODE]) == {"n", "m"}

    async def test_steps_of_several_projects_are_answered_in_their_order(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        projects = sorted(await edited(store, 3), reverse=True)
        await store.projection.write([step(projects[1])])
        assert await store.projection.write([step(name) for name in projects]) == [
            True,
            False,
            True,
        ]

    async def test_the_seq_moves_with_the_last_step_only(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await edited(store)
        await store.projection.write([step(project, [node("n")], last=False)])
        assert (await known_of(store, project)).seq == 0
        assert await store.projection.behind(None, 10) == [project]
        await store.projection.write([step(project, [node("m")], version=1)])
        assert (await known_of(store, project)).seq == 1
        assert await store.projection.behind(None, 10) == []

    async def test_who_is_edited_is_behind_until_it_is_projected(self, backend: Backend) -> None:
        store = await backend.open()
        projects = sorted(await edited(store, 3))
        assert await store.projection.behind(None, 10) == projects
        assert await store.projection.behind(None, 2) == projects[:2]
        assert await store.projection.behind(projects[0], 10) == projects[1:]
        await store.projection.write([step(name) for name in projects])
        assert await store.projection.behind(None, 10) == []
        await store.log.append([batch(projects[1], b"more")])
        assert await store.projection.behind(None, 10) == [projects[1]]
        # Of a document that went on meanwhile: what was projected is not all.
        await store.projection.write([step(projects[1], version=1, seq=1)])
        assert await store.projection.behind(None, 10) == [projects[1]]
        await store.projection.write([step(projects[1], version=2, seq=2)])
        assert await store.projection.behind(None, 10) == []

    async def test_a_document_without_an_edit_is_not_behind(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await edited(store)
        await store.projection.write([step(project)])
        user = (await store.directory.list_users())[0].id
        await store.directory.add_project("empty", owner=user, seed=None)
        assert await store.projection.behind(None, 10) == []

    async def test_a_deleted_project_is_neither_known_nor_behind(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await edited(store)
        await store.directory.delete_project(project)
        assert await store.projection.behind(None, 10) == []
        assert await store.projection.known([project, ProjectId("nowhere")]) == {}

    async def test_several_projects_are_asked_about_at_once(self, backend: Backend) -> None:
        store = await backend.open()
        projects = await edited(store, 3)
        await store.projection.write([step(projects[1], [node("n")])])
        known = await store.projection.known([*projects, ProjectId("nowhere")])
        assert [known[name].seq for name in projects] == [0, 1, 0]
        assert digests(known[projects[1]])[Kind.NODE] == {"n": put(node("n")).digest}
        assert len(known) == 3

    async def test_a_projection_made_of_more_than_the_head_was_is_kept(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await edited(store)
        await store.log.append([batch(project, b"a", b"b")])
        await store.projection.write([step(project, seq=3)])
        known = await known_of(store, project)
        assert (known.head, known.seq) == (Seq(3), Seq(3))
