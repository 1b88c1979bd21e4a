"""The relational picture of documents, and the search over it.

Documents that exist are stale, and so the first sweep of a server projects them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything; frozen here, whatever ``store.projection_tables`` becomes."""
    _mark_documents()
    _create_projections()
    _create_elements()
    _create_edges()
    _create_search()


def _mark_documents() -> None:
    stale = sa.Column(
        "stale",
        sa.Boolean,
        nullable=False,
        server_default=sa.true(),
        comment="head is not projected",
    )
    op.add_column("documents", stale)
    op.create_index(
        "ix_documents_stale",
        "documents",
        ["project_id"],
        sqlite_where=sa.column("stale") == sa.true(),
        postgresql_where=sa.column("stale", sa.Boolean),
    )


def _create_projections() -> None:
    op.create_table(
        "projections",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, comment="that the rows reflect, at least"),
        sa.Column("version", sa.BigInteger, nullable=False, comment="counts writes"),
        sa.Column("projected_at", sa.BigInteger),
        sa.Column("problem_count", sa.BigInteger, nullable=False),
        sa.Column("problems", sa.String, nullable=False, comment="JSON; the first ones"),
        sa.PrimaryKeyConstraint("project_id", name="pk_projections"),
        _of_a_project("projections"),
    )


def _create_elements() -> None:
    _create_kind(
        "nodes",
        sa.Column("label", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("x", sa.Float(53), nullable=False),
        sa.Column("y", sa.Float(53), nullable=False),
        sa.Column("content", sa.String, nullable=False),
    )
    _create_kind(
        "plans",
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False, comment="Markdown"),
        sa.Column("rank", sa.String, nullable=False),
        sa.Column(
            "place", sa.LargeBinary, nullable=False, comment="(rank, id) as all peers order it"
        ),
    )
    _create_kind(
        "diagrams",
        sa.Column("title", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False, comment="Mermaid"),
        sa.Column("derived_from", sa.String),
    )


def _create_edges() -> None:
    _create_kind(
        "edges",
        sa.Column("source", ID, nullable=False),
        sa.Column("target", ID, nullable=False),
        sa.Column("label", sa.String, nullable=False),
    )
    for end in ("source", "target"):
        op.create_index(f"ix_edges_project_id_{end}_id", "edges", ["project_id", end, "id"])


def _create_kind(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, comment="of the document as it was read"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("project_id", "id", name=f"pk_{table}"),
        _of_a_project(table),
    )


def _create_search() -> None:
    op.create_table(
        "search_entries",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("element", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_entries"),
        sa.UniqueConstraint(
            "project_id", "topic", "element", name="uq_search_entries_project_id_topic_element"
        ),
        _of_a_project("search_entries"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _create_postgresql_index()
    else:
        _create_sqlite_index()


def _create_postgresql_index() -> None:
    op.create_table(
        "search_index",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("vector", postgresql.TSVECTOR, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_index"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["search_entries.id"],
            name="fk_search_index_id_search_entries",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_search_index_vector", "search_index", ["vector"], postgresql_using="gin")


def _create_sqlite_index() -> None:
    # The words come folded and cut: whatever is not a space is part of one.
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(project, heading, body,"
        " tokenize = \"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\")"
    )
    op.execute(
        "CREATE TRIGGER search_entries_gone AFTER DELETE ON search_entries"
        " BEGIN DELETE FROM search_index WHERE rowid = old.id; END"
    )


def _of_a_project(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_project_id_projects"
    return sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=name, ondelete="CASCADE")
