"""The installation itself."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, Table

from vestibule.stores.schema.tables.columns import SLIM, key, metadata, numbers, words

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=False),
    *words("oldest_program"),
    *numbers("generation", "checked_at"),
    key("installation", "id"),
    CheckConstraint("id = 1", name="installation_is_one"),
)

notes = Table("notes", metadata, *words("key", "value"), key("notes", "key"), **SLIM)
