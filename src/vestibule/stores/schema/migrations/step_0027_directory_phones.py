"""The numbers that a directory has given somebody as methods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027_directory_phones"
down_revision = "0026_client_sightings"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for name, default in (("phone_method", ""), ("phones", "[]")):
        op.add_column("bonds", sa.Column(name, TEXT, nullable=False, server_default=sa.text(f"'{default}'")))
