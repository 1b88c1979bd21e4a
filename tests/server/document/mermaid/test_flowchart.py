"""A flowchart of our own is valid whatever people have typed."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from server.document.mermaid.flowchart import flowchart
from server.document.mermaid.labels import label
from server.document.schema import Edge, Node

LINE = re.compile(r"    n\d+(?:\[\"[^\"\n]+\"\]| -->(?:\|\"[^\"\n]+\"\|)? n\d+)")
RISKY = st.text(alphabet="ab \n\t\"'`#;[](){}<>|\\%&:-=~*_😀é日\u200d\u0000", max_size=20)


def read_back(text: str) -> str:
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text))


@given(st.lists(RISKY, max_size=6))
def test_every_line_is_of_a_form_that_cannot_go_wrong(labels: list[str]) -> None:
    nodes = [Node(words, words, "", 0, 0, "") for words in dict.fromkeys(labels)]
    edges = [Edge("", one.id, nodes[0].id, one.label) for one in nodes]
    first, *lines = flowchart(nodes, edges).splitlines()
    assert first == "flowchart TD"
    assert len(lines) == 2 * len(nodes)
    for line in lines:
        assert LINE.fullmatch(line), line


@given(RISKY)
def test_a_label_reads_as_it_was(words: str) -> None:
    seen = " ".join("".join(c for c in words if c not in "\u200d\u0000").split())
    said = label(words)
    assert not set(said) & set('"`[](){}<>|\\%&:=~*')
    assert read_back(said).split() == seen.split()


def test_an_edge_without_both_ends_is_left_out() -> None:
    chart = flowchart([Node("end", "", "", 0, 0, "")], [Edge("", "end", "gone", "")])
    assert chart == 'flowchart TD\n    n0["#160;"]\n'
