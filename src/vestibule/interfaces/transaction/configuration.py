"""The configuration of all tenants, with its pictures and sounds."""

from __future__ import annotations

from typing import Protocol

import msgspec

from vestibule.model.access_rule import RuleSet
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.branding import Branding
from vestibule.model.certificate import Certificate
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.provider import Provider
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.tenant import Tenant
from vestibule.model.voice_message import VoiceMessage


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that front ends and policies look up by key, read as one snapshot."""

    generation: int
    tenants: tuple[Tenant, ...]
    applications: tuple[Application, ...]
    clients: tuple[Client, ...]
    secrets: tuple[ClientSecret, ...]
    directories: tuple[DirectoryConfiguration, ...]
    gateways: tuple[GatewayConfiguration, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[AdminRole, ...] = ()
    brandings: tuple[Branding, ...] = ()
    providers: tuple[Provider, ...] = ()
    """Those that have not ended."""
    certificates: tuple[Certificate, ...] = ()
    rule_sets: tuple[RuleSet, ...] = ()
    """The newest version of each tenant that has any."""
    reply_attributes: tuple[ReplyAttribute, ...] = ()
    """In the order in which they were added; those for single people left out."""
    with_own_replies: frozenset[str] = frozenset()
    """Tenants with reply attributes for single people."""


class ConfigurationRecords(Protocol):
    """A part of `Transaction`."""

    async def generation(self) -> int:
        """A number that grows with every change of what `configuration` returns."""
        ...

    async def configuration(self) -> Configuration: ...

    async def put(
        self,
        record: Tenant
        | Application
        | Client
        | ClientSecret
        | Certificate
        | DirectoryConfiguration
        | GatewayConfiguration
        | Group
        | AdminRole
        | ReplyAttribute
        | Branding
        | Provider,
    ) -> None:
        """Insert (version 1 and new), or replace by compare-and-set on `version` (raises `Conflict`);
        raises the generation. `AlreadyExists` if a name is taken in its tenant."""
        ...

    async def remove(
        self,
        record: Application
        | Client
        | ClientSecret
        | Certificate
        | DirectoryConfiguration
        | GatewayConfiguration
        | Group
        | AdminRole
        | ReplyAttribute,
    ) -> bool:
        """Delete the record and what belongs to it (a client's secrets and certificates, a group's members,
        reply attributes of either or of an application); raises the generation."""
        ...

    async def remove_tenant(self, tenant_id: str) -> None:
        """Delete a tenant with all that was set up in it; raises the generation. Attempts, the record of
        changes and what is billed stay."""
        ...

    async def add_rule_set(self, rules: RuleSet) -> bool:
        """Write a version of the access rules; raises the generation. False: that version is there."""
        ...

    async def rule_sets(self, tenant_id: str, before: int, limit: int) -> tuple[RuleSet, ...]:
        """Return at most `limit` versions older than the version `before`, newest first."""
        ...

    async def put_logo(self, tenant_id: str, picture: bytes) -> None:
        """Write the picture that the tenant's branding, which is there, speaks of."""
        ...

    async def logo(self, tenant_id: str, name: str) -> bytes | None:
        """Return the picture, if it is known by that name now."""
        ...

    async def put_voice_message(self, message: VoiceMessage, sound: bytes) -> bool:
        """Insert, in place of the one for the same language, application and type; tell whether there was
        one. Removing an application removes its messages."""
        ...

    async def voice_messages(self, tenant_id: str) -> tuple[VoiceMessage, ...]:
        """Return all of a tenant, by language, type and application."""
        ...

    async def voice_sound(self, tenant_id: str, message_id: str) -> bytes | None: ...

    async def remove_voice_message(self, tenant_id: str, message_id: str) -> bool: ...

    async def put_mail_attachment(self, attachment: MailAttachment, content: bytes) -> None:
        """Insert, in place of the one of the same template."""
        ...

    async def mail_attachments(self, tenant_id: str) -> tuple[MailAttachment, ...]:
        """Return all of a tenant, by template."""
        ...

    async def mail_attachment(self, tenant_id: str, template: str) -> tuple[MailAttachment, bytes] | None:
        """Return one with its content."""
        ...

    async def remove_mail_attachment(self, tenant_id: str, template: str) -> bool: ...
