"""Fixtures of this folder."""

from tests.server_fixtures import make_server

__all__ = ["make_server"]
