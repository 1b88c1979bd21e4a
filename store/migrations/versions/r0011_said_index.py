"""What was said about runs is found by full text, in the index that projections have.

Nothing is in it yet: whoever says the next thing in a conversation puts in all of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """How far the index of each conversation has come."""
    op.add_column(
        "conversations",
        sa.Column(
            "indexed",
            sa.BigInteger,
            nullable=False,
            server_default="0",
            comment="the newest message that full text finds",
        ),
    )
