"""What units have plainly handed in stands beside the facts, in a few numbers.

Why: a score in which nothing is lost reads no facts. The projection is written when the next fact
of a programme is recorded; until then scores read the facts as before. Facts of a clause are found
by unit, and those that replace another without a look at the rest.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SUPERSEDING = sa.text("supersedes IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "handin",
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("occurrences", sa.String(), nullable=False),
        sa.Column("instants", sa.LargeBinary(), nullable=False),
        sa.Column("unclear", sa.String(), nullable=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("programme", "clause", "duty", "unit", name=op.f("pk_handin")),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_fact_programme_clause", table_name="fact")
    op.create_index("ix_fact_programme_clause_unit", "fact", ["programme", "clause", "unit"])
    op.create_index(
        "ix_fact_programme_superseding",
        "fact",
        ["programme"],
        sqlite_where=SUPERSEDING,
        postgresql_where=SUPERSEDING,
    )


def downgrade() -> None:
    op.drop_index("ix_fact_programme_superseding", table_name="fact")
    op.drop_index("ix_fact_programme_clause_unit", table_name="fact")
    op.create_index("ix_fact_programme_clause", "fact", ["programme", "clause"])
    op.drop_table("handin")
