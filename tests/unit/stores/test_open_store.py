"""Which store a URL names, and which schema a program may work on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vestibule.stores import open_store
from vestibule.stores.postgres.store import PostgresStore
from vestibule.stores.schema import REVISION, SchemaMismatch, check_revision, is_older, release
from vestibule.stores.sqlite.store import SqliteStore

NEWER = "9999_later"


def test_a_url_names_an_engine() -> None:
    absolute, relative = open_store("sqlite:////var/lib/x.db"), open_store("sqlite:///x.db")
    assert isinstance(absolute, SqliteStore)
    assert isinstance(relative, SqliteStore)
    assert absolute._path == Path("/var/lib/x.db")
    assert relative._path == Path("x.db")
    assert isinstance(open_store("postgresql://user:password@host/database"), PostgresStore)


@pytest.mark.parametrize("url", ["", "sqlite:///", "sqlite://x.db", "mysql://u:hunter2@h/d", "x.db"])
def test_any_other_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="begins with") as refusal:
        open_store(url)
    assert "hunter2" not in str(refusal.value)


def test_a_password_is_in_no_representation() -> None:
    store = open_store("postgresql://user:hunter2@host/database")
    assert "hunter2" not in repr(store)
    assert "hunter2" not in repr(vars(store))


def test_opening_loads_neither_the_other_engine_nor_the_tools_of_migration() -> None:
    """A start takes less than a second because it loads little."""
    code = (
        "import sys; from vestibule.stores import open_store; open_store('sqlite:///x.db');"
        "print(sorted({'sqlalchemy', 'alembic', 'asyncpg'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_own_schema_is_good_for_every_program() -> None:
    check_revision(REVISION, "0.1.0", "0.1.0")
    assert not is_older(REVISION)


def test_a_database_without_tables_names_the_command() -> None:
    with pytest.raises(SchemaMismatch, match="no tables yet; run: vestibule migrate"):
        check_revision(None, "", "0.1.0")
    assert is_older(None)


def test_an_older_schema_names_the_command() -> None:
    with pytest.raises(SchemaMismatch, match=rf"0000_before, this program needs {REVISION}; run: vestibule"):
        check_revision("0000_before", "0.1.0", "0.1.0")
    assert is_older("0000_before")


def test_a_newer_schema_is_good_while_it_tolerates_the_program() -> None:
    """UPG-01: two versions side by side."""
    check_revision(NEWER, "1.2.0", "1.2.0")
    check_revision(NEWER, "1.2.0", "1.10.0")
    assert not is_older(NEWER)


@pytest.mark.parametrize("program", ["1.1.9", "0.9", "1.2rc1.dev0"])
def test_a_newer_schema_refuses_a_program_that_it_does_not_tolerate(program: str) -> None:
    """UPG-03: a downgrade is refused, and what to do is said."""
    with pytest.raises(SchemaMismatch, match=r"newer than this program .* asks for 1\.2\.1 or later"):
        check_revision(NEWER, "1.2.1", program)


def test_versions_compare_by_their_numbers() -> None:
    assert release("1.4.2") == (1, 4, 2)
    assert release("1.4.0rc1") == (1, 4, 0)
    assert release("2.dev3") == (2,)
    assert release("1.10") > release("1.9.9")
