"""The rule of imports holds, and the contracts that say it would notice if it did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vestibule"
CONTRACTS = 6

LAYERS = "Imports point down the list of layers"
THROUGH_SERVICES = "Front ends and worker reach plug-ins and stores only through services"
NO_PACKETS = "Services, policy and model do not know what a packet is"
PURE = "The inner packages have no clock, no chance, no socket, no log and no database"
STRANGERS = "Plug-ins are strangers to one another"
NO_CYCLES = "No cycles at any depth"


def lint_imports(folder: Path) -> str:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-logo", "--no-cache", "--config", ROOT / "pyproject.toml"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "COLUMNS": "400"},
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_the_contracts_are_kept() -> None:
    said = lint_imports(ROOT / "src")
    assert f"Contracts: {CONTRACTS} kept, 0 broken." in said, said


def test_every_folder_with_modules_is_a_package() -> None:
    """A folder without `__init__.py` would be invisible to the contracts."""
    folders = {module.parent for module in SOURCE.rglob("*.py")}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").exists()) == []


@pytest.mark.parametrize(
    ("module", "statement", "broken"),
    [
        ("services/users.py", "import vestibule.runtime.build", LAYERS),
        ("model/user.py", "import vestibule.policy.decision", LAYERS),
        ("stores/sqlite.py", "import vestibule.services.users", LAYERS),
        ("wire/radius.py", "import vestibule.crypto.secret", LAYERS),
        ("worker/rounds.py", "import vestibule.frontends.radius", LAYERS),
        ("frontends/radius.py", "from vestibule.methods import totp", THROUGH_SERVICES),
        ("worker/rounds.py", "import vestibule.stores.sqlite", THROUGH_SERVICES),
        ("services/users.py", "import vestibule.wire.radius", NO_PACKETS),
        ("methods/totp.py", "import time", PURE),
        ("wire/radius.py", "from asyncio import Queue", PURE),
        ("model/user.py", "import secrets", PURE),
        ("methods/totp.py", "import vestibule.methods.sms", STRANGERS),
        ("frontends/radius.py", "import vestibule.frontends.http", STRANGERS),
        ("directories/local.py", "import vestibule.gateways.smtp", STRANGERS),
    ],
)
def test_a_broken_rule_is_noticed(tmp_path: Path, module: str, statement: str, broken: str) -> None:
    _write_sample(tmp_path)
    (tmp_path / "vestibule" / module).write_text(f"{statement}\n")
    said = lint_imports(tmp_path)
    assert f"{broken} BROKEN" in said, said


def test_a_cycle_is_noticed(tmp_path: Path) -> None:
    _write_sample(tmp_path)
    services = tmp_path / "vestibule" / "services"
    (services / "users.py").write_text("import vestibule.services.sessions\n")
    (services / "sessions.py").write_text("import vestibule.services.users\n")
    said = lint_imports(tmp_path)
    assert f"{NO_CYCLES} BROKEN" in said, said


def test_an_innocent_tree_is_not_accused(tmp_path: Path) -> None:
    _write_sample(tmp_path)
    assert f"Contracts: {CONTRACTS} kept, 0 broken." in lint_imports(tmp_path)


def _write_sample(folder: Path) -> None:
    """A house of empty rooms, with the names of the real one."""
    rooms = {
        "cli": ["run"],
        "runtime": ["build"],
        "frontends": ["radius", "http"],
        "worker": ["rounds"],
        "services": ["users", "sessions"],
        "methods": ["totp", "sms"],
        "gateways": ["smtp"],
        "directories": ["local", "ldap"],
        "reports": ["usage"],
        "stores": ["sqlite"],
        "interfaces": ["store"],
        "policy": ["decision"],
        "model": ["user"],
        "wire": ["radius"],
        "crypto": ["secret"],
        "catalog": [],
    }
    house = folder / "vestibule"
    for room, modules in rooms.items():
        (house / room).mkdir(parents=True)
        for module in ["__init__", *modules]:
            (house / room / f"{module}.py").touch()
    shutil.copy(SOURCE / "__init__.py", house)
