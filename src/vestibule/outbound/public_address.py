"""Which addresses are in the open Internet, and which belong to somebody's own network or to this machine.

Whoever lets others name a server to ask must not ask one that only he can reach. The rule is closed: what is
not known to be public is not. An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) may come
out anywhere and so is never public. The ranges are those of the IANA's special-purpose registries (RFC 6890),
written out because `ipaddress` judges some differently from one release of Python to the next.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NOT_PUBLIC_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        ),
    )
)  # fmt: skip


def is_public(address: str) -> bool:
    """Tell whether `address` is a unicast address of the open Internet; what is no address is not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return found in _GLOBAL_UNICAST and not any(found in network for network in _NOT_PUBLIC_6)
    return not any(found in network for network in _NOT_PUBLIC_4)


async def addresses_of(host: str, port: int) -> list[str]:
    """Return every address of a host, the one to try first first; raises OSError if it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
