"""Keeping a notice touches no row of its obligation.

Why: each foreign key to the wide table of obligations read and locked a page of it for every
notice, on PostgreSQL half of what a batch cost, and growing with how many obligations exist. They
are withdrawn and never deleted, and may be laid out anew at any time, which that key forbade. The
index by dispatch leaves out the notices that have none yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOREIGN = "fk_notice_obligation_id_obligation"
BY_DISPATCH = "ix_notice_dispatch_id"
HAS_ONE = sa.text("dispatch_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(FOREIGN, type_="foreignkey")
        batch_op.drop_index(BY_DISPATCH)
        batch_op.create_index(
            BY_DISPATCH, ["dispatch_id"], sqlite_where=HAS_ONE, postgresql_where=HAS_ONE
        )


def downgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(BY_DISPATCH)
        batch_op.create_index(BY_DISPATCH, ["dispatch_id"])
        batch_op.create_foreign_key(FOREIGN, "obligation", ["obligation_id"], ["id"])
