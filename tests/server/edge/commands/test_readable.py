"""Differences as people read them on a terminal."""

from dataclasses import replace

from server.document.project_difference import difference
from server.document.schema import Diagram, Edge, Node, ProjectView, Section
from server.edge.commands.readable import readable

NODE = Node("n", "Cash", "asset", 0.0, 0.0, "")
SECTION = Section("s", "Goals", "We grow fast.\nThen we rest. 😀", "a")
EMPTY = ProjectView((), (), (), (), ())


def test_each_element_is_a_line_that_begins_with_what_became_of_it() -> None:
    before = ProjectView((NODE,), (), (SECTION,), (), ())
    after = ProjectView(
        (replace(NODE, x=3.0),),
        (Edge("e", "n", "n", ""),),
        (replace(SECTION, title="Aims", body="We grow slowly.\nThen we rest. 😀"),),
        (Diagram("d", "Flow", "flowchart", "", None),),
        (),
    )
    assert readable(difference(before, after)) == (
        '> node n "Cash"',
        "    x: 0.0 -> 3.0",
        "+ edge e n -> n",
        '~ section s "Aims"',
        '    title: "Goals" -> "Aims"',
        "    text: We grow [-fast-]{+slowly+}.⏎Then we rest. 😀",
        '+ diagram d "Flow"',
    )
    assert readable(difference(before, EMPTY)) == ('- node n "Cash"', '- section s "Goals"')


def test_kept_text_is_shortened_around_what_has_changed() -> None:
    long = replace(SECTION, body="word " * 100 + "old " + "word " * 100)
    after = replace(long, body=long.body.replace("old", "new"))
    (_, line) = readable(
        difference(replace(EMPTY, sections=(long,)), replace(EMPTY, sections=(after,)))
    )
    assert "[-old-]{+new+}" in line
    assert line.count("...") == 2
    assert len(line) < 150


def test_no_difference_is_said_in_words() -> None:
    assert readable(()) == ("no difference",)


def test_what_is_in_a_document_does_not_move_the_cursor() -> None:
    evil = replace(NODE, label="a\x1b[2Jb\u202ec")
    (line,) = readable(difference(EMPTY, replace(EMPTY, nodes=(evil,))))
    assert line.isprintable()
