"""The REST API, version 1: thin faces of the services, opened by API keys and by nothing else.

No cookie is read here and no answer is made for a browser.
"""

from __future__ import annotations

from litestar.di import Provide

from vestibule.frontends.http.api.access_rules import AccessRules
from vestibule.frontends.http.api.accounting import list_accounting
from vestibule.frontends.http.api.app_passwords import AppPasswords
from vestibule.frontends.http.api.applications import Applications
from vestibule.frontends.http.api.authenticators import Authenticators, Tokens
from vestibule.frontends.http.api.billing import PriceLists, Statements, Usages
from vestibule.frontends.http.api.blocks import Blocks
from vestibule.frontends.http.api.branding import Brandings
from vestibule.frontends.http.api.bypasses import Bypasses
from vestibule.frontends.http.api.caller import may_administer, provide_caller
from vestibule.frontends.http.api.certificates import Certificates, ClientCertificates
from vestibule.frontends.http.api.check import check
from vestibule.frontends.http.api.client_sightings import ClientSightings
from vestibule.frontends.http.api.clients import ApiClients, RadiusClients
from vestibule.frontends.http.api.description import describe, openapi
from vestibule.frontends.http.api.directories import Directories
from vestibule.frontends.http.api.gateways import Gateways
from vestibule.frontends.http.api.groups import Groups
from vestibule.frontends.http.api.history import Attempts, Events
from vestibule.frontends.http.api.ldap_clients import LdapClients
from vestibule.frontends.http.api.licences import Licences
from vestibule.frontends.http.api.mail_attachments import MailAttachments
from vestibule.frontends.http.api.outbox import Outbox
from vestibule.frontends.http.api.pins import Pins
from vestibule.frontends.http.api.providers import Providers
from vestibule.frontends.http.api.registration import Registration, Requirements
from vestibule.frontends.http.api.remembered_browsers import RememberedBrowsers
from vestibule.frontends.http.api.reply_attributes import Dictionaries, ReplyAttributes
from vestibule.frontends.http.api.reports import Reports
from vestibule.frontends.http.api.request import ApiRequest, refuse_unknown_parameters
from vestibule.frontends.http.api.roles import Roles
from vestibule.frontends.http.api.routing import Routing
from vestibule.frontends.http.api.servers import ActivationCredentials, ReplicationGroups, Servers
from vestibule.frontends.http.api.synchronisations import Synchronisations
from vestibule.frontends.http.api.tenants import Tenants
from vestibule.frontends.http.api.token_import import import_tokens
from vestibule.frontends.http.api.user_import import import_users
from vestibule.frontends.http.api.users import Users
from vestibule.frontends.http.api.verifications import Verifications
from vestibule.frontends.http.api.voice_messages import VoiceMessages
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.part import Part

MAX_BODY_BYTES = 64 * 1024


def _administration() -> Part:
    return Part(
        "/",
        route_handlers=[
            Users,
            Groups,
            Pins,
            AppPasswords,
            Requirements,
            Registration,
            Blocks,
            Bypasses,
            Authenticators,
            Tokens,
            import_tokens,
            import_users,
            Applications,
            AccessRules,
            RememberedBrowsers,
            RadiusClients,
            Certificates,
            ClientCertificates,
            ClientSightings,
            ReplyAttributes,
            Dictionaries,
            LdapClients,
            ApiClients,
            Directories,
            Synchronisations,
            Gateways,
            Routing,
            Servers,
            ReplicationGroups,
            ActivationCredentials,
            Outbox,
            MailAttachments,
            VoiceMessages,
            Attempts,
            Reports,
            list_accounting,
            Events,
            Tenants,
            Brandings,
            Providers,
            Licences,
            Roles,
            Usages,
            PriceLists,
            Statements,
        ],
        guards=[may_administer],
        dependencies={"caller": Provide(provide_caller)},
    )


def router() -> Part:
    """Return the routes of the REST API."""
    return Part(
        "/api/v1",
        route_handlers=[Verifications, check, openapi, _administration()],
        request_class=ApiRequest,
        before_request=refuse_unknown_parameters,
        request_max_body_size=MAX_BODY_BYTES,
        opt={EXEMPT: True},
    )


__all__ = ["describe", "router"]
