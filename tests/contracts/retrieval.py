"""What every ``Retrieval`` keeps: any word finds, in one project, elements and what was said."""

import pytest

from server.document.elements import ElementRef, Kind
from server.protocol.ids import ProjectId
from server.room.projection_ports import Drop, Element
from server.room.projection_ports import Kind as RowKind
from server.room.run_ports import Allowance, NewRun, Outcome, Progress, RunStatus, RunTask, Speaker
from tests.contracts.backends import AnyStore, Backend, new_projects, new_user
from tests.contracts.projected import diagram, edge, node, section, step
from tests.contracts.runs import claimed, lease_of
from tests.contracts.search import HOSTILE

REQUEST = "Please write a plan for the bakery, with its ovens and what they cost?"


async def filled(backend: Backend) -> tuple[AnyStore, ProjectId]:
    """A store with a project that has been projected, and another with the same words."""
    store = await backend.open()
    project, other = await new_projects(store, 2)
    elements: list[Element] = [
        node("n1", "Oven", "made of bricks"),
        node("n2", "Landlord", "wants his rent"),
        section("s1", title="Bakery", body="Bread and cake."),
        section("s2", title="Money", body="The ovens are all that costs much; the bakery is old."),
        edge("e1", "n1", "n2", "cost"),
        diagram("d1", "Ovens of the bakery"),
    ]
    assert await store.projection.write([step(project, elements)]) == [True]
    assert await store.projection.write([step(other, [node("foreign", "bakery")])]) == [True]
    return store, project


async def say(store: AnyStore, project: ProjectId, prompt: str, answer: str) -> None:
    """A request and what came of it."""
    asker = (await store.directory.members(project))[0].user.id
    await store.runs.ask(NewRun(project, asker, RunTask.FREE, prompt), Allowance())
    lease = lease_of(await claimed(store))
    await store.runs.finish(lease, Progress(), Outcome(RunStatus.DONE, said=answer))


class RetrievalContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_any_word_of_a_request_finds_elements_of_the_project_alone(
        self, backend: Backend
    ) -> None:
        store, project = await filled(backend)
        found = await store.retrieval.elements(project, REQUEST, 10)
        assert {ref.id for ref in found} >= {"s1", "s2", "e1", "d1"}
        assert "foreign" not in {ref.id for ref in found}
        assert ElementRef(Kind.NODE, "n2") not in found
        assert found[0] == ElementRef(Kind.DIAGRAM, "d1"), "two words in its title"
        assert await store.retrieval.elements(project, REQUEST, 2) == found[:2]

    async def test_what_is_gone_is_not_found(self, backend: Backend) -> None:
        store, project = await filled(backend)
        drops = [Drop(RowKind.DIAGRAM, "d1")]
        assert await store.projection.write([step(project, drops=drops, version=1)]) == [True]
        assert "d1" not in {ref.id for ref in await store.retrieval.elements(project, REQUEST, 10)}

    async def test_what_was_said_is_found_from_then_on_and_in_its_project_alone(
        self, backend: Backend
    ) -> None:
        store, project = await filled(backend)
        await say(store, project, "Which flour is best?", "Spelt, from the mill at Ödenwald.")
        await say(store, project, "And the rent?", "Monthly, to the landlord.")
        [said] = await store.retrieval.said(project, "the mill of Odenwald", 1)
        assert (said.number, said.speaker) == (2, Speaker.AGENT)
        assert said.text == "Spelt, from the mill at Ödenwald."
        found = await store.retrieval.said(project, "flour or rent", 10)
        assert {one.number for one in found} == {1, 3}
        [elsewhere] = await new_elsewhere(store)
        assert await store.retrieval.said(elsewhere, "flour or rent", 10) == []
        elements = await store.retrieval.elements(project, "spelt flour", 10)
        assert elements == [], "a message is no element"

    @pytest.mark.parametrize("text", ["", " ?! ", "\0", "\ud800"])
    async def test_without_words_nothing_is_found(self, backend: Backend, text: str) -> None:
        store, project = await filled(backend)
        assert list(await store.retrieval.elements(project, text, 10)) == []
        assert list(await store.retrieval.said(project, text, 10)) == []

    async def test_nothing_in_a_request_is_an_operator(self, backend: Backend) -> None:
        store, project = await filled(backend)
        await say(store, project, "Which flour?", "Spelt.")
        for text in HOSTILE:
            await store.retrieval.elements(project, text, 10)
            await store.retrieval.said(project, text, 10)
        assert await store.retrieval.said(project, "spelt", 10)


async def new_elsewhere(store: AnyStore) -> list[ProjectId]:
    """A project of somebody else."""
    owner = await new_user(store, "eve")
    return [(await store.directory.add_project("Elsewhere", owner=owner, seed=None)).id]
