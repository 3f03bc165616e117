"""An independent client and checker of SCIM: scim2-client and scim2-tester."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import Status, check_server


class _Client(BaseSyncSCIMClient):
    """The client, with the HTTP library that is here."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def request(self, method: str, url: str, **more: Any) -> Any:
        return self._http.request(method, url, **more)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))


def checked(http: httpx.Client, kinds: Sequence[str]) -> tuple[int, list[str]]:
    """Check what a provider does with these kinds of resources; return how many checks there were, and what
    is wrong."""
    results = check_server(_Client(http), resource_types=list(kinds))
    good = (Status.SUCCESS, Status.SKIPPED)
    return len(results), [f"{each.title}: {each.reason}" for each in results if each.status not in good]
