"""The LDAP front end: a proxy in front of a directory, whose binds need a second factor.

`listener` accepts, `connection` is one client's connection, `upstream` its connection to the directory,
`binding` and `sign_in` decide who it belongs to, `rules` what may pass before and after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestibule.frontends.ldap.listener import LdapFrontend

if TYPE_CHECKING:
    from vestibule.interfaces.frontend import Frontend
    from vestibule.services.services import FrontendKind, Services


class _LdapKind:
    name = LdapFrontend.name

    def open(self, services: Services, settings: Any) -> Frontend:
        """Return the front end. `settings` has endpoints with `host` and `port` in `listen` and `tls_listen`,
        and the files `tls_certificate` and `tls_key`; without settings it listens nowhere."""
        if settings is None:
            return LdapFrontend(services, (), ())
        return LdapFrontend(
            services,
            [(endpoint.host, endpoint.port) for endpoint in settings.listen],
            [(endpoint.host, endpoint.port) for endpoint in settings.tls_listen],
            settings.tls_certificate,
            settings.tls_key,
        )


FRONTEND: FrontendKind = _LdapKind()

__all__ = ["FRONTEND", "LdapFrontend"]
