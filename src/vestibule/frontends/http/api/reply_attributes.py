"""Reply attributes, which RADIUS clients are told of whom they may let in, and their dictionaries."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import (
    LoadedDictionaryRecord,
    RadiusDictionaryRecord,
    ReplyAttributeRecord,
    loaded_dictionary_record,
    radius_dictionary_record,
    reply_attribute_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, SearchId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.reply_attribute import MOST_DICTIONARY_BYTES
from vestibule.services.reply_attributes import WantedReply

_ESCAPED: Final = 6
"""Octets that JSON may take for one of a text."""


class NewReplyAttribute(Discreet):
    """An attribute, for those of whom all that is named here is true; empty is anybody."""

    attribute: Name
    """Its name, with a colon and the tag behind it if it has one: `Tunnel-Type:1`."""
    value: Annotated[str, Meta(min_length=1, max_length=600, pattern=r"^[^\x00]*$")]
    """As people write it; octets as text, or in hexadecimal behind `0x`."""
    user_id: Id = ""
    group_id: Id = ""
    client_id: Id = ""
    application_id: Id = ""
    adds: bool = False
    """Sent besides what others say of the same attribute, and not instead of it."""
    dry_run: bool = False
    """Check everything, and change nothing."""


class NewDictionary(Discreet):
    name: Name
    text: Annotated[str, Meta(max_length=MOST_DICTIONARY_BYTES)]
    """VENDOR, ATTRIBUTE and VALUE lines, as FreeRADIUS writes them."""
    dry_run: bool = False
    """Read it, and change nothing."""


class ReplyAttributes(Controller):
    path = "/"
    tags = ("RADIUS clients",)

    @get("/reply-attributes", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_reply_attributes(
        self, caller: NamedDependency[Caller], user_id: SearchId = ""
    ) -> Listing[ReplyAttributeRecord]:
        """List the attributes, without those for single people; with `user_id`, those for one person."""
        found = await caller.services.reply_attributes.list(caller.actor, caller.tenant_id, user_id)
        return whole(reply_attribute_record(line) for line in found)

    @post("/reply-attributes", responses=problems(404, 422), opt=needs(Right.APPLICATIONS))
    async def add_reply_attribute(
        self, caller: NamedDependency[Caller], data: JSONBody[NewReplyAttribute]
    ) -> ReplyAttributeRecord:
        """Give an attribute from now on."""
        wanted = WantedReply(
            attribute=data.attribute,
            value=Secret(data.value),
            user_id=data.user_id,
            group_id=data.group_id,
            client_id=data.client_id,
            application_id=data.application_id,
            adds=data.adds,
        )
        added = await caller.services.reply_attributes.add(
            caller.actor, caller.tenant_id, wanted, is_dry_run=data.dry_run
        )
        return reply_attribute_record(added)

    @get(
        "/radius-clients/{client_id:str}/reply-attributes",
        responses=problems(404),
        opt=needs(Right.READ_CONFIGURATION),
    )
    async def preview_reply_attributes(
        self, caller: NamedDependency[Caller], client_id: PathId, user_id: SearchId = ""
    ) -> Listing[ReplyAttributeRecord]:
        """List what a client would be told of a person; without `user_id`, of somebody who is nobody here."""
        found = await caller.services.reply_attributes.preview(
            caller.actor, caller.tenant_id, client_id, user_id
        )
        return whole(reply_attribute_record(line) for line in found)

    @delete("/reply-attributes/{reply_id:str}", responses=problems(404), opt=needs(Right.APPLICATIONS))
    async def remove_reply_attribute(self, caller: NamedDependency[Caller], reply_id: PathId) -> None:
        """Give an attribute no more."""
        await caller.services.reply_attributes.remove(caller.actor, caller.tenant_id, reply_id)


class Dictionaries(Controller):
    path = "/radius-dictionaries"
    tags = ("RADIUS clients",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_dictionaries(self, caller: NamedDependency[Caller]) -> Listing[RadiusDictionaryRecord]:
        """List the dictionaries that were loaded."""
        found = await caller.services.dictionaries.list(caller.actor, caller.tenant_id)
        return whole(radius_dictionary_record(dictionary) for dictionary in found)

    @post(
        request_max_body_size=_ESCAPED * MOST_DICTIONARY_BYTES,
        responses=problems(404, 422),
        opt=needs(Right.APPLICATIONS),
    )
    async def load_dictionary(
        self, caller: NamedDependency[Caller], data: JSONBody[NewDictionary]
    ) -> LoadedDictionaryRecord:
        """Load a dictionary, in the place of the one of the same name. A wrong line is named."""
        loaded = await caller.services.dictionaries.load(
            caller.actor, caller.tenant_id, data.name, data.text.encode(), is_dry_run=data.dry_run
        )
        return loaded_dictionary_record(loaded, is_dry_run=data.dry_run)

    @delete("/{name:str}", responses=problems(404), opt=needs(Right.APPLICATIONS))
    async def remove_dictionary(self, caller: NamedDependency[Caller], name: PathId) -> None:
        """Remove a dictionary. What was given by it is still sent."""
        await caller.services.dictionaries.remove(caller.actor, caller.tenant_id, name)
