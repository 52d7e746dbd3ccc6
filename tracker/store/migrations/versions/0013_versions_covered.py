"""Which versions a programme has is read from an index alone.

Why: every write asks for the current one, and when it was published stands behind its document,
which SQLite has to walk through: of a programme with thousands of items that is most of a write.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_programme_versions"
COVERED = ["slug", "version", "hash", "title", "published_at"]


def upgrade() -> None:
    op.create_index(NAME, "programme", COVERED)


def downgrade() -> None:
    op.drop_index(NAME, "programme")
