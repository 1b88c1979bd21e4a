"""What each serializer writes, and what it leaves out."""

from hypothesis import given
from hypothesis import strategies as st

from server.document.mermaid.flowchart import Arrow, Box
from server.document.mermaid.gantt import Task, gantt
from server.document.mermaid.labels import label, words
from server.document.mermaid.mindmap import Item, mindmap
from server.document.mermaid.sequence import Message, Participant, sequence_diagram
from server.document.mermaid.state import state_diagram
from server.document.mermaid.timeline import Period, timeline


def lines(source: str) -> list[str]:
    return source.splitlines()


def test_a_sequence_names_its_columns_anew() -> None:
    columns = [Participant("end", "Guest"), Participant("b", "end")]
    told = [Message("end", "b", "May I; sit?"), Message("b", "end", "yes", is_reply=True)]
    assert lines(sequence_diagram(columns, [*told, Message("b", "nobody", "lost")])) == [
        "sequenceDiagram",
        "    participant p0 as #71;uest",
        "    participant p1 as #101;nd",
        "    p0->>p1: #77;ay I#59; sit?",
        "    p1-->>p0: #121;es",
    ]


def test_a_mindmap_has_one_middle_and_skips_no_level() -> None:
    items = [Item(0, "a"), Item(5, "b"), Item(3, "c"), Item(1, "d")]
    assert lines(mindmap("M", items)) == [
        "mindmap",
        '  m["M"]',
        '    i0["a"]',
        '      i1["b"]',
        '        i2["c"]',
        '    i3["d"]',
    ]


def test_a_gantt_chart_begins_a_band_where_the_section_changes() -> None:
    tasks = [Task("S", "a", "2026-02-01", 5), Task("S", "b", "2026-02-06", 1)]
    assert lines(gantt("", [*tasks, Task("", "c", "2026-03-01", 2)])) == [
        "gantt",
        "    title #160;",
        "    dateFormat YYYY-MM-DD",
        "    section #83;",
        "    #97; :t0, 2026-02-01, 5d",
        "    #98; :t1, 2026-02-06, 1d",
        "    section #160;",
        "    #99; :t2, 2026-03-01, 2d",
    ]


def test_a_state_diagram_begins_in_its_first_state_and_ends_where_nothing_leaves() -> None:
    arrows = [Arrow("a", "b", "go"), Arrow("a", "a"), Arrow("b", "gone", "x")]
    assert lines(state_diagram([Box("a", "A"), Box("b", "B")], arrows)) == [
        "stateDiagram-v2",
        '    state "A" as s0',
        '    state "B" as s1',
        "    [*] --> s0",
        "    s0 --> s1 : #103;o",
        "    s0 --> s0",
        "    s1 --> [*]",
    ]


def test_a_timeline_has_a_line_for_each_period() -> None:
    assert lines(timeline("T", [Period("2026", ("a: b", "")), Period("2027", ())])) == [
        "timeline",
        "    title #84;",
        "    #50;026 : #97;#58; b : #160;",
        "    #50;027",
    ]


def test_the_name_of_a_direction_is_broken_for_mermaid_drops_its_line() -> None:
    assert label("flow direction LR") == "flow direction#32;LR"
    assert words("a Direction  TD") == "#97; Direction#32;TD"


@given(st.text(alphabet="ab \n\t\"'`#;[](){}<>|\\%&:-=~*_😀é日\u200d\u0000", max_size=20))
def test_words_without_quotes_hold_nothing_that_ends_them(text: str) -> None:
    said = words(text)
    assert said.startswith("#")
    assert not set(said) & set('"`[](){}<>|\\%&:=~*\n\t')
