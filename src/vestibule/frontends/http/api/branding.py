"""Branding: how a tenant shows itself to its people."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import JSONBody, MultipartBody
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.branding import LONGEST_NAME, MOST_LOGO_BYTES, Branding


class BrandingRecord(Record):
    name: str
    """Stands where the name of the product would; empty: that."""
    color: str
    """Of buttons and links, such as #0b5a5e; empty: that of the product."""
    logo: str
    """SHA-256 of the picture; empty: the mark of the product."""
    version: int


class NewBranding(Discreet):
    name: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    color: Annotated[str, Meta(max_length=7)] = ""
    """Dark enough that white text can be read on it; else `brand_color_light` names one that is."""


class NewLogo(Discreet):
    file: UploadFile
    """A PNG picture of at most 100 KiB and 1024 by 1024 pixels."""


class Brandings(Controller):
    path = "/branding"
    tags = ("Tenants",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_branding(self, caller: NamedDependency[Caller]) -> BrandingRecord:
        """Read how the tenant shows itself."""
        return _record(caller.services.brandings.read(caller.actor, caller.tenant_id))

    @put(responses=problems(404, 422), opt=needs(Right.SETTINGS))
    async def change_branding(
        self, caller: NamedDependency[Caller], data: JSONBody[NewBranding]
    ) -> BrandingRecord:
        """Choose name and colour; what is left out is the product's."""
        brandings = caller.services.brandings
        return _record(await brandings.change(caller.actor, caller.tenant_id, data.name, data.color))

    @put(
        "/logo",
        request_max_body_size=MOST_LOGO_BYTES + MIB,
        responses=problems(404, 422),
        opt=needs(Right.SETTINGS),
    )
    async def put_logo(self, caller: NamedDependency[Caller], data: MultipartBody[NewLogo]) -> BrandingRecord:
        """Show a picture beside the name."""
        content = await data.file.read(MOST_LOGO_BYTES + 1)
        return _record(await caller.services.brandings.put_logo(caller.actor, caller.tenant_id, content))

    @delete("/logo", responses=problems(404), opt=needs(Right.SETTINGS))
    async def remove_logo(self, caller: NamedDependency[Caller]) -> None:
        """Show the mark of the product again."""
        await caller.services.brandings.remove_logo(caller.actor, caller.tenant_id)


def _record(branding: Branding) -> BrandingRecord:
    found: BrandingRecord = BrandingRecord.of(branding)
    return found
