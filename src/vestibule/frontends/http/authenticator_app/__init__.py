"""The installable authenticator app under `/app/`: its page, its worker and its texts.

No cookie and no form token counts here. The app is the same for everybody and knows nobody; what it holds
stays in the browser.
"""

from litestar import Router

from vestibule.frontends.http.authenticator_app import pages
from vestibule.frontends.http.forms import EXEMPT

ROUTER = Router(
    path="/app",
    include_in_schema=False,
    opt={EXEMPT: True},
    route_handlers=[
        pages.index,
        pages.manifest,
        pages.texts,
        pages.worker,
    ],
)
