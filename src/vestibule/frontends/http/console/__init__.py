"""The console: where administrators work, on one tenant at a time.

Each change is a form of ours, sent by POST, and answered by sending the browser on; what was refused is said
beside the field that caused it. Nothing secret is shown twice.
"""

from litestar import Router

from vestibule.frontends.http.console import (
    account,
    api_keys,
    applications,
    attempts,
    bulk,
    clients,
    deliveries,
    directories,
    entry,
    events,
    gateways,
    groups,
    overview,
    phones,
    pins,
    self_service,
    set_up,
    settings,
    simulated_phones,
    tenants,
    token_import,
    tokens,
    users,
    voice_messages,
)

ROUTER = Router(
    path="/console",
    include_in_schema=False,
    route_handlers=[
        entry.first_page,
        entry.show_password,
        entry.take_password,
        entry.show_passcode,
        entry.take_passcode,
        entry.choose_way,
        entry.sign_in_state,
        entry.sign_out,
        entry.signed_out,
        set_up.show,
        set_up.finish,
        overview.overview,
        *users.ROUTES,
        *groups.ROUTES,
        *bulk.ROUTES,
        *pins.ROUTES,
        *phones.ROUTES,
        *token_import.ROUTES,
        *tokens.ROUTES,
        *attempts.ROUTES,
        *applications.ROUTES,
        *directories.ROUTES,
        *clients.ROUTES,
        *gateways.ROUTES,
        *deliveries.ROUTES,
        *voice_messages.ROUTES,
        *api_keys.ROUTES,
        *events.ROUTES,
        *settings.ROUTES,
        *self_service.ROUTES,
        *tenants.ROUTES,
        *account.ROUTES,
        *simulated_phones.ROUTES,
    ],
)
