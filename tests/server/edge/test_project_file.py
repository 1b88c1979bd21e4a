"""Projects as files: what goes out comes back equal, whatever people have typed."""

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.archive import pack
from server.document.building import Contents, build
from server.document.diagrams import NewDiagram
from server.document.edges import NewEdge
from server.document.nodes import NewNode
from server.document.plan import NewSection
from server.document.replica import Replica
from server.document.schema import ProjectView, read_project
from server.edge.project_file import Format, read, write
from server.protocol.errors import Invalid, Malformed, PeerError, TooLarge
from tests.server.document.texts import texts

MAX = 1 << 20
IMPORTED = (Format.JSON, Format.YJS, Format.ZIP)

ids = st.text(min_size=1, max_size=5).filter(lambda id: id.isprintable())
words = st.one_of(texts, st.text(alphabet=st.characters(codec="utf-8"), max_size=5))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def projects(draw: st.DrawFn) -> Contents:
    """Any project, with edges between its nodes."""
    names = draw(st.lists(ids, unique=True, max_size=5))
    nodes = [NewNode(id, draw(words), draw(words), draw(numbers), draw(numbers), draw(words))
             for id in names]  # fmt: skip
    ends = st.sampled_from(names) if names else st.nothing()
    edges = draw(st.lists(st.builds(NewEdge, ids, ends, ends, words), max_size=4, unique_by=_id)
                 if names else st.just([]))  # fmt: skip
    sections = draw(st.lists(st.builds(NewSection, ids, words, words), max_size=4, unique_by=_id))
    derived = st.sampled_from([None, "graph"])
    diagrams = draw(
        st.lists(
            st.builds(NewDiagram, ids, words, words, words, derived), max_size=3, unique_by=_id
        )
    )
    return Contents(tuple(nodes), tuple(edges), tuple(sections), tuple(diagrams))


def _id(one: NewEdge | NewSection | NewDiagram) -> str:
    return one.id


def opened(update: bytes) -> tuple[ProjectView, bytes]:
    with closing(Replica.load([update])) as replica:
        return read_project(replica), replica.everything()


@settings(max_examples=60, deadline=None)
@given(projects(), st.sampled_from(IMPORTED))
def test_what_was_exported_comes_back_equal(contents: Contents, form: Format) -> None:
    view, everything = opened(build(1, "Title", contents))
    assert len(view.nodes) == len(contents.nodes)
    assert not view.problems
    file = write(form, "Title", view, everything)
    title, update = read(form, file, 2, MAX)
    back, bytes_back = opened(update)
    assert back == view
    assert title == ("Imported project" if form is Format.YJS else "Title")
    if form is not Format.JSON:
        assert bytes_back == everything


@given(projects())
@settings(max_examples=20, deadline=None)
def test_people_can_read_every_project(contents: Contents) -> None:
    view, everything = opened(build(1, "Title", contents))
    for form in (Format.MARKDOWN, Format.MERMAID):
        assert write(form, "Title", view, everything).decode()
        with pytest.raises(Invalid):
            read(form, b"", 1, MAX)


EMPTY = Contents((), (), (), ())


def test_a_zip_with_json_alone_is_enough() -> None:
    view, everything = opened(build(1, "T", Contents((NewNode("a", "A"),), (), (), ())))
    file = pack({"project.json": write(Format.JSON, "T", view, everything)})
    assert opened(read(Format.ZIP, file, 1, MAX)[1])[0].nodes == view.nodes


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"readme.txt": b"a foreign zip"}, Invalid),
        ({"document.yjs": b"\x05nonsense"}, Malformed),
        ({"document.yjs": b"\x00\x00"}, Invalid),
        ({"project.json": b"[]"}, Invalid),
        ({"document.yjs": build(1, "T", EMPTY), "project.json": b"{"}, Invalid),
        ({"document.yjs": bytes(MAX + 1)}, TooLarge),
    ],
)
def test_a_zip_that_is_no_project_is_refused_with_the_reason__L7(
    files: dict[str, bytes], error: type[PeerError]
) -> None:
    with pytest.raises(error):
        read(Format.ZIP, pack(files), 1, MAX)


def test_a_document_over_the_limit_is_refused() -> None:
    big = build(1, "T", Contents((NewNode("a", "A", content="x" * 2000),), (), (), ()))
    with pytest.raises(TooLarge):
        read(Format.YJS, big, 1, 1000)


def test_values_nested_deeper_than_peers_survive_are_refused__L7() -> None:
    deep = b'{"nodes": [{"label": ' + b"[" * 5000 + b"]" * 5000 + b"}]}"
    with pytest.raises(Invalid):
        read(Format.JSON, deep, 1, MAX)


def test_the_element_that_does_not_fit_is_named() -> None:
    twins = (NewSection("s", "1"), NewSection("s", "2"))
    with pytest.raises(PeerError, match="plan/1: there is something"):
        build(1, "T", Contents((), (), twins, ()))
