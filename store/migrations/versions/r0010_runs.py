"""Runs of the agent, conversations, and cached answers of models."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables; frozen here, whatever ``store.run_tables`` becomes."""
    op.create_table(
        "conversations",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("messages", sa.BigInteger, nullable=False, comment="the newest message's number"),
        sa.PrimaryKeyConstraint("project_id", name="pk_conversations"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_conversations_project_id_projects"
        ),
    )
    _create_runs()
    _create_what_belongs_to_runs()
    op.create_table(
        "model_answers",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False, comment="SHA-256 of all that was asked"),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "key", name="pk_model_answers"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_model_answers_project_id_projects"
        ),
    )
    op.create_index("ix_model_answers_at", "model_answers", ["at"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column(
            "user_id", sa.String, nullable=False, comment="who asked; they may be forgotten since"
        ),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("prompt", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False, comment="JSON"),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("told", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String),
        sa.Column("lease_until", sa.BigInteger, comment="null unless running"),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False, comment="millionths"),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("elements", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("reverted_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["conversations.project_id"], name="fk_runs_project_id_conversations"
        ),
    )
    for column in ("project_id", "user_id", "status"):
        op.create_index(f"ix_runs_{column}_created_at", "runs", [column, "created_at"])


def _create_what_belongs_to_runs() -> None:
    op.create_table(
        "messages",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("speaker", sa.String, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["conversations.project_id"],
            name="fk_messages_project_id_conversations",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_messages_run_id_runs"),
    )
    op.create_table(
        "run_reads",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column(
            "element_id",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "digest", sa.LargeBinary, nullable=False, comment="of the element as it was read"
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", "element_id", name="pk_run_reads"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_reads_run_id_runs"),
    )
    op.create_index("ix_run_reads_project_id", "run_reads", ["project_id"])
