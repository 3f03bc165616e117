"""Who works at the console, and on which tenant: the tenant is part of every path.

The path and not a setting of the session says which tenant a page is about, so two windows on two tenants
never write into one another. What is out of reach is not there (TEN-01).
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.exceptions import ClientException, NotFoundException

from vestibule.frontends.http.door import need_session
from vestibule.frontends.http.fields import asked
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.refused_acts import acts_as
from vestibule.frontends.http.rights import allowed_paths, demand
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import Site, site_of
from vestibule.frontends.http.templates.views import Form, Notice, Tenancy, Words, refusal_words
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Actor, Right
from vestibule.model.edition import lacking
from vestibule.model.tenant import SYSTEM_TENANT, Tenant
from vestibule.services.configuration import Snapshot
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.services import Services
from vestibule.services.sessions import SignedIn

DOOR: Final = "console"
ROOT: Final = "/console"
ROWS: Final = 50

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Desk:
    """An administrator at work on one tenant."""

    request: AnyRequest
    site: Site
    signed_in: SignedIn
    tenant: Tenant

    @property
    def actor(self) -> Actor:
        return self.signed_in.actor

    @property
    def services(self) -> Services:
        return self.site.services

    @property
    def snapshot(self) -> Snapshot:
        return self.services.configuration.current

    @property
    def tenant_id(self) -> str:
        return self.tenant.tenant_id

    @property
    def base(self) -> str:
        return base_of(self.tenant_id)

    def may(self, right: Right) -> bool:
        """Tell whether the right is held over the whole tenant."""
        return self.actor.may(right, self.tenant_id)

    def has(self, right: Right) -> bool:
        """Tell whether the right is held over somebody in the tenant."""
        return self.may(right) or bool(self.actor.groups_for(right, self.tenant_id))

    def path(self, *parts: str) -> str:
        """Return the path of a page about this tenant."""
        return "/".join((self.base, *(quote(part, safe="") for part in parts)))

    def page(self, template: str, *, status: int = 200, **variables: Any) -> Response[Any]:
        return noticed_page(
            self.request,
            template,
            door=DOOR,
            root=ROOT,
            base=self.base,
            signed_in=self.signed_in,
            tenants=tenancies(self.snapshot, self.actor, self.tenant_id),
            lacking=lacking(self.tenant.edition),
            allowed=partial(allowed_paths(self.request).allow, self.actor),
            status=status,
            **variables,
        )

    def done(self, path: str, key: str, **values: str) -> Response[Any]:
        """Answer a change that was made: on to `path`, which says so."""
        return after(self.request, path, key, "good", **values)


def base_of(tenant_id: str) -> str:
    return f"{ROOT}/tenants/{quote(tenant_id, safe='')}"


def tenants_in_reach(snapshot: Snapshot, actor: Actor) -> list[Tenant]:
    """Return the tenants in which `actor` may do or see anything, the installation itself last."""
    in_reach = [tenant for tenant in snapshot.tenants.values() if actor.is_within(tenant.tenant_id)]
    return sorted(in_reach, key=lambda tenant: (tenant.tenant_id == SYSTEM_TENANT, tenant.name.casefold()))


def tenancies(snapshot: Snapshot, actor: Actor, current: str = "") -> tuple[Tenancy, ...]:
    return tuple(
        Tenancy(
            tenant.name,
            f"{base_of(tenant.tenant_id)}/",
            tenant.tenant_id == current,
            has_people=not tenant.is_standalone,
        )
        for tenant in tenants_in_reach(snapshot, actor)
    )


async def administrator(request: AnyRequest) -> SignedIn:
    """Return the administrator whose session this is; raise `SignInRequired` if there is none."""
    return await need_session(request, DOOR, ROOT)


async def desk(request: AnyRequest, tenant_id: str) -> Desk:
    """Return the administrator at work on the tenant in the path, who may use this route there."""
    signed_in = await administrator(request)
    site = site_of(request)
    tenant = site.services.configuration.current.tenants.get(tenant_id)
    if tenant is None:
        raise NotFoundException
    acts_as(request, signed_in.actor)
    demand(request.route_handler, signed_in.actor, tenant_id)
    return Desk(request, site, signed_in, tenant)


# --- lists ----------------------------------------------------------------------------------------------


def wanted_page(request: AnyRequest, rows: int = ROWS) -> Page:
    return Page(rows, asked(request, "cursor", 1000))


async def listed(reading: Awaitable[Found]) -> Found:
    """Await a list; a cursor that nobody of us made is a request that was not understood."""
    try:
        return await reading
    except ValueError:
        raise ClientException("not a cursor of this list") from None


def with_query(path: str, **parameters: str) -> str:
    kept = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


# --- what was refused -----------------------------------------------------------------------------------


def refused_words(refused: Refused) -> Words:
    return refusal_words(refused.why.value, refused.key)


def refused_notice(refused: Refused) -> tuple[Notice, ...]:
    return (Notice("bad", refused_words(refused)),)


CHANGED_MEANWHILE: Final = Words(f"refusal.{Refusal.CHANGED_MEANWHILE}")


def refused_form(refused: Refused, values: dict[str, str], at: dict[Refusal, str]) -> Form:
    """Return the form with the refusal beside the field that `at` names for it, else above the form."""
    words = refused_words(refused)
    field = at.get(refused.why)
    return Form(values, {field: words}) if field else Form(values, problem=words)
