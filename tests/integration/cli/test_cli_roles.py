"""Roles and who has which, at the command line, which asks for no second person."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.installations import furnish
from tests.integration.cli.conftest import CommandLine
from tests.servers import ServerProcess
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.runtime.build import build
from vestibule.runtime.settings import Settings


@pytest.fixture
def with_two(tmp_path: Path) -> CommandLine:
    """An installation in which nothing runs, with the administrators root and carol."""
    server = ServerProcess(tmp_path / "state")
    furnish(server.settings)
    asyncio.run(_administrators(server.settings, "root", "carol"))
    return CommandLine(server.environment, tmp_path)


async def _administrators(settings: Settings, *names: str) -> None:
    house = await build(settings)
    try:
        for name in names:
            user = User(
                tenant_id=SYSTEM_TENANT,
                user_id=name,
                username=name,
                names=(name,),
                role=Role.ADMINISTRATOR,
                created_at=1,
                updated_at=1,
            )
            await house.store.transact(lambda tx, user=user: tx.add_user(user))
    finally:
        await house.close()


def test_roles_are_kept_at_the_command_line(quiet_house: CommandLine) -> None:
    shown = {role["id"] for role in quiet_house.json("role", "list")}
    assert {"administrator", "help_desk", "auditor"} <= shown
    added = quiet_house.json("role", "add", "Front desk", "people.read", "pins.change")
    assert added["rights"] == ["people.read", "pins.change"]
    assert "is no right" in quiet_house.refused("role", "add", "Wrong", "people.explode")
    assert "is already taken" in quiet_house.refused("role", "add", "Front desk", "people.read")
    quiet_house.out("role", "change", "front desk", "--right", "blocks.change", "--name", "Desk")
    [own] = [role for role in quiet_house.json("role", "list") if role["name"] == "Desk"]
    assert own["rights"] == ["blocks.change"]
    quiet_house.out("role", "remove", "Desk", "--yes")
    assert "There is no role “Desk”" in quiet_house.refused("role", "remove", "Desk", "--yes")


def test_roles_are_given_and_taken(with_two: CommandLine) -> None:
    """The command line asks for no second person, and keeps the last administrator of everything."""
    cli = with_two
    assert "no role any more" in cli.out("admin", "take", "carol", "administrator")
    assert "Auditor (acme)" in cli.out("admin", "give", "carol", "auditor", "--for-tenant", "acme")
    roles = {each["username"]: each["roles"] for each in cli.json("admin", "list")}
    assert [role["role_id"] for role in roles["carol"]] == ["auditor"]
    assert "has not this role" in cli.refused("admin", "take", "carol", "help_desk")
    assert "last active administrator" in cli.refused("admin", "take", "root", "administrator")
    assert "no role any more" in cli.out("admin", "take", "carol", "auditor", "--for-tenant", "acme")
    assert "is none of them" in cli.refused("admin", "give", "nobody", "auditor")
    assert "There is no tenant" in cli.refused("admin", "link", "--for-tenant", "nowhere")
    link = cli.json("admin", "link", "--role", "help_desk", "--for-tenant", "acme")
    assert "/console/setup/" in link["link"]
