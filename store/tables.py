"""The tables, written once for SQLite and PostgreSQL.

What does not live here: statements (each module writes its own) and the way from
an older schema to this one (``store/migrations``). Times are milliseconds since the
Unix epoch. Text columns hold what the ports call by the same name.

Where a document's rows are, once it has been compacted (L4)::

    seq    1 ........ 400 | 401 ....... 900 | 901 ... head
           history_chunks   history_chunks    updates
                          ^                 ^
                          previous          current checkpoint

``updates`` has no surrogate id: (project, seq) names a row, is never reused, and
is covered by the row's digest, so no stored byte is outside the chain. Long because
foreign keys and the order of deletion are read across all tables.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    false,
    true,
)

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""

KEY = String().with_variant(String(collation="C"), "postgresql")
"""Text that is sorted by code point, on either database."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("email", String, nullable=False, unique=True, comment="normalised"),
    Column("name", String, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", String),
    Column("email_verified", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
"""Ids that are nobody's any more, so that no import says again whose they were."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", String, ForeignKey("users.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the text"),
    Column("label", String, nullable=False),
    Column("kind", String, nullable=False, server_default="token"),
    Column("scope", String, nullable=False, server_default="admin"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)
"""Every credential that opens something: sessions too."""

links = Table(
    "links",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the text"),
    Column("purpose", String, nullable=False),
    Column("user_id", String, ForeignKey("users.id"), index=True),
    Column("email", String),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
"""One-time links; following one deletes it."""

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", String, ForeignKey("users.id"), primary_key=True),
    Column("sealed_seed", LargeBinary, nullable=False, comment="encrypted"),
    Column("confirmed", Boolean, nullable=False),
    Column("counter", BigInteger, nullable=False, comment="newest time step that was used"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", String, ForeignKey("users.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the text"),
    PrimaryKeyConstraint("user_id", "digest"),
)
"""Those that are not used."""

identities = Table(
    "identities",
    metadata,
    Column("issuer", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("user_id", String, ForeignKey("users.id"), nullable=False, index=True),
    Column("label", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("issuer", "subject"),
)

throttles = Table(
    "throttles",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of what is counted"),
    Column("free_at", BigInteger, nullable=False, index=True),
)
"""Attempts, as the time at which all of them are forgotten (GCRA)."""

projects = Table(
    "projects",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("description", String, nullable=False, server_default=""),
    Column("title_key", KEY, nullable=False, server_default="", comment="case folded"),
    Column("archived_at", BigInteger),
    Column("max_members", BigInteger),
    Column("last_event", BigInteger, nullable=False, server_default="0"),
)

project_events = Table(
    "project_events",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("user_id", String),
    Column("data", String, nullable=False, comment="JSON"),
    PrimaryKeyConstraint("project_id", "number"),
)
"""The newest of each project."""

project_members = Table(
    "project_members",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), nullable=False),
    Column("user_id", String, ForeignKey("users.id"), nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("opened_at", BigInteger),
    PrimaryKeyConstraint("project_id", "user_id"),
)

project_authors = Table(
    "project_authors",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), nullable=False),
    Column("user_id", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    PrimaryKeyConstraint("project_id", "user_id"),
)
"""What authors of an imported history are called who have no account here."""

invitations = Table(
    "invitations",
    metadata,
    Column("id", String, primary_key=True),
    Column("project_id", String, ForeignKey("projects.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the code"),
    Column("role", String, nullable=False),
    Column("created_by", String, ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("max_uses", BigInteger, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

documents = Table(
    "documents",
    metadata,
    Column("project_id", String, ForeignKey("projects.id"), primary_key=True),
    Column("is_open", Boolean, nullable=False, comment="false once the project is deleted"),
    Column("head", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="of the row at head"),
    Column("tail_rows", BigInteger, nullable=False),
    Column("tail_bytes", BigInteger, nullable=False),
    Column("checkpoint_bytes", BigInteger, nullable=False, comment="uncompressed"),
    Column("due", Boolean, nullable=False, comment="the log has outgrown the checkpoint"),
    Column(
        "stale", Boolean, nullable=False, server_default=true(), comment="head is not projected"
    ),
    Column("max_bytes", BigInteger),
)
Index(
    "ix_documents_due",
    documents.c.project_id,
    # As a query compiles to it there: SQLite's planner compares the text of the terms.
    sqlite_where=documents.c.due == true(),
    postgresql_where=documents.c.due,
)

Index(
    "ix_documents_stale",
    documents.c.project_id,
    sqlite_where=documents.c.stale == true(),
    postgresql_where=documents.c.stale,
)

updates = Table(
    "updates",
    metadata,
    Column("project_id", String, ForeignKey("documents.project_id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("user_id", String),
    Column("means", String, nullable=False),
    Column("run", String),
    Column("at", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("project_id", "seq"),
    CheckConstraint("seq > 0", name="seq_from_one"),
    CheckConstraint("length(payload) > 0", name="payload_not_empty"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("project_id", String, ForeignKey("documents.project_id"), nullable=False),
    Column("seq", BigInteger, nullable=False, comment="newest row that it holds"),
    Column("row_digest", LargeBinary, nullable=False, comment="of the row at seq"),
    Column("created_at", BigInteger, nullable=False),
    Column("plain_bytes", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="zstd"),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("project_id", "seq"),
)
"""At most two for each document: the newest is current, the other one previous."""

history_chunks = Table(
    "history_chunks",
    metadata,
    Column("project_id", String, ForeignKey("documents.project_id"), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("prev_digest", LargeBinary, nullable=False, comment="of the row before first_seq"),
    Column("last_digest", LargeBinary, nullable=False, comment="of the row at last_seq"),
    Column("plain_bytes", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="zstd of framed runs"),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("project_id", "first_seq"),
)

history_bases = Table(
    "history_bases",
    metadata,
    Column("project_id", String, ForeignKey("documents.project_id"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("row_digest", LargeBinary, nullable=False, comment="of the row at seq"),
    Column("created_at", BigInteger, nullable=False),
    Column("state_bytes", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False, comment="zstd"),
    Column("sittings_bytes", BigInteger, nullable=False),
    Column("sittings", LargeBinary, nullable=False, comment="zstd of framed runs"),
    Column("recovered_bytes", BigInteger, nullable=False),
    Column("recovered", LargeBinary, nullable=False, comment="zstd of JSON"),
    Column("digest", LargeBinary, nullable=False),
)
"""In place of the chunks before it, which are thinned: their end is its seq."""

snapshot_states = Table(
    "snapshot_states",
    metadata,
    Column("project_id", String, ForeignKey("documents.project_id"), nullable=False),
    Column("state_digest", LargeBinary, nullable=False, comment="of the plain bytes"),
    Column("plain_bytes", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="zstd"),
    PrimaryKeyConstraint("project_id", "state_digest"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", String, primary_key=True),
    Column("project_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("occasion", String, nullable=False),
    Column("user_id", String),
    Column("name", String),
    Column("note", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state_digest", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["project_id", "state_digest"],
        ["snapshot_states.project_id", "snapshot_states.state_digest"],
    ),
)
Index("ix_snapshots_project_id", snapshots.c.project_id, snapshots.c.state_digest)
"""Also lets a state be removed with the last snapshot of it."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of the credential and its key"),
    Column("request", LargeBinary, nullable=False, comment="SHA-256"),
    Column("claimed_at", BigInteger, nullable=False, index=True),
    Column("claim", String, nullable=False, comment="which attempt"),
    Column("sealed", LargeBinary, comment="under the credential; null while it is running"),
)

directory_version = Table(
    "directory_version",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

probe = Table(
    "probe",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("ballast", LargeBinary),
)
