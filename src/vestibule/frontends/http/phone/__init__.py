"""The simulated phone of the demonstration, for whoever holds its link. The console has the same page.

The token in the path is all there is to prove, and no cookie stands for it: so the forms of these pages need
no form token, and a program may send them as well (`vestibule demo phone`).
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.notices import noticed_page
from vestibule.frontends.http.part import Part
from vestibule.frontends.http.phone import acting, showing
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.interfaces.gateway import Simulates

ROOT = "/phone"


def _linked(request: AnyRequest, link: str) -> Simulates:
    found = site_of(request).services.simulated_phones.by_link(link)
    if found is None:
        raise NotFoundException
    return found


@get("/{link:str}")
async def show(request: AnyRequest, link: InPath) -> Response[Any]:
    place = f"{ROOT}/{link}"
    facts = showing.page_of(request, _linked(request, link), place)
    return noticed_page(request, showing.PAGE, door="portal", root=place, **facts)


@get("/{link:str}/screen")
async def screen(request: AnyRequest, link: InPath) -> Response[Any]:
    """Return the screen as soon as it is another than the one of `since`."""
    return await showing.screen_of(request, _linked(request, link), f"{ROOT}/{link}")


@get("/{link:str}/state")
async def state(request: AnyRequest, link: InPath) -> Response[Any]:
    """Return the same for a program."""
    return await showing.state_of(request, _linked(request, link))


@post("/{link:str}/act", opt={EXEMPT: True})
async def act(request: AnyRequest, link: InPath) -> Response[Any]:
    return await acting.act(request, _linked(request, link), f"{ROOT}/{link}")


def router() -> Part:
    """Return the routes of the simulated phones."""
    return Part(path=ROOT, include_in_schema=False, route_handlers=[show, screen, state, act])
