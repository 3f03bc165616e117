"""Adding a device with the app of ours: a code is shown, then a number, and the app proves that it has both.

Nothing begins by following a link. Only the session that began sees code and number (ENR-04, PU-10).
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.enrollment import draw_qr
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.home import landing
from vestibule.frontends.http.portal.visitor import Visitor, portal_page, to_confirm, visitor
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import app_address, site_of
from vestibule.model.activation_code import grouped
from vestibule.model.actor import NotAllowed
from vestibule.services.app_activations import Begun, Stage
from vestibule.services.refusal import Refused


@get("/{tenant:str}/authenticators/device")
async def to_devices(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return see_other((await visitor(request, tenant, registering=True)).at.home)


@post("/{tenant:str}/authenticators/device/begin")
async def begin_device(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make a code and show it, this one time."""
    who = await visitor(request, tenant, registering=True)
    try:
        begun = await site_of(request).services.app_activations.begin(who.signed_in)
    except NotAllowed:
        return to_confirm(who, who.at.home)
    except Refused as refused:
        return await landing(request, who, refused)
    return await _page(request, who, begun.authenticator_id, Stage(), begun)


@get("/{tenant:str}/authenticators/device/{device:str}")
async def show_device(request: AnyRequest, tenant: InPath, device: InPath) -> Response[Any]:
    """Show how far it is; once the device is proven, home."""
    who = await visitor(request, tenant, registering=True)
    activations = site_of(request).services.app_activations
    stage = await activations.stage(who.signed_in, device)
    if stage.is_active:
        await activations.claim(who.signed_in, device)
        return after(request, who.at.home, "portal.add_device.added", name=stage.device)
    if stage.is_over:
        return after(request, who.at.home, "portal.add_device.over", "bad")
    return await _page(request, who, device, stage)


@post("/{tenant:str}/authenticators/device/{device:str}/cancel")
async def cancel_device(request: AnyRequest, tenant: InPath, device: InPath) -> Response[Any]:
    """End the activation: a code that somebody else has used gets him nowhere."""
    who = await visitor(request, tenant, registering=True)
    await site_of(request).services.app_activations.cancel(who.user, device)
    return see_other(who.at.home)


@get("/{tenant:str}/authenticators/device/{device:str}/state")
async def device_state(request: AnyRequest, tenant: InPath, device: InPath) -> dict[str, bool]:
    """Answer as soon as there is something else to show than what `at` says."""
    who = await visitor(request, tenant, registering=True)
    site = site_of(request)
    at_number = request.query_params.get("at") == "number"
    moved: list[bool] = []

    async def wait() -> None:
        activations = site.services.app_activations
        known = await activations.stage(who.signed_in, device)
        if bool(known.number) == at_number and not (known.is_active or known.is_over):
            known = await activations.next_stage(who.signed_in, device, known)
        moved.append(bool(known.number) != at_number or known.is_active or known.is_over)

    await site.long_polls.wait(who.user.user_id, wait(), most=5)
    return {"moved": bool(moved) and moved[0]}


async def _page(
    request: AnyRequest, who: Visitor, device: str, stage: Stage, begun: Begun | None = None
) -> Response[Any]:
    apps = await app_address(request)
    code = begun.code.reveal() if begun is not None else ""
    return portal_page(
        request,
        "portal/add_device.html",
        who,
        device=device,
        name=stage.device,
        number=stage.number,
        code=grouped(code) if code else "",
        link=f"{apps}/app/#activate={code}" if code else "",
        address=f"{apps}/app/",
        qr_svg=draw_qr(f"{apps}/app/#activate={code}") if code else "",
    )


ROUTES: Final = [begin_device, cancel_device, to_devices, show_device, device_state]
