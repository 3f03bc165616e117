"""The HTTP front end: REST API, portal and console, on one server.

It turns requests into commands of the services and results into pages or JSON; it decides nothing.
"""

from __future__ import annotations

from typing import Any

from vestibule.frontends.http.frontend import HttpFrontend
from vestibule.frontends.http.options import HttpOptions
from vestibule.interfaces.frontend import Frontend
from vestibule.services.services import FrontendKind, Services


class _HttpKind:
    name = HttpFrontend.name

    def open(self, services: Services, settings: object) -> Frontend:
        """Return the front end; `settings` has the fields of the process' `http` section."""
        given: dict[str, Any] = {
            name: getattr(settings, name)
            for name in ("public_url", "trusted_proxies", "tls_certificate", "tls_key")
            if hasattr(settings, name)
        }
        if hasattr(settings, "listen"):
            given["listen"] = tuple((endpoint.host, endpoint.port) for endpoint in settings.listen)
        return HttpFrontend(services, HttpOptions(form_key=services.form_key, **given))


FRONTEND: FrontendKind = _HttpKind()

__all__ = ["FRONTEND", "HttpFrontend", "HttpOptions"]
