"""Blocks, bypasses and passes are tried on both engines; `nodes` are two nodes on one database."""

from __future__ import annotations

from tests.integration.attacks.conftest import house, nodes
from tests.integration.phone.conftest import phones

__all__ = ["house", "nodes", "phones"]
