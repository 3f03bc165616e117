"""Voice messages: recordings that are said in calls instead of the built-in texts."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import MultipartBody
from msgspec import Meta

from vestibule import catalog
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.sending import VoiceMessageRecord, voice_message_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, PathId
from vestibule.frontends.http.api.verifications import AnyRequest
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.voice_message import MessageType
from vestibule.services.voice_messages import MOST_DESCRIPTION, MOST_FILE_BYTES, UnusableSound

WAV: Final = "audio/wav"
Description = Annotated[str, Meta(max_length=MOST_DESCRIPTION, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NewVoiceMessage(Discreet):
    """A recording and where it is said."""

    file: UploadFile
    """WAV or MP3, at most 5 MB and 60 seconds; keep it under 20."""
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]
    type: MessageType
    application_id: Id = ""
    """Empty: for every application that has no recording of its own."""
    description: Description = ""


class SoundUnusable(HTTPException):
    """Nothing of the file was used."""

    status_code = 422

    def __init__(self, unusable: UnusableSound, language: str) -> None:
        super().__init__()
        self.code = f"sound_{unusable.cause}"
        self.told = catalog.text(language, f"voice.unusable.{unusable.cause}")


class VoiceMessages(Controller):
    path = "/voice-messages"
    tags = ("Voice messages",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_voice_messages(self, caller: NamedDependency[Caller]) -> Listing[VoiceMessageRecord]:
        """List the recordings."""
        found = await caller.services.voice_messages.list(caller.actor, caller.tenant_id)
        return whole(voice_message_record(message) for message in found)

    @post(
        request_max_body_size=MOST_FILE_BYTES + MIB, responses=problems(404, 422), opt=needs(Right.GATEWAYS)
    )
    async def add_voice_message(
        self, request: AnyRequest, caller: NamedDependency[Caller], data: MultipartBody[NewVoiceMessage]
    ) -> VoiceMessageRecord:
        """Add a recording. It takes the place of the one for the same language, application and type."""
        content = await data.file.read(MOST_FILE_BYTES + 1)
        try:
            added = await caller.services.voice_messages.add(
                caller.actor,
                caller.tenant_id,
                content,
                language=data.language,
                message_type=data.type,
                application_id=data.application_id,
                description=data.description,
            )
        except UnusableSound as unusable:
            raise SoundUnusable(unusable, language_of(request)) from None
        return voice_message_record(added)

    @get(
        "/{message_id:str}/sound",
        media_type=WAV,
        responses={200: ResponseSpec(bytes, description="The sound", media_type=WAV), **problems(404)},
        opt=needs(Right.READ_CONFIGURATION),
    )
    async def read_sound(self, caller: NamedDependency[Caller], message_id: PathId) -> Response[bytes]:
        """Read the sound of a recording as a WAV file, as it is heard in a call."""
        wav = await caller.services.voice_messages.wav(caller.actor, caller.tenant_id, message_id)
        return Response(wav, media_type=WAV)

    @delete("/{message_id:str}", responses=problems(404), opt=needs(Right.GATEWAYS))
    async def remove_voice_message(self, caller: NamedDependency[Caller], message_id: PathId) -> None:
        """Remove a recording; the built-in text is said again."""
        await caller.services.voice_messages.remove(caller.actor, caller.tenant_id, message_id)
