"""Mails that a restore holds are found without looking at those that were sent.

Why: health asks for them at every look, and the outbox of years has a million rows that have ended.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "ix_dispatch_held"
HELD = sa.text("state = 'held'")


def upgrade() -> None:
    op.create_index(NAME, "dispatch", ["id"], sqlite_where=HELD, postgresql_where=HELD)


def downgrade() -> None:
    op.drop_index(NAME, "dispatch")
