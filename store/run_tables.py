"""The tables of the agent: runs, what was said about them, what they read, cached answers.

Beside ``store.tables``, and of the same ``metadata``. What does not live here: statements.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from store.tables import KEY, metadata

conversations = Table(
    "conversations",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("messages", BigInteger, nullable=False, comment="the newest message's number"),
    Column(
        "indexed",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="the newest message that full text finds",
    ),
)
"""One of each project, from its first request on."""

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("project_id", String, ForeignKey("conversations.project_id"), nullable=False),
    Column("user_id", String, nullable=False, comment="who asked; they may be forgotten since"),
    Column("task", String, nullable=False),
    Column("prompt", String, nullable=False),
    Column("target", String, nullable=False, comment="JSON"),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("told", String, nullable=False),
    Column("model", String, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("holder", String),
    Column("lease_until", BigInteger, comment="null unless running"),
    Column("cancelling", Boolean, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False, comment="millionths"),
    Column("estimated", Boolean, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("elements", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("reverted_at", BigInteger),
)
Index("ix_runs_project_id_created_at", runs.c.project_id, runs.c.created_at)
Index("ix_runs_user_id_created_at", runs.c.user_id, runs.c.created_at)
Index("ix_runs_status_created_at", runs.c.status, runs.c.created_at)

messages = Table(
    "messages",
    metadata,
    Column("project_id", String, ForeignKey("conversations.project_id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("speaker", String, nullable=False),
    Column("user_id", String),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("text", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "number"),
)

run_reads = Table(
    "run_reads",
    metadata,
    Column("project_id", String, nullable=False),
    Column("run_id", String, ForeignKey("runs.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("element_id", KEY, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="of the element as it was read"),
    PrimaryKeyConstraint("run_id", "kind", "element_id"),
)
Index("ix_run_reads_project_id", run_reads.c.project_id)

model_answers = Table(
    "model_answers",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), nullable=False),
    Column("key", LargeBinary, nullable=False, comment="SHA-256 of all that was asked"),
    Column("text", String, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("project_id", "key"),
)
