"""What every ``Search`` keeps: finds what was typed, and shows nobody what is not theirs."""

import pytest

from server.document.words import Part
from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Role
from server.room.projection_ports import Drop, Element, Findings, Kind, Question, Topic
from server.room.run_ports import Allowance, NewRun, RunTask
from store.open import Store
from tests.contracts.backends import new_user
from tests.contracts.projected import diagram, edge, edited, node, section, step

HOSTILE = [
    '"',
    "'",
    '"unbalanced',
    "a AND",
    "NEAR(a b",
    "body:plan",
    "* ^ - + ( ) { } : & | ! <->",
    "'; DROP TABLE nodes; --",
    "%_\\",
    "\0",
    "\ud800",
    "a\0b",
    ":match",
    "x" * 100_000,
    "word " * 10_000,
    "中" * 10_000,
]


SCRIPTS = [
    ("Café Münster", "CAFE munster"),
    ("growth market", "market growth"),
    ("prefixes work", "pref"),
    ("我们在北京市中心开店", "北京"),
    ("我们在北京市中心开店", "北京市中心"),
    ("我们在北京市中心开店", "店"),
    ("カタカナの計画", "計画"),
    ("한국어를 배우다", "국어"),
    ("ไทยแลนด์", "ไทย"),
    ("हिन्दी में योजना", "हिन्दी"),
    ("launch 🚀 today", "🚀"),
    ("x² \ufb01nance \uff37\uff49\uff44\uff45", "finance wide x2"),
    ("a.b@example.org", "example.org"),
    ("C'est l'été", "l'ete"),
    ("year 2026-11", "2026"),
]
"""A text, and what finds it."""


async def project_of(store: Store, name: str, title: str = "Untitled") -> tuple[UserId, ProjectId]:
    """Somebody with a project."""
    user = await new_user(store, name)
    return user, (await store.directory.add_project(title, owner=user, seed=None)).id


async def ask(store: Store, user: UserId, words: str, limit: int = 50) -> list[str]:
    """The ids of what is found."""
    return [hit.id for hit in (await found(store, user, words, limit)).items]


async def found(store: Store, user: UserId, words: str, limit: int = 50) -> Findings:
    """What is found."""
    return await store.search.search(user, Question(words), None, limit)


async def write(store: Store, project: ProjectId, *elements: Element, version: int = 0) -> None:
    """Put elements into a projection."""
    assert await store.projection.write([step(project, elements, version=version)]) == [True]


class SearchContract:
    """Run by a class that has a ``store`` fixture."""

    async def test_titles_labels_contents_and_bodies_are_found(self, store: Store) -> None:
        user, project = await project_of(store, "ada", "Bakery needle")
        await write(
            store,
            project,
            node("n1", "needle"),
            node("n2", "label", "a needle in the content"),
            edge("e", "n1", "n2", "needle"),
            section("s1", "a", "needle"),
            section("s2", "b", "title", "needle in the *body*"),
            diagram("d", "needle"),
            node("n3", "haystack"),
        )
        hits = (await found(store, user, "needle")).items
        assert {(hit.topic, hit.id) for hit in hits} == {
            (Topic.PROJECT, project),
            (Topic.NODE, "n1"),
            (Topic.NODE, "n2"),
            (Topic.EDGE, "e"),
            (Topic.SECTION, "s1"),
            (Topic.SECTION, "s2"),
            (Topic.DIAGRAM, "d"),
        }
        assert {hit.project_title for hit in hits} == {"Bakery needle"}

    async def test_a_heading_ranks_above_a_body(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        body = "needle and other words that fill the text"
        await write(
            store, project, section("body", "a", "x", body), section("title", "b", "needle", body)
        )
        assert await ask(store, user, "needle") == ["title", "body"]

    async def test_words_of_all_scripts_are_found(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        nodes = [node(f"n{at}", text) for at, (text, _) in enumerate(SCRIPTS)]
        await write(store, project, *nodes)
        for at, (_, question) in enumerate(SCRIPTS):
            assert f"n{at}" in await ask(store, user, question), question
        assert await ask(store, user, "zzz") == []

    async def test_all_words_must_occur_and_only_the_last_is_a_beginning(
        self, store: Store
    ) -> None:
        user, project = await project_of(store, "ada")
        await write(store, project, node("n", "green apples"), node("m", "green pears"))
        assert await ask(store, user, "green app") == ["n"]
        assert await ask(store, user, "gre apples") == []
        assert await ask(store, user, "green app ") == []
        assert await ask(store, user, "北市") == []

    async def test_nothing_that_is_typed_breaks_the_query(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        await write(store, project, node("n", "plan"))
        for question in HOSTILE:
            assert await ask(store, user, question) == [], question
        assert await ask(store, user, "plan") == ["n"]

    async def test_operators_are_words(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        await write(store, project, node("n", "this or that"), node("m", "this not"))
        assert await ask(store, user, "this OR nothing") == []
        assert await ask(store, user, "this OR") == ["n"]
        assert await ask(store, user, "NOT this") == ["m"]

    async def test_only_projects_of_the_caller_are_searched_L8(self, store: Store) -> None:
        ada, hers = await project_of(store, "ada", "secret plans")
        bob, his = await project_of(store, "bob", "secret things")
        await write(store, hers, node("hers", "secret"))
        await write(store, his, node("his", "secret"))
        assert set(await ask(store, ada, "secret")) == {hers, "hers"}
        assert set(await ask(store, bob, "secret")) == {his, "his"}
        narrowed = await store.search.search(bob, Question("secret", project=hers), None, 10)
        assert narrowed.items == ()
        await store.directory.set_member(hers, bob, Role.VIEWER)
        assert set(await ask(store, bob, "secret")) == {hers, his, "hers", "his"}
        await store.directory.remove_member(hers, bob)
        assert set(await ask(store, bob, "secret")) == {his, "his"}

    async def test_a_deleted_project_is_not_found(self, store: Store) -> None:
        user, project = await project_of(store, "ada", "secret")
        await write(store, project, node("n", "secret"))
        await store.directory.delete_project(project)
        assert await ask(store, user, "secret") == []

    async def test_somebody_with_very_many_projects_finds_theirs_and_no_others(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("store.search.MAX_SCOPE", 1)
        ada, first = await project_of(store, "ada", "secret one")
        second = (await store.directory.add_project("secret two", owner=ada, seed=None)).id
        await project_of(store, "bob", "secret three")
        assert set(await ask(store, ada, "secret")) == {first, second}

    async def test_a_question_is_narrowed_to_a_project_or_a_topic(self, store: Store) -> None:
        user, project = await project_of(store, "ada", "word")
        other = (await store.directory.add_project("word", owner=user, seed=None)).id
        await write(store, project, node("n", "word"), diagram("d", "word"))
        for question, wanted in (
            (Question("word", project=project), {project, "n", "d"}),
            (Question("word", topic=Topic.PROJECT), {project, other}),
            (Question("word", project=other, topic=Topic.NODE), set()),
        ):
            hits = (await store.search.search(user, question, None, 10)).items
            assert {hit.id for hit in hits} == wanted

    async def test_what_was_said_to_the_agent_is_not_found_by_people(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        await store.runs.ask(NewRun(project, user, RunTask.FREE, "a word"), Allowance())
        assert await store.retrieval.said(project, "word", 1)
        assert await ask(store, user, "word") == []

    async def test_pages_miss_and_repeat_nothing(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        nodes = [node(f"n{i}", "word " * (1 + i % 3)) for i in range(23)]
        await write(store, project, *nodes)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await store.search.search(user, Question("word"), cursor, 5)
            seen += [hit.id for hit in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert sorted(seen) == sorted(one.id for one in nodes)
        for forged in (
            "x",
            "W10=",
            "WzEsMiwzXQ==",
            "WyJhIiwiYiJd",
            "é",
            "W05hTiwxXQ==",
            "WzEsMWU5OTld",
        ):
            with pytest.raises(Invalid):
                await store.search.search(user, Question("word"), forged, 5)

    async def test_a_change_is_found_by_its_new_words_and_not_by_the_old(
        self, store: Store
    ) -> None:
        user, project = await project_of(store, "ada")
        await write(store, project, node("n", "before"), node("m", "gone"))
        drops = [Drop(Kind.NODE, "m")]
        await store.projection.write([step(project, [node("n", "after")], drops, version=1)])
        assert await ask(store, user, "after") == ["n"]
        assert await ask(store, user, "before") == await ask(store, user, "gone") == []
        await write(store, project, node("n", ""), version=2)
        assert await ask(store, user, "after") == []

    async def test_an_excerpt_shows_what_was_found_in_its_surroundings(self, store: Store) -> None:
        user, project = await project_of(store, "ada")
        body = f"{'far ' * 100}the Café here {'away ' * 100}"
        await write(store, project, section("s", "a", "Title", body))
        [hit] = (await found(store, user, "cafe")).items
        assert hit.title == "Title"
        assert Part("Café", True) in hit.excerpt
        shown = "".join(part.text for part in hit.excerpt)
        assert "far the Café here away" in shown
        assert len(shown) < 300

    async def test_a_project_older_than_the_search_is_found_once_it_is_projected(
        self, store: Store
    ) -> None:
        [project] = await edited(store)
        owner = (await store.directory.list_users())[0].id
        await store.db.write(
            lambda conn: conn.exec_driver_sql("DELETE FROM search_entries").close()
        )
        assert await ask(store, owner, "project") == []
        await write(store, project)
        assert await ask(store, owner, "project") == [project]

    async def test_texts_of_every_size_are_kept_and_found_by_their_beginning(
        self, store: Store
    ) -> None:
        user, project = await project_of(store, "ada")
        many = " ".join(f"word{i}" for i in range(200_000))
        chinese = "".join(chr(0x4E00 + i % 20_000) for i in range(300_000))
        await write(
            store,
            project,
            section("many", "a", "t", many),
            section("long", "b", "u" * 10_000, "v" * 1_000_000),
            section("cjk", "c", "w", chinese),
        )
        assert await ask(store, user, "word17 word3") == ["many"]
        assert await ask(store, user, "u" * 10_000) == ["long"]
        assert await ask(store, user, chinese[500:504]) == ["cjk"]
