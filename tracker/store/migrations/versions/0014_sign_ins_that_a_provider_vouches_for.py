"""Sign-ins say whether the office's identity provider vouched for them.

Why: who came in that way is not asked to change a password that they never used. The code before
writes sessions without the column, so it has a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sign_in") as table:
        table.add_column(
            sa.Column("provided", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as table:
        table.drop_column("provided")
