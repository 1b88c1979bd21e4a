"""Ids of people who were forgotten, and what authors are called who have no account here."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Whoever was deleted before this is nobody's any more already."""
    op.create_table(
        "forgotten",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_forgotten"),
    )
    op.create_table(
        "project_authors",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", name="pk_project_authors"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_authors_project_id_projects"
        ),
    )
    op.create_index("ix_project_authors_user_id", "project_authors", ["user_id"])
