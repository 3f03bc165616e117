"""Spraying is tried on both engines; `nodes` are two nodes on one database."""

from __future__ import annotations

from tests.integration.attacks.conftest import house, nodes
from tests.server_fixtures import database_url, make_server

__all__ = ["database_url", "house", "make_server", "nodes"]
