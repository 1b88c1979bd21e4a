"""Snapshots of projects, and where a thinned history begins."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables; frozen here, whatever ``store.tables`` becomes."""
    op.create_table(
        "history_bases",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False, comment="of the row at seq"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state_bytes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False, comment="zstd"),
        sa.Column("sittings_bytes", sa.BigInteger, nullable=False),
        sa.Column("sittings", sa.LargeBinary, nullable=False, comment="zstd of framed runs"),
        sa.Column("recovered_bytes", sa.BigInteger, nullable=False),
        sa.Column("recovered", sa.LargeBinary, nullable=False, comment="zstd of JSON"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_history_bases"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["documents.project_id"],
            name="fk_history_bases_project_id_documents",
        ),
    )
    _create_snapshots()


def _create_snapshots() -> None:
    op.create_table(
        "snapshot_states",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("state_digest", sa.LargeBinary, nullable=False, comment="of the plain bytes"),
        sa.Column("plain_bytes", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False, comment="zstd"),
        sa.PrimaryKeyConstraint("project_id", "state_digest", name="pk_snapshot_states"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["documents.project_id"],
            name="fk_snapshot_states_project_id_documents",
        ),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("occasion", sa.String, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("name", sa.String),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state_digest", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        sa.ForeignKeyConstraint(
            ["project_id", "state_digest"],
            ["snapshot_states.project_id", "snapshot_states.state_digest"],
            name="fk_snapshots_project_id_snapshot_states",
        ),
    )
    op.create_index("ix_snapshots_project_id", "snapshots", ["project_id", "state_digest"])
