"""Editions: each service asks here whether the tenant's edition has what is wanted, and here one changes.

Invariant: nothing is in effect that the tenant's edition has not. What would be outside is refused when it is
added, and an edition is not changed to one that lacks what is in use. What is on by default has no effect
there, and neither have applications that stay behind when a provider ends (entitlement.py).
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.app_check import AppCheck
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    Application,
    ClientKind,
    Purpose,
)
from vestibule.model.edition import OF_PEOPLE, Edition, Feature, has, needed
from vestibule.model.tenant import SYSTEM_TENANT, Tenant, TenantSettings
from vestibule.services.configuration import ConfigurationCache, Snapshot
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

CLIENTS: Final = {
    ClientKind.RADIUS: Feature.ON_PREMISES_APPLICATIONS,
    ClientKind.LDAP: Feature.ON_PREMISES_APPLICATIONS,
    ClientKind.API: Feature.API,
}
"""What a client of a kind needs; our own doors need nothing."""


def demand(tenant: Tenant, *features: Feature) -> None:
    """Raise `Refused`, naming the edition it needs, unless the tenant's edition has all `features`."""
    for feature in features:
        if feature in OF_PEOPLE:
            demand_people(tenant)
        if not has(tenant.edition, feature):
            raise Refused(Refusal.EDITION_NEEDED, needed(feature).value)


def demand_people(tenant: Tenant) -> None:
    """Raise `Refused` unless the tenant may have people at the service (S35, S36)."""
    if tenant.is_standalone:
        raise Refused(Refusal.NO_PEOPLE_HERE, tenant.name)


def of_application(application: Application) -> tuple[Feature, ...]:
    """Return what an application needs."""
    if application.application_id in (CONSOLE_APPLICATION, PORTAL_APPLICATION):
        return ()
    for_whom = Feature.SUITE_SERVICES if application.purpose is Purpose.SUITE_SERVICE else Feature.OTHER_USERS
    wanted = {
        for_whom: True,
        Feature.TRUSTED_ADDRESSES: bool(application.trusted_addresses) or application.skips_trusted,
        Feature.METHOD_CONTROL: bool(application.methods),
        Feature.REMEMBERED_BROWSERS: application.remember_days > 0,
    }
    return tuple(feature for feature, is_wanted in wanted.items() if is_wanted)


def is_in_effect(tenant: Tenant, application: Application, kind: ClientKind) -> bool:
    """Tell whether the edition has all that a client of this kind needs at the application. What was set up
    while a provider gave a fuller edition stays as it is and lets nobody in (S23)."""
    if tenant.edition is Edition.FULL:
        return True
    wanted = [*of_application(application), *([CLIENTS[kind]] if kind in CLIENTS else [])]
    return all(has(tenant.edition, feature) for feature in wanted)


def usual_purpose(tenant: Tenant) -> Purpose:
    """Return what an application that is added is for: in the edition of the suite, a service of that."""
    return Purpose.SUITE_SERVICE if tenant.edition is Edition.FREE_SUITE else Purpose.SIGN_IN


def of_settings(settings: TenantSettings) -> tuple[Feature, ...]:
    """Return what settings need. What is on by default needs nothing, for without it, it has no effect."""
    wanted = {
        Feature.CALLER_ID: bool(settings.caller_id),
        Feature.TRUSTED_ADDRESSES: bool(settings.trusted_addresses),
        Feature.PIN_MODE: settings.app_check is AppCheck.PIN,
    }
    return tuple(feature for feature, is_wanted in wanted.items() if is_wanted)


class Editions:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def change(self, actor: Actor, tenant_id: str, edition: Edition) -> Tenant:
        """Give a tenant another edition, for all its administrators and users at once (S18).

        Raises `Refused` with the names of what is in use and the edition has not; nothing is changed then.
        """
        actor.demand(Right.TENANTS, "")  # of the whole installation: no tenant chooses its own
        snapshot = self._configuration.current
        tenant = snapshot.tenants[tenant_id]
        if tenant.own_edition is not None:
            raise Refused(Refusal.EDITION_GIVEN, tenant.name)

        async def body(tx: Transaction) -> None:
            lacking = [
                feature for feature in await _in_use(tx, snapshot, tenant) if not has(edition, feature)
            ]
            if lacking:
                raise Refused(Refusal.EDITION_EXCEEDED, ", ".join(sorted(set(lacking))))
            await tx.put(msgspec.structs.replace(tenant, edition=edition))
            await record(
                tx,
                actor,
                tenant_id,
                "tenant.edition_changed",
                tenant_id,
                tenant.name,
                edition=edition.value,
                before=tenant.edition.value,
            )

        try:
            await self._store.transact(body)
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE, tenant.name) from None
        await self._configuration.refresh()
        return self._configuration.current.tenants[tenant_id]


async def _in_use(tx: Transaction, snapshot: Snapshot, tenant: Tenant) -> list[Feature]:
    """Return what a tenant uses now."""
    tenant_id = tenant.tenant_id
    used = list(of_settings(tenant.settings))
    for application in snapshot.applications.values():
        if application.tenant_id == tenant_id:
            used += of_application(application)
    for peer in snapshot.peers.values():
        if peer.client.tenant_id == tenant_id and peer.client.kind in CLIENTS:
            used.append(CLIENTS[peer.client.kind])
    if tenant_id != SYSTEM_TENANT and await tx.count_users(tenant_id):
        used.append(Feature.SUITE_SERVICES)
    if await tx.voice_messages(tenant_id):
        used.append(Feature.VOICE_MESSAGES)
    if await tx.has_pins(tenant_id):
        used.append(Feature.PIN_MODE)
    return used
