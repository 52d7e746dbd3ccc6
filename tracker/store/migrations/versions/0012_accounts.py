"""Accounts, their sign-ins and tokens, tries at passwords, answers that are given again.

Why: everybody was the coordinating office. What is kept of a secret is a hash; tries are counted
here and not in a process, so that several of them count together and a restart forgets none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _account()
    _held("sign_in", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
          sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
          sa.Column("browser", sa.String(), nullable=False))  # fmt: skip
    _held("token", sa.Column("name", sa.String(), nullable=False),
          sa.Column("hint", sa.String(), nullable=False),
          sa.Column("scopes", sa.String(), nullable=False),
          sa.Column("programme", sa.String(), nullable=True),
          sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
          sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))  # fmt: skip
    op.create_table(
        "try",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_try")),
    )
    op.create_index(op.f("ix_try_free_at"), "try", ["free_at"])
    op.create_table(
        "answer",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_made_at"), "answer", ["made_at"])


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sa.UniqueConstraint("subject", name=op.f("uq_account_subject")),
    )


def _held(table: str, *columns: sa.Column[object]) -> None:
    """What an account holds: found by the hash of what is shown, until a day."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("mark", name=op.f(f"uq_{table}_mark")),
    )
    op.create_index(op.f(f"ix_{table}_account_id"), table, ["account_id"])


def downgrade() -> None:
    for table in ("answer", "try", "token", "sign_in", "account"):
        op.drop_table(table)
