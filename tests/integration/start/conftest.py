"""Fixtures of this folder."""

from tests.server_fixtures import database_url, make_server

__all__ = ["database_url", "make_server"]
