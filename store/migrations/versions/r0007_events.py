"""What happens to projects, for who follows them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Numbers begin with the first event after this."""
    op.add_column(
        "projects", sa.Column("last_event", sa.BigInteger, nullable=False, server_default="0")
    )
    op.create_table(
        "project_events",
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("data", sa.String, nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("project_id", "number", name="pk_project_events"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_events_project_id_projects"
        ),
    )
