"""The tables of the projection: elements of documents as rows.

Separate from the log's (``store.tables``), for these may be lost: they are made again from
the log. What does not live here: statements, and the full-text index behind
``search_entries``, which each database builds in its own way (``store.search_index``).

Ids compare by code point on either database, so that one cursor fits both.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from store.tables import metadata

ID = String().with_variant(String(collation="C"), "postgresql")
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def _project() -> ForeignKey:
    """Rows go with their project."""
    return ForeignKey("projects.id", ondelete="CASCADE")


def _of_an_element() -> tuple[Column[str], Column[str], Column[int], Column[bytes]]:
    """What every element has. ``seq``: the row was written by the projection of that seq
    or an earlier one that led to it."""
    return (
        Column("project_id", String, _project(), nullable=False),
        Column("id", ID, nullable=False),
        Column("seq", BigInteger, nullable=False, comment="of the document as it was read"),
        Column("digest", LargeBinary, nullable=False),
    )


projections = Table(
    "projections",
    metadata,
    Column("project_id", String, _project(), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="that the rows reflect, at least"),
    Column("version", BigInteger, nullable=False, comment="counts writes"),
    Column("projected_at", BigInteger),
    Column("problem_count", BigInteger, nullable=False),
    Column("problems", String, nullable=False, comment="JSON; the first ones"),
)

nodes = Table(
    "nodes",
    metadata,
    *_of_an_element(),
    Column("label", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("x", Float(53), nullable=False),
    Column("y", Float(53), nullable=False),
    Column("content", String, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
)

edges = Table(
    "edges",
    metadata,
    *_of_an_element(),
    Column("source", ID, nullable=False),
    Column("target", ID, nullable=False),
    Column("label", String, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
)

# With the id, by which the edges at a node are listed: else SQLite walks all edges in its order.
Index("ix_edges_project_id_source_id", edges.c.project_id, edges.c.source, edges.c.id)
Index("ix_edges_project_id_target_id", edges.c.project_id, edges.c.target, edges.c.id)

plans = Table(
    "plans",
    metadata,
    *_of_an_element(),
    Column("title", String, nullable=False),
    Column("body", String, nullable=False, comment="Markdown"),
    Column("rank", String, nullable=False),
    Column("place", LargeBinary, nullable=False, comment="(rank, id) as all peers order it"),
    PrimaryKeyConstraint("project_id", "id"),
)
"""Sections, one a row."""

diagrams = Table(
    "diagrams",
    metadata,
    *_of_an_element(),
    Column("title", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source", String, nullable=False, comment="Mermaid"),
    Column("derived_from", String),
    PrimaryKeyConstraint("project_id", "id"),
)

search_entries = Table(
    "search_entries",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("project_id", String, _project(), nullable=False),
    Column("topic", String, nullable=False),
    Column("element", ID, nullable=False),
    UniqueConstraint("project_id", "topic", "element"),
)
"""What can be found; the row of the same id in ``search_index`` has its words."""
