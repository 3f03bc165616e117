"""Providers: created, renamed and deleted by the operator, read by their tenants."""

from __future__ import annotations

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.provider_records import (
    EndingRecord,
    ProviderRecord,
    ending_record,
    provider_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, Version
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.provider import UsageModel
from vestibule.model.tenant import SYSTEM_TENANT


class NewProvider(Discreet):
    name: Name
    usage_model: UsageModel
    """Fixed for the life of the provider."""
    currency: str
    """In which it is billed: an ISO 4217 code, such as EUR."""
    linked_to: Id = ""
    """The tenant to which it is linked, and which has the full edition then. Empty: a tenant without people
    at the service is made with it, and ends with it."""


class ProviderChange(Discreet):
    name: Name
    usage_model: UsageModel | None = None
    """Another one than it has is refused (`model_fixed`)."""
    version: Version | None = None


class Providers(Controller):
    path = "/providers"
    tags = ("Providers and licences",)

    @get(responses=problems(404), opt=needs(Right.READ_BILLING))
    async def list_providers(self, caller: NamedDependency[Caller]) -> Listing[ProviderRecord]:
        """List all that the tenant has ever had, the newest first. For a key of the system tenant that names
        no tenant: those of all tenants that have not ended."""
        providers = caller.services.providers
        if caller.reaches_all and caller.tenant_id == SYSTEM_TENANT:
            return whole(provider_record(each) for each in await providers.list(caller.actor))
        return whole(provider_record(each) for each in await providers.of(caller.actor, caller.tenant_id))

    @post(responses=problems(404, 409, 422), opt=needs(Right.BILLING))
    async def create_provider(
        self, caller: NamedDependency[Caller], data: JSONBody[NewProvider]
    ) -> ProviderRecord:
        """Create a provider. For keys of the system tenant."""
        added = await caller.services.providers.create(
            caller.actor, data.name, data.usage_model, data.currency, data.linked_to
        )
        return provider_record(added)

    @patch("/{provider_id:str}", responses=problems(404, 409), opt=needs(Right.BILLING))
    async def change_provider(
        self, caller: NamedDependency[Caller], provider_id: PathId, data: JSONBody[ProviderChange]
    ) -> ProviderRecord:
        """Call a provider otherwise. For keys of the system tenant."""
        changed = await caller.services.providers.change(
            caller.actor, provider_id, name=data.name, usage_model=data.usage_model, version=data.version
        )
        return provider_record(changed)

    @get("/{provider_id:str}/ending", responses=problems(404), opt=needs(Right.BILLING))
    async def read_ending(self, caller: NamedDependency[Caller], provider_id: PathId) -> EndingRecord:
        """Read what would come with the deletion of a provider. For keys of the system tenant."""
        return ending_record(await caller.services.providers.ending(caller.actor, provider_id))

    @delete("/{provider_id:str}", responses=problems(404, 409), opt=needs(Right.BILLING))
    async def delete_provider(self, caller: NamedDependency[Caller], provider_id: PathId) -> None:
        """Delete a provider. A linked tenant keeps users and settings; one that was made with the provider
        is deleted with it. For keys of the system tenant."""
        await caller.services.providers.delete(caller.actor, provider_id)
