"""RADIUS over TLS: what the servers show, and certificates that are about to end."""

from __future__ import annotations

from datetime import UTC, datetime

from vestibule.cli.checks.findings import Finding, OpenInstallation, ok, problem, warning
from vestibule.model.certificate import Certificate


async def radius_over_tls(at: OpenInstallation) -> list[Finding]:
    """Of the installation's own authority, where RADIUS over TLS is listened for."""
    from vestibule.services.certificates import SOON_MS

    if not at.settings.radius.tls_listen:
        return []
    found = []
    is_own = at.settings.radius.tls_certificate is not None
    if not is_own and at.house.services.certificates.server() is None:
        found.append(
            problem("certificate", "certificate.none", command=at.command("certificate server HOST"))
        )
    standing = [one for one in at.snapshot.certificates.values() if one.is_valid(at.now)]
    ending = sorted(
        (one for one in standing if one.not_after - at.now < SOON_MS), key=lambda one: one.not_after
    )
    found += [_ending(at, one) for one in ending]
    return found or [ok("certificate", "certificate.of_radius", count=len(standing))]


def _ending(at: OpenInstallation, one: Certificate) -> Finding:
    day = datetime.fromtimestamp(one.not_after // 1000, UTC)
    see = at.command("certificate list", tenant=one.tenant_id)
    return warning("certificate", "certificate.renew", name=one.name, day=f"{day:%Y-%m-%d}", command=see)
