"""The portal: where people look after what they sign in with. One for each tenant, under its own path.

It shows and takes; what is allowed is decided by the services. Nobody but the person himself acts here.

Its pages stand in the navigation of `portal.html`: the methods of signing in (home.py, and those that add
one), "Security" (security.py, made of cards: see cards.py for how to add one), the person's own history,
languages and help. Each module names its routes in `ROUTES`.
"""

from vestibule.frontends.http.part import Part
from vestibule.frontends.http.portal import (
    app_passwords,
    browsers,
    bypass,
    devices,
    enroll,
    entry,
    help,
    history,
    home,
    language,
    password,
    phones,
    pin,
    questions,
    register,
    reset,
    reset_by_phone,
    security,
    sessions,
)


def router() -> Part:
    """Return the routes of the portal."""
    return Part(
        path="/portal",
        include_in_schema=False,
        route_handlers=[
            *entry.ROUTES,
            *help.ROUTES,
            *home.ROUTES,
            *register.ROUTES,
            *phones.ROUTES,
            *devices.ROUTES,
            *enroll.ROUTES,
            *security.ROUTES,
            *password.ROUTES,
            *reset.ROUTES,
            *reset_by_phone.ROUTES,
            *questions.ROUTES,
            *pin.ROUTES,
            *app_passwords.ROUTES,
            *browsers.ROUTES,
            *bypass.ROUTES,
            *sessions.ROUTES,
            *history.ROUTES,
            *language.ROUTES,
        ],
    )
