"""Short ways to ask through the proxy, octet by octet, and to read what reached the directory."""

from __future__ import annotations

from tests.integration.ldap_proxy.conftest import RawClient
from tests.peers.openldap import BASE_DN, OpenLdap
from vestibule.wire.ldap.filters import Present
from vestibule.wire.ldap.messages import (
    WHO_AM_I_OID,
    BindResponse,
    ExtendedRequest,
    ExtendedResponse,
    Message,
    Scope,
    SearchRequest,
    SearchResultDone,
)

PEOPLE_SEARCH = SearchRequest(BASE_DN, Scope.SUBTREE, Present("uid"), ("uid",))


def code(message: Message | None) -> int:
    assert message is not None
    assert isinstance(message.operation, BindResponse | SearchResultDone | ExtendedResponse)
    return message.operation.result.code


async def who(client: RawClient) -> str:
    """Return whom the directory takes this connection for."""
    client.send(ExtendedRequest(WHO_AM_I_OID))
    answer = await client.receive()
    assert answer is not None
    assert isinstance(answer.operation, ExtendedResponse)
    return (answer.operation.value or b"").decode() if not code(answer) else f"refused {code(answer)}"


async def bound(client: RawClient, name: str, password: str) -> int:
    client.bind(name, password)
    return code(await client.receive())


def asked_upstream(server: OpenLdap, since: int) -> str:
    """Return what the directory was asked since its log had `since` lines."""
    server.flush_log()
    return "\n".join(server.log.splitlines()[since:])


def lines(server: OpenLdap) -> int:
    server.flush_log()
    return len(server.log.splitlines())
