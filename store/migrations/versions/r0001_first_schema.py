"""The first schema: people, projects, and the log of every document."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything; frozen here, whatever ``store.tables`` becomes."""
    _create_people()
    _create_projects()
    _create_log()
    _create_single_rows()


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False, comment="normalised"),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.String),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the text"),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id_users"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", name="pk_project_members"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_members_project_id_projects"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_project_members_user_id_users"),
    )
    op.create_index("ix_project_members_user_id", "project_members", ["user_id"])


def _create_log() -> None:
    documents = op.create_table(
        "documents",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column(
            "is_open", sa.Boolean, nullable=False, comment="false once the project is deleted"
        ),
        sa.Column("head", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="of the row at head"),
        sa.Column("tail_rows", sa.BigInteger, nullable=False),
        sa.Column("tail_bytes", sa.BigInteger, nullable=False),
        sa.Column("checkpoint_bytes", sa.BigInteger, nullable=False, comment="uncompressed"),
        sa.Column("due", sa.Boolean, nullable=False, comment="the log has outgrown the checkpoint"),
        sa.PrimaryKeyConstraint("project_id", name="pk_documents"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_documents_project_id_projects"
        ),
    )
    op.create_index(
        "ix_documents_due",
        "documents",
        ["project_id"],
        sqlite_where=documents.c.due == sa.true(),
        postgresql_where=documents.c.due,
    )
    op.create_table(
        "updates",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("means", sa.String, nullable=False),
        sa.Column("run", sa.String),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "seq", name="pk_updates"),
        sa.CheckConstraint("seq > 0", name=op.f("ck_updates_seq_from_one")),
        sa.CheckConstraint("length(payload) > 0", name=op.f("ck_updates_payload_not_empty")),
        _of_a_document("updates"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, comment="newest row that it holds"),
        sa.Column("row_digest", sa.LargeBinary, nullable=False, comment="of the row at seq"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("plain_bytes", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False, comment="zstd"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "seq", name="pk_checkpoints"),
        _of_a_document("checkpoints"),
    )
    op.create_table(
        "history_chunks",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column(
            "prev_digest", sa.LargeBinary, nullable=False, comment="of the row before first_seq"
        ),
        sa.Column("last_digest", sa.LargeBinary, nullable=False, comment="of the row at last_seq"),
        sa.Column("plain_bytes", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False, comment="zstd of framed runs"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "first_seq", name="pk_history_chunks"),
        _of_a_document("history_chunks"),
    )


def _of_a_document(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_project_id_documents"
    return sa.ForeignKeyConstraint(["project_id"], ["documents.project_id"], name=name)


def _create_single_rows() -> None:
    directory_version = op.create_table(
        "directory_version",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_version"),
    )
    probe = op.create_table(
        "probe",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("ballast", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_probe"),
    )
    op.bulk_insert(directory_version, [{"id": 1, "version": 0}])
    op.bulk_insert(probe, [{"id": 1, "at": 0}])
