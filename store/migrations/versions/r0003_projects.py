"""Projects on a shelf: descriptions, visits, limits, invitations; answers kept for repeats."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what there was no need of before; existing titles become searchable."""
    _extend_projects()
    _fill_title_keys()
    op.add_column("documents", sa.Column("max_bytes", sa.BigInteger))
    op.add_column("project_members", sa.Column("opened_at", sa.BigInteger))
    _create_invitations()
    _create_kept_answers()


def _extend_projects() -> None:
    for column in (
        sa.Column("description", sa.String, nullable=False, server_default=""),
        sa.Column("title_key", KEY, nullable=False, server_default="", comment="case folded"),
        sa.Column("archived_at", sa.BigInteger),
        sa.Column("max_members", sa.BigInteger),
    ):
        op.add_column("projects", column)


def _fill_title_keys() -> None:
    projects = sa.table("projects", sa.column("id"), sa.column("title"), sa.column("title_key"))
    conn = op.get_bind()
    keys = [
        {"project": id_, "key": unicodedata.normalize("NFKC", title).casefold()}
        for id_, title in conn.execute(sa.select(projects.c.id, projects.c.title)).all()
    ]
    if keys:
        changing = sa.update(projects).where(projects.c.id == sa.bindparam("project"))
        conn.execute(changing.values(title_key=sa.bindparam("key")), keys)


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the code"),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("max_uses", sa.BigInteger, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("digest", name="uq_invitations_digest"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_invitations_project_id_projects"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_invitations_created_by_users"
        ),
    )
    op.create_index("ix_invitations_project_id", "invitations", ["project_id"])


def _create_kept_answers() -> None:
    op.create_table(
        "kept_answers",
        sa.Column(
            "key", sa.LargeBinary, nullable=False, comment="SHA-256 of the credential and its key"
        ),
        sa.Column("request", sa.LargeBinary, nullable=False, comment="SHA-256"),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.Column("claim", sa.String, nullable=False, comment="which attempt"),
        sa.Column(
            "sealed", sa.LargeBinary, comment="under the credential; null while it is running"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_kept_answers"),
    )
    op.create_index("ix_kept_answers_claimed_at", "kept_answers", ["claimed_at"])
