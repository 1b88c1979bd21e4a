"""What every ``ChangeFeed`` keeps: news may be vague or early, but is never lost."""

from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import Changes
from tests.contracts.backends import AnyStore, Backend, batch, new_projects, new_user

SETTLED_CHANGES = 4


async def settled(backend: Backend, store: AnyStore) -> None:
    """Hear all that has happened so far, up to a change of our own."""
    await new_user(store, "marker")
    while not (await backend.heard(store)).directory:
        pass


def tells_of(changes: Changes, project: ProjectId) -> bool:
    """Whether a reader would look at this document."""
    return changes.documents is None or project in changes.documents


class ChangeFeedContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_edits_of_another_process_are_news(self, backend: Backend) -> None:
        mine, theirs = await backend.open(), await backend.open()
        [project] = await new_projects(mine, 1)
        await settled(backend, mine)
        # Several of the changes that were settled may still come, each by itself.
        directory = True
        for _ in range(SETTLED_CHANGES):
            await theirs.log.append([batch(project, b"a")])
            changes = await backend.heard(mine)
            while not tells_of(changes, project):
                changes = await backend.heard(mine)
            directory = directory and changes.directory
        assert not directory, "an edit is no news of the directory"

    async def test_all_of_many_edited_documents_are_told(self, backend: Backend) -> None:
        mine, theirs = await backend.open(), await backend.open()
        projects = await new_projects(mine, 300)
        await settled(backend, mine)
        await theirs.log.append([batch(project, b"a") for project in projects])
        missing = set(projects)
        while missing:
            changes = await backend.heard(mine)
            missing -= missing if changes.documents is None else changes.documents

    async def test_changes_of_the_directory_by_another_process_are_news_L8(
        self, backend: Backend
    ) -> None:
        mine, theirs = await backend.open(), await backend.open()
        [project] = await new_projects(mine, 1)
        user = await new_user(mine, "bob")
        await settled(backend, mine)
        await theirs.directory.set_member(project, user, Role.VIEWER)
        while not (await backend.heard(mine)).directory:
            pass

    async def test_changes_of_the_directory_by_this_process_are_news_too_L8(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        user = await new_user(store, "bob")
        await settled(backend, store)
        await store.directory.set_member(project, user, Role.VIEWER)
        assert (await backend.heard(store)).directory

    async def test_what_happened_between_two_calls_is_not_lost(self, backend: Backend) -> None:
        mine, theirs = await backend.open(), await backend.open()
        one, two = await new_projects(mine, 2)
        await settled(backend, mine)
        await theirs.log.append([batch(one, b"a")])
        await theirs.log.append([batch(two, b"b")])
        await theirs.directory.delete_project(two)
        missing = {one, two, "directory"}
        while missing:
            changes = await backend.heard(mine)
            missing -= {name for name in (one, two) if tells_of(changes, name)}
            missing -= {"directory"} if changes.directory else set()
