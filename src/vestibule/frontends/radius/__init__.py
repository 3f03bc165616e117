"""The RADIUS front end: listener, duplicates, and the mapping between messages and commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestibule.crypto.certificates import KeyPair
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.accounting import AccountingDoor
from vestibule.frontends.radius.eap import EapServer, OwnCertificate
from vestibule.frontends.radius.listener import OpenTls, RadiusFrontend
from vestibule.frontends.radius.ms_chap import MsChap
from vestibule.frontends.radius.password_field import PasswordField
from vestibule.frontends.radius.tls_clients import TlsClients
from vestibule.frontends.radius.tls_connection import Take
from vestibule.frontends.radius.tls_listener import TlsListener
from vestibule.frontends.radius.watching import Watch
from vestibule.model.radius_client import Mode, RadiusClientSettings, Signing, read_settings

if TYPE_CHECKING:
    from vestibule.interfaces.frontend import Frontend
    from vestibule.services.services import FrontendKind, Services

DEFAULT_LISTEN = (("127.0.0.1", 1812),)
_USUAL_DAYS = 90


class _RadiusKind:
    name = RadiusFrontend.name

    def open(self, services: Services, settings: object) -> Frontend:
        """Return the front end; `settings.listen` holds endpoints with `host` and `port`, none where no door
        is open. Without settings it listens where RADIUS usually is, on this machine."""
        endpoints: Sequence[Any] | None = getattr(settings, "listen", None)
        listen = DEFAULT_LISTEN if endpoints is None else [(each.host, each.port) for each in endpoints]
        ms_chap = MsChap(services.verifications, services.nt_hashes)
        watch = Watch(services.clock, services.client_sightings.keep)
        return RadiusFrontend(
            services.verifications,
            services.configuration,
            services.clock,
            services.metrics,
            listen,
            check_store=services.check_store,
            watch=watch,
            public_url=services.public_url,
            proxying=services.proxying,
            accounting=self._accounting(services, settings, watch),
            eap=self._eap(services, settings, ms_chap),
            ms_chap=ms_chap,
            tls=self._tls(services, settings),
            grants=services.grants,
        )

    @staticmethod
    def _eap(services: Services, settings: object, ms_chap: MsChap) -> EapServer:
        certificate: Path | None = getattr(settings, "eap_certificate", None)
        key: Path | None = getattr(settings, "eap_key", None)
        files = (certificate, key) if certificate and key else None
        own = OwnCertificate(files, services.certificates.server)
        field = PasswordField(services.verifications, services.configuration)
        return EapServer(services.verifications, field, ms_chap, services.node.name, own)

    @staticmethod
    def _tls(services: Services, settings: object) -> OpenTls | None:
        endpoints: Sequence[Any] = getattr(settings, "tls_listen", ())
        if not endpoints:
            return None
        certificate, key = getattr(settings, "tls_certificate", None), getattr(settings, "tls_key", None)
        own = KeyPair(certificate.read_bytes(), Secret(key.read_bytes())) if certificate and key else None
        sealing = services.certificates.sealing_secret()

        def open_listener(take: Take) -> TlsListener:
            clients = TlsClients(services.configuration, services.clock, sealing)
            listen = [(endpoint.host, endpoint.port) for endpoint in endpoints]
            return TlsListener(services.certificates, clients, listen, take, own)

        return open_listener

    @staticmethod
    def _accounting(services: Services, settings: object, watch: Watch) -> AccountingDoor:
        endpoints: Sequence[Any] = getattr(settings, "accounting_listen", ())
        return AccountingDoor(
            services.accounting,
            services.proxying,
            services.configuration,
            services.clock,
            [(endpoint.host, endpoint.port) for endpoint in endpoints],
            getattr(settings, "accounting_days", _USUAL_DAYS),
            watch,
        )


FRONTEND: FrontendKind = _RadiusKind()

__all__ = ["FRONTEND", "Mode", "RadiusClientSettings", "RadiusFrontend", "Signing", "read_settings"]
