"""Accounts say which identity provider knows them by their subject.

Why: the same subject of another provider is somebody else. What was entered before belongs to the
provider that vouches for anybody first. The code before writes accounts without the column, so it
has a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as table:
        table.add_column(
            sa.Column("issuer", sa.String(), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    with op.batch_alter_table("account") as table:
        table.drop_column("issuer")
