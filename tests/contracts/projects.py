"""What every ``Projects`` keeps (L8), on every database."""

from dataclasses import replace

import pytest

from server.protocol.errors import Conflict, Invalid, NotFound, Stale
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.ports import Batch
from server.room.project_ports import (
    FileQuery,
    ProjectCard,
    ProjectLimits,
    Shelf,
    ShelfOrder,
    ShelfQuery,
    Visit,
)
from store.open import Store
from tests.contracts.backends import Backend, edit, new_user

VERSION = "SELECT version FROM directory_version"
NOBODY = UserId("nobody")
NOWHERE = ProjectId("nowhere")


async def opened(backend: Backend) -> Store:
    store = await backend.open()
    assert isinstance(store, Store)
    return store


async def project_of(store: Store, owner: UserId, title: str = "Plan") -> ProjectId:
    return (await store.directory.add_project(title, owner=owner, seed=None)).id


def accept_all(_: ProjectCard) -> None:
    """No condition."""


async def titles(store: Store, user: UserId, query: ShelfQuery) -> list[str]:
    """All titles, page by page."""
    found: list[str] = []
    while True:
        page = await store.projects.shelf(user, query)
        assert len(page.cards) <= query.limit
        found += [card.title for card in page.cards]
        if page.next is None:
            return found
        query = replace(query, after=page.next)


class ProjectsContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_card_is_for_members_and_says_what_they_are_L8(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, ada)
        card = await store.projects.card(project, ada)
        assert (card.title, card.role, card.head, card.opened_at) == ("Plan", Role.OWNER, 0, None)
        assert card.limits == ProjectLimits(None, None)
        for asked, user in ((project, bo), (NOWHERE, ada), (project, NOBODY)):
            with pytest.raises(NotFound):
                await store.projects.card(asked, user)

    async def test_the_shelf_is_paged_in_every_order(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        made = {}
        for title in ("bread", "Äpfel", "Cake", "bread", "äther"):
            made[title] = await project_of(store, ada, title)
            await backend.clock.advance(0.001)
        await project_of(store, bo, "not hers")
        visited = [Visit(ada, made["Cake"], Millis(5)), Visit(ada, made["Äpfel"], Millis(7))]
        await store.projects.note_visits(visited)
        for limit in (1, 2, 50):

            async def all_by(order: ShelfOrder, limit: int = limit) -> list[str]:
                return await titles(store, ada, ShelfQuery(Shelf.ACTIVE, order, limit))

            assert await all_by(ShelfOrder.TITLE) == ["bread", "bread", "Cake", "Äpfel", "äther"]
            newest_first = ["äther", "bread", "Cake", "Äpfel", "bread"]
            assert await all_by(ShelfOrder.CREATED) == newest_first
            opened_first = await all_by(ShelfOrder.OPENED)
            assert opened_first[:2] == ["Äpfel", "Cake"]
            assert sorted(opened_first) == sorted(newest_first)

    async def test_a_search_finds_part_of_a_title_in_any_case(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        for title in ("Straße 1", "100% sure", "under_score", "underXscore"):
            await project_of(store, ada, title)

        async def find(text: str) -> list[str]:
            query = ShelfQuery(Shelf.ACTIVE, ShelfOrder.TITLE, 10, search=text)
            return await titles(store, ada, query)

        assert await find("STRASSE") == ["Straße 1"]
        assert await find("0%") == ["100% sure"]
        assert await find("r_s") == ["under_score"]
        assert await find("nothing") == []

    async def test_archived_and_deleted_projects_stand_on_shelves_of_their_own(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        here, away, gone = [await project_of(store, ada, name) for name in ("a", "b", "c")]
        for project in (here, away, gone):
            await store.directory.set_member(project, bo, Role.EDITOR)
        await store.projects.archive(away)
        archived_at = (await store.projects.card(away, ada)).archived_at
        await backend.clock.advance(1)
        await store.projects.archive(away)
        assert (await store.projects.card(away, ada)).archived_at == archived_at
        await store.directory.delete_project(gone)
        deleted_at = backend.clock.now()
        for shelf, hers, his in (
            (Shelf.ACTIVE, ["a"], ["a"]),
            (Shelf.ARCHIVED, ["b"], ["b"]),
            (Shelf.DELETED, ["c"], []),
        ):
            query = ShelfQuery(shelf, ShelfOrder.CREATED, 10, deleted_after=Millis(0))
            assert await titles(store, ada, query) == hers
            assert await titles(store, bo, query) == his
        late = ShelfQuery(Shelf.DELETED, ShelfOrder.TITLE, 10, deleted_after=deleted_at)
        assert await titles(store, ada, late) == []
        await store.projects.unarchive(away)
        assert (await store.projects.card(away, ada)).archived_at is None
        for act in (store.projects.archive, store.projects.unarchive):
            with pytest.raises(NotFound):
                await act(gone)

    async def test_a_description_changes_only_if_the_check_passes(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        project = await project_of(store, ada, "Old")

        def refuse(card: ProjectCard) -> None:
            raise Stale(f"not {card.title}")

        describe = store.projects.describe
        with pytest.raises(Stale, match="not Old"):
            await describe(project, ada, title="New", description=None, check=refuse)
        card = await describe(project, ada, title="New", description=None, check=accept_all)
        assert (card.title, card.description) == ("New", "")
        card = await describe(project, ada, title=None, description="words", check=accept_all)
        assert (card.title, card.description) == ("New", "words")
        assert (await store.directory.project(project)).title == "New"
        found = ShelfQuery(Shelf.ACTIVE, ShelfOrder.TITLE, 10, search="new")
        assert await titles(store, ada, found) == ["New"]
        with pytest.raises(NotFound):
            await describe(project, NOBODY, title="x", description=None, check=accept_all)
        with pytest.raises(Invalid):
            await describe(project, ada, title="\ud800", description=None, check=accept_all)

    async def test_a_visit_is_no_news_and_of_strangers_nothing(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, ada)
        version = await store.db.read(lambda c: c.exec_driver_sql(VERSION).scalar_one())
        await store.projects.note_visits(
            [Visit(ada, project, Millis(9)), Visit(bo, project, Millis(9))]
        )
        await store.projects.note_visits([])
        assert (await store.projects.card(project, ada)).opened_at == 9
        assert await store.directory.role(project, bo) is None
        assert await store.db.read(lambda c: c.exec_driver_sql(VERSION).scalar_one()) == version

    async def test_what_was_deleted_comes_back_as_it_was(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, ada)
        await store.directory.set_member(project, bo, Role.VIEWER)
        await store.log.append([Batch(project, (edit(b"words"),))])
        with pytest.raises(Conflict):
            await store.projects.undelete(project, deleted_after=Millis(0))
        await store.directory.delete_project(project)
        assert (await store.projects.deleted_card(project, ada)).deleted_at == backend.clock.now()
        with pytest.raises(NotFound):
            await store.projects.deleted_card(project, bo)
        with pytest.raises(Conflict, match="too long"):
            await store.projects.undelete(project, deleted_after=backend.clock.now())
        before = Millis(backend.clock.now() - 1)
        await store.projects.undelete(project, deleted_after=before)
        assert await store.directory.role(project, bo) is Role.VIEWER
        assert [row.payload for row in (await store.log.load(project)).tail] == [b"words"]
        await store.log.append([Batch(project, (edit(b"more"),))])
        with pytest.raises(NotFound):
            await store.projects.undelete(NOWHERE, deleted_after=before)

    async def test_members_are_added_changed_and_limited_L8(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo, cy = [await new_user(store, name) for name in ("ada", "bo", "cy")]
        project = await project_of(store, ada)
        await store.projects.limit(project, ProjectLimits(None, 2))
        await store.projects.add_member(project, bo, Role.VIEWER)
        for user, role in ((bo, Role.EDITOR), (cy, Role.VIEWER)):
            with pytest.raises(Conflict):
                await store.projects.add_member(project, user, role)
        with pytest.raises(Conflict, match="2 members"):
            await store.directory.set_member(project, cy, Role.VIEWER)
        await store.projects.change_member(project, bo, Role.EDITOR)
        assert await store.directory.role(project, bo) is Role.EDITOR
        with pytest.raises(Conflict):
            await store.projects.change_member(project, ada, Role.EDITOR)
        for missing in (
            store.projects.change_member(project, cy, Role.EDITOR),
            store.projects.add_member(project, NOBODY, Role.EDITOR),
            store.projects.add_member(NOWHERE, ada, Role.EDITOR),
            store.projects.limit(NOWHERE, ProjectLimits(None, None)),
        ):
            with pytest.raises(NotFound):
                await missing

    async def test_ownership_is_handed_over_at_once(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo, cy = [await new_user(store, name) for name in ("ada", "bo", "cy")]
        project = await project_of(store, ada)
        await store.directory.set_member(project, bo, Role.VIEWER)
        for owner, heir, error in (
            (ada, cy, NotFound),
            (bo, ada, NotFound),
            (ada, ada, Conflict),
        ):
            with pytest.raises(error):
                await store.projects.transfer(project, owner, heir)
        await store.projects.transfer(project, ada, bo)
        assert await store.directory.role(project, ada) is Role.EDITOR
        assert await store.directory.role(project, bo) is Role.OWNER

    async def test_the_limit_of_a_document_is_read_with_it(self, backend: Backend) -> None:
        store = await opened(backend)
        project = await project_of(store, await new_user(store))
        assert (await store.log.load(project)).max_bytes is None
        await store.projects.limit(project, ProjectLimits(5000, None))
        assert (await store.log.load(project)).max_bytes == 5000
        assert (await store.projects.file(project)).limits == ProjectLimits(5000, None)

    async def test_a_file_tells_whose_it_is_and_how_much_there_is(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        made = []
        for title in ("one", "two", "three"):
            made.append(await project_of(store, ada, title))
            await backend.clock.advance(0.001)
        await store.directory.set_member(made[0], bo, Role.OWNER)
        await store.log.append([Batch(made[0], (edit(b"words"),))])
        await store.directory.delete_project(made[1])
        file = await store.projects.file(made[0])
        assert file.owners == ("ada@example.org", "bo@example.org")
        assert (file.members, file.head, file.stored_bytes) == (2, 1, 5)
        page = await store.projects.files(FileQuery(limit=2))
        assert [one.title for one in page.files] == ["three", "two"]
        assert page.files[1].deleted_at is not None
        rest = await store.projects.files(FileQuery(limit=2, after=page.next))
        assert ([one.title for one in rest.files], rest.next) == (["one"], None)
        found = await store.projects.files(FileQuery(limit=2, search="TWO"))
        assert [one.id for one in found.files] == [made[1]]
        with pytest.raises(NotFound):
            await store.projects.file(NOWHERE)

    async def test_what_was_deleted_too_long_ago_is_found_page_by_page(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        made = [await project_of(store, ada) for _ in range(4)]
        for project in made[2::-1]:
            await store.directory.delete_project(project)
            await backend.clock.advance(1)
        deadline = Millis(backend.clock.now() - 2000)
        old, start = sorted(made[1:3]), ProjectId("")
        assert list(await store.projects.outlived(deadline, start, 10)) == old
        assert list(await store.projects.outlived(deadline, start, 1)) == old[:1]
        assert list(await store.projects.outlived(deadline, old[0], 10)) == old[1:]
        # What has outlived cannot come back: whoever is told of it may purge it.
        for project in made[1:3]:
            with pytest.raises(Conflict, match="too long"):
                await store.projects.undelete(project, deleted_after=deadline)
        await store.projects.undelete(made[0], deleted_after=deadline)

    async def test_titles_and_the_size_of_everything_are_told(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        one, gone = await project_of(store, ada, "One"), await project_of(store, ada, "Gone")
        await store.log.append([Batch(one, (edit(b"words"),))])
        await store.directory.delete_project(gone)
        found = await store.projects.titles([one, gone, NOWHERE])
        assert found == {one: "One", gone: "Gone"}
        size = await store.projects.storage()
        assert (size.users, size.projects, size.deleted_projects) == (1, 1, 1)
        assert (size.document_bytes, size.database_bytes > 1000) == (5, True)
