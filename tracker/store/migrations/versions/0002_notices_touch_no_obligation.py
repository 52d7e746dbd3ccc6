"""Keeping a notice touches no row of its obligation.

Why: each foreign key to the wide table of obligations read and locked a page of it for every
notice, on PostgreSQL half of what a batch cost, and growing with how many obligations exist. They
are withdrawn and never deleted, and may be laid out anew at any time, which that key forbade. The
index by dispatch leaves out the notices that have none yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.domain.errors import Refused

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOREIGN = "fk_notice_obligation_id_obligation"
BY_DISPATCH = "ix_notice_dispatch_id"
GONE = "SELECT count(*) FROM notice WHERE obligation_id NOT IN (SELECT id FROM obligation)"
HAS_ONE = sa.text("dispatch_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(FOREIGN, type_="foreignkey")
        batch_op.drop_index(BY_DISPATCH)
        batch_op.create_index(
            BY_DISPATCH, ["dispatch_id"], sqlite_where=HAS_ONE, postgresql_where=HAS_ONE
        )


def downgrade() -> None:
    """Refused where it cannot be: the schema before needs every notice's obligation."""
    gone = op.get_bind().execute(sa.text(GONE)).scalar_one()
    if gone:
        raise Refused(
            f"不能退回到 0002 之前：{gone} 条催办的应办事项已不在，什么都没有改变 / cannot go back "
            f"before 0002: the obligations of {gone} notices are gone, nothing was changed; "
            "restore a backup of that time instead"
        )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(BY_DISPATCH)
        batch_op.create_index(BY_DISPATCH, ["dispatch_id"])
        batch_op.create_foreign_key(FOREIGN, "obligation", ["obligation_id"], ["id"])
