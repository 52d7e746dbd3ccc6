"""The bytes of a mail lie apart from its dispatch.

Why: SQLite writes a row anew, whole, whenever something in it changes, so that each result of a
mail wrote the mail once more: a third of the time that sending takes. What was frozen before stays
where it is and is found there. The code before it runs on: a mail that this code has frozen and
that is to be tried again it puts back, for this code to send.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("dispatch_id", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispatch_id"], ["dispatch.id"], name=op.f("fk_letter_dispatch_id_dispatch")
        ),
        sa.PrimaryKeyConstraint("dispatch_id", name=op.f("pk_letter")),
    )


def downgrade() -> None:
    op.execute(
        "UPDATE dispatch SET raw = (SELECT letter.raw FROM letter WHERE letter.dispatch_id = "
        "dispatch.id) WHERE id IN (SELECT dispatch_id FROM letter)"
    )
    op.drop_table("letter")
