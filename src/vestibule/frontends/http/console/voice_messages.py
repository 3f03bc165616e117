"""Voice messages: recordings for calls, uploaded, heard in the browser, and removed."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule import catalog
from vestibule.frontends.http.console.applications import application_choices
from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.voice_message import MessageType, built_in
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.voice_messages import MOST_DESCRIPTION, MOST_FILE_BYTES, UnusableSound

WAV: Final = "audio/wav"
_BESIDE: Final = {Refusal.NOT_FOUND: "application_id"}
_TYPES: Final = tuple(each.value for each in MessageType)


@get("/tenants/{tenant:str}/voice-messages", opt=needs(Right.READ_CONFIGURATION))
async def voice_messages(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post(
    "/tenants/{tenant:str}/voice-messages",
    request_max_body_size=MOST_FILE_BYTES + MIB,
    opt=needs(Right.GATEWAYS),
)
async def add_voice_message(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    file = fields.files.get("file")
    content = await file.read(MOST_FILE_BYTES + 1) if file is not None else b""
    if not content:
        return await _page(at, Form(_typed(fields), {"file": Words("form.no_file")}))
    try:
        await at.services.voice_messages.add(
            at.actor,
            tenant,
            content,
            language=_one_of(catalog.LANGUAGES, fields.text("language")),
            message_type=MessageType(_one_of(_TYPES, fields.text("type"))),
            application_id=fields.text("application_id"),
            description=fields.text("description", MOST_DESCRIPTION),
        )
    except UnusableSound as unusable:
        words = Words(f"voice.unusable.{unusable.cause}")
        return await _page(at, Form(_typed(fields), {"file": words}))
    except Refused as refused:
        return await _page(at, refused_form(refused, _typed(fields), _BESIDE))
    return at.done(at.path("voice-messages"), "form.saved")


@get("/tenants/{tenant:str}/voice-messages/{message:str}/sound", opt=needs(Right.READ_CONFIGURATION))
async def play_voice_message(request: AnyRequest, tenant: InPath, message: InPath) -> Response[bytes]:
    at = await desk(request, tenant)
    wav = await at.services.voice_messages.wav(at.actor, tenant, message)
    return Response(wav, media_type=WAV)


@post("/tenants/{tenant:str}/voice-messages/{message:str}/remove", opt=needs(Right.GATEWAYS))
async def remove_voice_message(request: AnyRequest, tenant: InPath, message: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.voice_messages.remove(at.actor, tenant, message)
    return at.done(at.path("voice-messages"), "console.voice_messages.removed")


async def _page(at: Desk, form: Form | None = None) -> Response[Any]:
    applications = application_choices(at)
    return at.page(
        "console/voice_messages.html",
        status=422 if form else 200,
        messages=await at.services.voice_messages.list(at.actor, at.tenant_id),
        names={choice.value: choice.label for choice in applications},
        form=form or Form(),
        types=_TYPES,
        applications=applications,
        built_in=_built_in(language_of(at.request)),
        most_description=MOST_DESCRIPTION,
    )


def _built_in(language: str) -> list[tuple[str, str]]:
    """Return what is said without a recording, by type: for whoever records something better."""
    said = [built_in(language, each, application="…", extension="123", code="0").text for each in MessageType]
    return list(zip(_TYPES, said, strict=True))


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name) for name in ("language", "type", "application_id", "description")}


def _one_of(choices: tuple[str, ...], chosen: str) -> str:
    return chosen if chosen in choices else choices[0]


ROUTES: Final = [voice_messages, add_voice_message, play_voice_message, remove_voice_message]
