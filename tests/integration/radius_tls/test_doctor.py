"""What `vestibule doctor` says of certificates for RADIUS over TLS."""

from __future__ import annotations

from pathlib import Path

from tests.houses import TENANT, open_house
from vestibule.cli.checks.doors import secret_for
from vestibule.cli.checks.findings import OpenInstallation
from vestibule.cli.checks.radius_over_tls import radius_over_tls
from vestibule.cli.checks.tenants import clients
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind


async def test_a_missing_certificate_and_one_that_ends_are_told(tmp_path: Path) -> None:
    async with open_house(tmp_path, radius_tls_listen="127.0.0.1:2083") as house:
        services = house.services

        async def told() -> list[tuple[str, str | int]]:
            at = OpenInstallation(house.house.settings, "en", None, house.house, house.clock.now())
            found = [(one.key, one.placeholders) for one in await radius_over_tls(at)]
            return [(key, told.get("name", told.get("count", ""))) for key, told in found]

        assert await told() == [("certificate.none", "")]
        await services.certificates.make_authority(SYSTEM, "Tests")
        await services.certificates.issue_server(SYSTEM, ["r.example.org"])
        assert await told() == [("certificate.of_radius", 2)]
        await services.applications.add_application(SYSTEM, TENANT, "VPN", application_id="vpn")
        client = await services.applications.add_client(SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "vpn-1")
        await services.certificates.issue_client(SYSTEM, TENANT, client.client_id, 20)
        assert await told() == [("certificate.renew", "CN=vpn-1")]


async def test_a_client_needs_something_to_be_known_by(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        services = house.services
        await services.applications.add_application(SYSTEM, TENANT, "VPN", application_id="vpn")
        client = await services.applications.add_client(SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "vpn-1")
        at = OpenInstallation(house.house.settings, "en", None, house.house, house.clock.now())
        assert [one.key for one in await clients(at)] == ["clients.no_certificate"]
        assert secret_for(at.snapshot.peers.values(), "127.0.0.1", at.now) is None
        await services.certificates.make_authority(SYSTEM, "Tests")
        await services.certificates.issue_client(SYSTEM, TENANT, client.client_id)
        assert [one.key for one in await clients(at)] == ["clients.fine"]
