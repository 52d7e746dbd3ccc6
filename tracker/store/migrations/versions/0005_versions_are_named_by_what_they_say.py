"""Published versions are named by what their documents say.

Why: the name of a version left out no default, so that a release which knows one more field gave an
unchanged document another name, and publishing it again made another version. The names in the
columns follow the documents; the trail and what was signed keep the name of their day, since both
are sealed. Code of the release before reads these rows as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pydantic import ValidationError

from tracker.domain.programme import Programme

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PROGRAMMES = sa.table(
    "programme", sa.column("id"), sa.column("slug"), sa.column("version"), sa.column("hash"),
    sa.column("document", sa.JSON),
)  # fmt: skip
SIGNED = sa.table(
    "signoff", sa.column("programme"), sa.column("version"), sa.column("programme_hash")
)


def upgrade() -> None:
    connection = op.get_bind()
    known = connection.execute(sa.select(PROGRAMMES.c.id)).scalars().all()
    for row in known:
        _rename(connection, row)


def _rename(connection: sa.Connection, row: int) -> None:
    one = PROGRAMMES.c
    wanted = sa.select(one.slug, one.version, one.document).where(one.id == row)
    slug, version, document = connection.execute(wanted).one()
    try:
        name = Programme.model_validate(document).hash
    except ValidationError:
        return  # what this release cannot read it cannot name, and nobody compares it
    connection.execute(sa.update(PROGRAMMES).where(one.id == row).values(hash=name))
    theirs = sa.and_(SIGNED.c.programme == slug, SIGNED.c.version == version)
    connection.execute(sa.update(SIGNED).where(theirs).values(programme_hash=name))


def downgrade() -> None:
    """The names of before are in the trail; the code of before takes these as well."""
