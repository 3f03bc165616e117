"""What the authenticator app is made of, as its browser and its service worker fetch it.

The worker keeps the whole app for days without a network. So that it notices a new one, the worker's own
script begins with the list of what belongs to the app and with a digest over all of it: another text, style
or script makes another worker, and browsers look for that by themselves.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from vestibule import catalog
from vestibule.crypto.tokens import is_id
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.site import Site, site_of
from vestibule.frontends.http.templates.views import Frame

ROOT: Final = "/app/"
RELAY: Final = "/relay/"
"""Where the apps of servers are that this installation is the service of."""
AREA: Final = "app."
_PAGE: Final = "authenticator_app/index.html"
_SCRIPT: Final = "worker.js"
_KEPT: Final = (
    "app.css",
    "app.js",
    "qr.js",
    "favicon.svg",
    "icon-192.png",
    "badge-96.png",
)
"""The assets that the worker keeps; larger icons are fetched by systems, at an installation."""
_ICONS: Final = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)
_GROUND: Final = "#f5f4f0"
_ACCENT: Final = "#0b5a5e"

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types vestibule-app"
)
"""As that of all pages, and: a worker of ours, pictures to read QR codes from, no markup made of text."""
_HEADERS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}

AnyRequest: TypeAlias = Request[Any, Any, Any]


@get("/")
async def index(request: AnyRequest) -> Response[Any]:
    root = _root(request)
    if not request.scope["raw_path"].partition(b"?")[0].endswith(b"/"):
        return see_other(root)  # A worker is not in charge of the path without the slash.
    html = _html(site_of(request), language_of(request), root)
    return Response(html, media_type="text/html; charset=utf-8", headers=_HEADERS)


@get("/manifest.webmanifest")
async def manifest(request: AnyRequest) -> Response[bytes]:
    """Say what the app is called and looks like once it is installed (W3C Web Application Manifest)."""
    language, assets, root = language_of(request), site_of(request).assets, _root(request)
    said = {
        "id": root,
        "start_url": root,
        "scope": root,
        "lang": language,
        "name": catalog.text(language, "app.name"),
        "short_name": catalog.text(language, "common.product"),
        "description": catalog.text(language, "app.description"),
        "display": "standalone",
        "launch_handler": {"client_mode": ["navigate-existing", "auto"]},
        "background_color": _GROUND,
        "theme_color": _ACCENT,
        "icons": [
            {"src": assets.url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ],
    }
    return _answer(msgspec.json.encode(said), "application/manifest+json")


@get("/texts/{name:str}")
async def texts(name: FromPath[str]) -> Response[bytes]:
    language = name.removesuffix(".json")
    if language not in catalog.LANGUAGES or language == name:
        raise NotFoundException
    return _answer(_texts_of(language), "application/json")


@get("/worker.js")
async def worker(request: AnyRequest) -> Response[bytes]:
    site, root = site_of(request), _root(request)
    script = site.assets.find(site.assets.names[_SCRIPT])
    assert script is not None
    answer = _answer(_told_to_worker(site, root) + script.content, script.media_type)
    answer.headers["service-worker-allowed"] = root
    return answer


def _answer(content: bytes, media_type: str) -> Response[bytes]:
    """Answer with what browsers do not keep: that is the worker's part."""
    return Response(content, headers={"content-type": media_type})


def _root(request: AnyRequest) -> str:
    """Return the path of this app: each server behind a service has an app of its own there."""
    relay_id = str(request.path_params.get("relay_id", ""))
    if not relay_id:
        return ROOT
    if not is_id(relay_id) or not site_of(request).services.app_relay.is_open:
        raise NotFoundException
    return f"{RELAY}{relay_id}{ROOT}"


def _told_to_worker(site: Site, root: str) -> bytes:
    """Return the line before the worker's script that names all there is of this version of the app."""
    languages = catalog.LANGUAGES
    files = [root, *(f"{root}texts/{each}.json" for each in languages), *map(site.assets.url, _KEPT)]
    icons = {"icon": site.assets.url("icon-192.png"), "badge": site.assets.url("badge-96.png")}
    whole = hashlib.sha256(msgspec.json.encode([files, [_html(site, each, root) for each in languages]]))
    for language in languages:
        whole.update(_texts_of(language))
    told = {"version": whole.hexdigest()[:16], "files": files, **icons}
    return b"const SHELL=" + msgspec.json.encode(told) + b";\n"


def _html(site: Site, language: str, root: str) -> str:
    """Return the page. It is the same for everybody who speaks this language: a worker will keep it."""
    return site.pages.render(_PAGE, Frame(language=language, csrf_token="", path=root))


@cache
def _texts_of(language: str) -> bytes:
    spoken: dict[str, str | dict[str, str]] = {}
    for key in catalog.keys(AREA):
        wording = catalog.wordings(key)[language]
        counted = {"one": wording.one or "", "other": wording.other}
        spoken[key.removeprefix(AREA)] = wording.other if wording.one is None else counted
    return msgspec.json.encode(spoken)
