"""What tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    false,
    text,
)

TEXT = Text().with_variant(Text(collation="C"), "postgresql")

# Rows that are updated at every sign-in leave room on their page, so that PostgreSQL can write the new
# version beside the old one without touching an index.
ROOMY: dict[str, Any] = {"postgresql_with": {"fillfactor": 70}}

# PostgreSQL reads an index alone only where it has looked at the rows since they were written: after each two
# hundredth part that comes, not each fifth.
GROWING: dict[str, Any] = {"postgresql_with": {"autovacuum_vacuum_insert_scale_factor": 0.005}}

# A table whose rows are little more than their key is its own index on SQLite.
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}

metadata = MetaData()


def words(*names: str) -> list[Column[Any]]:
    return [Column(name, TEXT, nullable=False) for name in names]


def added_words(*names: str, default: str = "") -> list[Column[Any]]:
    """Columns of a later step: rows that are there already, and nodes of the release before, have a value."""
    return [Column(name, TEXT, nullable=False, server_default=text(f"'{default}'")) for name in names]


def added_numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False, server_default=text("0")) for name in names]


def added_flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean, nullable=False, server_default=false()) for name in names]


def numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean, nullable=False) for name in names]


def maybe(name: str, kind: Any = BigInteger) -> Column[Any]:
    return Column(name, kind, nullable=True)


def sealed(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


def key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=f"{table}_key")


def unique(name: str, *columns: str) -> UniqueConstraint:
    return UniqueConstraint(*columns, name=name)


def belongs(table: str, parent: str, *columns: str, cascade: bool = True) -> ForeignKeyConstraint:
    """`columns` are the same in both tables; the child goes with its parent if `cascade`."""
    return ForeignKeyConstraint(
        columns,
        [f"{parent}.{column}" for column in columns],
        name=f"{table}_{parent}",
        ondelete="CASCADE" if cascade else None,
    )
