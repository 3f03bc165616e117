"""What is done to a server here is done on both engines where both can suffer it."""

from tests.server_fixtures import database_url, make_server

__all__ = ["database_url", "make_server"]
