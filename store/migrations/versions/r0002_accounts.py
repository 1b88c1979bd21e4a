"""Accounts: kinds and scopes of credentials, links, second factors, identities, throttles."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Tokens that exist stay what they were: they go as far as their owner. Addresses that
    exist were written by the operator, who vouches for them."""
    op.add_column(
        "users",
        sa.Column("email_verified", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.execute(
        sa.update(sa.table("users", sa.column("email_verified"))).values(email_verified=True)
    )
    for name, default in (("kind", "token"), ("scope", "admin")):
        column = sa.Column(name, sa.String, nullable=False, server_default=default)
        op.add_column("tokens", column)
    _create_links()
    _create_second_factors()
    _create_identities()
    _create_throttles()


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the text"),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("email", sa.String),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_links"),
        _of_a_user("links"),
    )
    op.create_index("ix_links_user_id", "links", ["user_id"])
    op.create_index("ix_links_expires_at", "links", ["expires_at"])


def _create_second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary, nullable=False, comment="encrypted"),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column(
            "counter", sa.BigInteger, nullable=False, comment="newest time step that was used"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factors"),
        _of_a_user("second_factors"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the text"),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_recovery_codes"),
        _of_a_user("recovery_codes"),
    )


def _create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_identities"),
        _of_a_user("identities"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def _create_throttles() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary, nullable=False, comment="SHA-256 of what is counted"),
        sa.Column("free_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_free_at", "throttles", ["free_at"])


def _of_a_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id_users")
