"""What an administrator says about a SIP trunk, checked before anything connects.

A ValueError reads `setting: why`. The password is a `Secret` and never part of the mapping that the settings
come from.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from vestibule.interfaces.plugin_settings import values_of
from vestibule.wire.sip.sdp import Codec

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\.?")
_NUMBER = re.compile(r"\+?[0-9]{1,15}")
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,-]{0,64}")
_PREFIX = re.compile(r"\+|[0-9*#]{0,8}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SipSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one trunk. With the server alone a trunk works that knows us by our address."""

    server: str
    """Host name or address of the trunk: the provider's server, or a telephone system in the house."""
    port: int = 0
    """0: 5060, or 5061 with TLS."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    ca_file: str = ""
    """PEM file of the authorities to trust for the certificate of a TLS server; empty: the system's."""
    user: str = ""
    """The account's name; empty: the trunk knows us by our address and asks for no password."""
    authentication_user: str = ""
    """The name that goes with the password where it is another than the account's."""
    domain: str = ""
    """The domain in addresses; empty: the server."""
    register: bool = False
    """Whether to sign on at the trunk and to renew that (REGISTER). Providers with an account want it."""
    register_seconds: int = 300
    """How long one registration lasts; the trunk may shorten it."""
    check_seconds: int = 60
    """Without registration: how often the trunk is asked whether it is there (OPTIONS). 0: never."""
    caller_id: str = ""
    """The number, E.164, that calls come from where a call says none. Whether it is shown at the far end is
    for carriers to decide."""
    from_user: Literal["caller_id", "account"] = "caller_id"
    """What stands in From. Trunks that want the account there read the number from P-Asserted-Identity."""
    number_prefix: str = "+"
    """What is dialed in place of the plus sign of a number: `+`, `00`, `011`, `000`, or nothing."""
    more_addresses: tuple[str, ...] = ()
    """Further addresses or networks of the trunk, where requests may come from (`192.0.2.0/24`). Nobody else
    is listened to."""
    local_address: str = ""
    """The address of this machine to use; empty: the one that leads to the trunk."""
    local_port: int = 0
    """The port of this machine for SIP; 0: any."""
    public_address: str = ""
    """The address under which the trunk sees this machine, if a translation of addresses is in between."""
    first_rtp_port: int = 16_384
    """Sound comes and goes on even ports from this one …"""
    last_rtp_port: int = 17_383
    """… to this one; let them through the firewall."""
    rtp_from_elsewhere: bool = False
    """Take sound and keys also from an address that the trunk did not announce, if that one is silent. For
    peers behind a translation of addresses only: it lets a stranger who guesses the port press keys."""
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU)
    """PCMA in Europe, PCMU in North America and Japan; first what is preferred."""
    most_calls: int = 50
    """The most calls at once; a further one is refused, so that another gateway may carry it."""

    def __post_init__(self) -> None:
        _check_host("server", self.server)
        if self.domain:
            _check_host("domain", self.domain)
        for name in ("user", "authentication_user"):
            if _USER.fullmatch(getattr(self, name)) is None:
                raise ValueError(f"{name}: letters, digits and a few signs, at most 64")
        if self.register and not self.user:
            raise ValueError("user: needed to register")
        if self.from_user == "account" and not self.user:
            raise ValueError("user: needed to stand in From")
        if self.caller_id and _NUMBER.fullmatch(self.caller_id) is None:
            raise ValueError("caller_id: a plus sign and up to fifteen digits")
        if _PREFIX.fullmatch(self.number_prefix) is None:
            raise ValueError("number_prefix: a plus sign, or digits")
        if not self.codecs or len(set(self.codecs)) != len(self.codecs):
            raise ValueError("codecs: at least one, each once")
        self._check_addresses()
        self._check_figures()

    def _check_addresses(self) -> None:
        for name in ("local_address", "public_address"):
            if getattr(self, name):
                _check_address(name, getattr(self, name))
        _ = self.networks

    def _check_figures(self) -> None:
        for name, least, most in (
            ("port", 0, 65_535),
            ("register_seconds", 60, 86_400),
            ("check_seconds", 0, 3_600),
            ("local_port", 0, 65_535),
            ("first_rtp_port", 1_024, 65_534),
            ("last_rtp_port", 1_024, 65_535),
            ("most_calls", 1, 2_000),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: {least} to {most}")
        if self.first_rtp_port >= self.last_rtp_port:
            raise ValueError("last_rtp_port: above the first")
        if self.rtp_pairs < self.most_calls:
            raise ValueError("last_rtp_port: each call at once needs two ports")

    @property
    def server_port(self) -> int:
        return self.port or (5061 if self.transport == "tls" else 5060)

    @property
    def server_domain(self) -> str:
        return self.domain or self.server

    @property
    def rtp_pairs(self) -> int:
        first = self.first_rtp_port + self.first_rtp_port % 2
        return max((self.last_rtp_port + 1 - first) // 2, 0)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The further addresses; raises ValueError for one that is none."""
        found: list[Network] = []
        for text in self.more_addresses:
            try:
                found.append(ipaddress.ip_network(text))
            except ValueError:
                raise ValueError("more_addresses: not an address or a network") from None
        return tuple(found)


def from_mapping(settings: Mapping[str, Any]) -> SipSettings:
    """Return the settings; raises ValueError for one that is unknown, missing, of the wrong type or wrong."""
    return SipSettings(**values_of(SipSettings, settings, needed=("server",)))


def _check_host(name: str, text: str) -> None:
    if _HOST.fullmatch(text) is None:
        _check_address(name, text)


def _check_address(name: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{name}: not a host or an address") from None
