"""A sign-in whose first factor a server behind us judges: what the client sent goes there, the answer back.

Invariants:
- The server's acceptance reaches the client only after the second factor, with every attribute of it; what is
  kept meanwhile is in the store, sealed.
- A person who is unknown or locked here costs the server a question about nobody.
- CHAP, MS-CHAP and EAP leave the client no place to type anything: the answer comes on another road, or the
  sign-in is refused. Never does one of them pass with less than a password would (RA-17).
- Of EAP only the last round decides and counts. Whom the server has accepted it must say itself, where the
  name is told inside a tunnel: the name outside is anybody's.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.conversation import LONGEST_STATE, Conversation
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.upstream import Attributes, Carried, Silent, Upstream, is_upstream
from vestibule.model.radius_client import Mode
from vestibule.model.user import User
from vestibule.model.verification import Channel, Reason
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.proxying import Proxying
from vestibule.services.verification import Verifications
from vestibule.wire.radius import AccessRequest, Attribute, Message, Proof
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    CHAP_CHALLENGE,
    EAP_MESSAGE,
    STATE,
    USER_NAME,
)

log = structlog.get_logger(__name__)

CARRIED: Final = (Proof.CHAP, Proof.MS_CHAP, Proof.EAP)
"""What only the server behind can judge."""

_ELSEWHERE: Final = (Channel.REPLY, Channel.CALL, Channel.APP)
_NAMED_OUTSIDE: Final = {4, 6, 26}
"""EAP types without a tunnel, whose name is the one outside: MD5, GTC, MS-CHAPv2."""

NoteDiscarded = Callable[[str, int], None]
"""Hears which server's answers were discarded, and how many."""


class Onward(msgspec.Struct, frozen=True):
    """The conversation goes on: the attributes of the next Access-Challenge."""

    attributes: list[Attribute]


class Ended(msgspec.Struct, frozen=True):
    """The conversation has ended, and led to this; `attributes` go with an acceptance, not hidden yet, and
    `rejection` with a rejection."""

    origin: Origin
    progress: Progress
    attributes: Attributes = ()
    rejection: Attributes = ()


class Proxy:
    """Finds the server behind a client, and what was held for its sign-ins."""

    def __init__(
        self, verifications: Verifications, proxying: Proxying | None, note_discarded: NoteDiscarded
    ) -> None:
        self.verifications = verifications
        self._proxying = proxying
        self.note_discarded = note_discarded

    async def open(self, message: Message, access: AccessRequest, client: RadiusClient) -> SignIn | None:
        """Return the request as one that is carried to another server; None if it is judged here."""
        application = client.peer.application
        if self._proxying is None or application.is_legacy or client.settings.mode is Mode.PASSCODE_ONLY:
            return None
        try:
            directory = await self._proxying.behind(application)
        except ValueError as wrong:
            log.error("directory does not open", directory=application.directory_id, error=str(wrong))
            return None
        if not is_upstream(directory):
            return None
        return SignIn(self, self._proxying, directory, message, access, client)


class SignIn:
    """One request that is carried. `accepted` are the attributes of the server's acceptance, once it gave it
    to this request."""

    def __init__(
        self,
        proxy: Proxy,
        proxying: Proxying,
        upstream: Upstream,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
    ) -> None:
        self._proxy = proxy
        self._proxying = proxying
        self._upstream = upstream
        self._message = message
        self._access = access
        self._client = client
        self._attributes = _to_carry(message, access)
        self.accepted: Attributes | None = None

    async def reply_attributes(self, progress: Progress) -> Attributes | None:
        """Return what the client is given with the acceptance; None if that is not known any more."""
        if self.accepted is not None:
            return self.accepted
        held = await self._proxying.reply_of(progress.verification)
        return None if held is None else _decoded(held)

    async def start(
        self, origin: Origin, password: Secret[str] | None, passcode: Secret[str] | None = None
    ) -> Progress:
        """Begin the verification of a password, or of the proof that stands in the request."""

        async def carried(_: User | None) -> PasswordVerdict:
            octets = None if password is None else Secret(password.reveal().encode())
            return self._verdict(self._heard(await self._upstream.carry(self._attributes, octets)))

        async def judge(user: User | None) -> PasswordVerdict:
            if user is not None:
                return await carried(user)
            self._heard(await self._upstream.carry_nobody(self._attributes))
            return _mismatch("no_such_person")

        # Without any proof in the request, its acceptance says nothing of who asks.
        needs_match = self._client.settings.require_user_match or self._access.proof is Proof.NONE
        stranger = None if needs_match else carried
        return await self._proxy.verifications.start_judged(origin, judge, passcode, stranger=stranger)

    async def start_elsewhere(self, origin: Origin) -> Progress:
        """The same where nothing more can be typed."""
        if self._access.state is not None:
            return await self._proxy.verifications.refuse(origin, Reason.CHALLENGE_UNKNOWN)
        return await self.start(answered_elsewhere(origin), None)

    async def next_round(self, origin: Origin, now: int) -> Ended | Onward:
        """Take one round of EAP at `now` (epoch seconds): it goes on, or it has ended and begins a
        verification of the person whom the server has named."""
        origin = answered_elsewhere(origin)
        conversation = self._conversation(now)
        if conversation is None or conversation.is_over(now):
            refused = await self._proxy.verifications.refuse(origin, Reason.CHALLENGE_UNKNOWN)
            return Ended(origin, refused)
        if await self._proxying.is_locked(origin, origin.user_address):
            return await self._ended(origin, _mismatch("not_asked"), "")
        proof = self._proof()
        held = await self._proxying.reply_to(self._client.client.tenant_id, proof)
        if held is not None:
            # The client asks again, perhaps another node. The server has forgotten the conversation.
            answer: Carried | Silent = Carried(ACCESS_ACCEPT, _decoded(held), "")
        else:
            answer = await self._ask_next(conversation)
        if isinstance(answer, Carried) and answer.code == ACCESS_CHALLENGE:
            return self._onward(conversation, answer) or await self._ended(
                origin, _unavailable("radius.trouble.state_too_long"), ""
            )
        origin, verdict = self._whom(origin, answer)
        return await self._ended(origin, verdict, proof)

    # --- parts --------------------------------------------------------------------------------------

    def _conversation(self, now: int) -> Conversation | None:
        if self._access.state is None:
            return Conversation(now)
        client, name = self._client.client, self._access.user_name
        for secret in self._client.valid_secrets(now * 1000):
            found = secret.conversation_key.unseal(self._access.state, client, name)
            if found is not None:
                return found
        return None

    async def _ask_next(self, conversation: Conversation) -> Carried | Silent:
        attributes, server = self._attributes, ""
        if conversation.rounds:
            found = conversation.server_among(self._upstream.servers)
            if found is None:
                return Silent("radius.trouble.unreachable")
            server = found
            if conversation.state:
                attributes = (*attributes, (STATE, conversation.state))
        return self._heard(await self._upstream.carry(attributes, None, server))

    def _onward(self, conversation: Conversation, answer: Carried) -> Onward | None:
        state = next((value for number, value in answer.attributes if number == STATE), b"")
        if len(state) > LONGEST_STATE:
            return None
        after = conversation.after(answer.server, state)
        key = self._client.secrets[0].conversation_key
        sealed = key.seal(after, self._client.client, self._access.user_name)
        others = [each for each in answer.attributes if each[0] != STATE]
        return Onward([*others, (STATE, sealed)])

    def _whom(self, origin: Origin, answer: Carried | Silent) -> tuple[Origin, PasswordVerdict]:
        verdict = self._verdict(answer)
        if not verdict.is_match or self._eap_type() in _NAMED_OUTSIDE:
            return origin, verdict
        assert isinstance(answer, Carried)
        name = _name_in(answer.attributes)
        if name:
            return msgspec.structs.replace(origin, claimed_username=name), verdict
        if self._client.settings.require_inner_name:
            self.accepted = None
            return origin, PasswordVerdict(PasswordVerdictKind.REFUSED, detail="radius.verdict.unnamed")
        return origin, verdict

    async def _ended(self, origin: Origin, verdict: PasswordVerdict, proof: str) -> Ended:
        async def judge(user: User | None) -> PasswordVerdict:
            return _mismatch("no_such_person") if user is None else verdict

        async def told(_: User | None) -> PasswordVerdict:
            return verdict

        stranger = None if self._client.settings.require_user_match else told
        verifications = self._proxy.verifications
        return Ended(origin, await verifications.start_judged(origin, judge, stranger=stranger, proof=proof))

    def _heard(self, answer: Carried | Silent) -> Carried | Silent:
        if answer.discarded:
            self._proxy.note_discarded(answer.server, answer.discarded)
        return answer

    def _verdict(self, answer: Carried | Silent) -> PasswordVerdict:
        if isinstance(answer, Silent):
            return _unavailable(answer.detail)
        if answer.code == ACCESS_CHALLENGE:
            return _mismatch("challenged")
        if answer.code != ACCESS_ACCEPT:
            return _mismatch("rejected")
        self.accepted = tuple([each for each in answer.attributes if each[0] != STATE])
        return PasswordVerdict(PasswordVerdictKind.MATCH, kept=_encoded(self.accepted))

    def _eap_type(self) -> int:
        response = self._message.first(EAP_MESSAGE) or b""
        return response[4] if len(response) > 4 else 0

    def _proof(self) -> str:
        """Digest of a round: the same when the client sends it again, to whichever node."""
        key = self._client.client.client_id.encode()[:64]
        digest = blake2b(self._access.state or b"", digest_size=16, key=key)
        for part in (self._access.user_name.encode(), *self._message.values(EAP_MESSAGE)):
            digest.update(len(part).to_bytes(2, "big") + part)
        return digest.hexdigest()


def answered_elsewhere(origin: Origin) -> Origin:
    """Return the origin of a sign-in in which nothing can be shown or typed."""
    return msgspec.structs.replace(origin, channels=_ELSEWHERE, can_show=False)


def _to_carry(message: Message, access: AccessRequest) -> Attributes:
    """What the server is asked with: all of the request but our State. RFC 2865 §2.2: a CHAP challenge may be
    the authenticator of the request, which is another one on the way to the server."""
    attributes = tuple([each for each in message.attributes if each[0] != STATE])
    if access.proof is Proof.CHAP and message.first(CHAP_CHALLENGE) is None:
        return (*attributes, (CHAP_CHALLENGE, message.authenticator))
    return attributes


def _name_in(attributes: Attributes) -> str:
    """The name in an acceptance (RFC 2865 §5.1), empty if there is none that can be read."""
    octets = next((value for number, value in attributes if number == USER_NAME), b"")
    try:
        return octets.decode().rstrip("\0")
    except UnicodeDecodeError:
        return ""


def _mismatch(detail: str) -> PasswordVerdict:
    return PasswordVerdict(PasswordVerdictKind.MISMATCH, detail=f"radius.verdict.{detail}")


def _unavailable(detail: str) -> PasswordVerdict:
    return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE, detail=detail)


def _encoded(attributes: Attributes) -> Secret[bytes]:
    return Secret(msgspec.msgpack.encode(attributes))


def _decoded(held: Secret[bytes]) -> Attributes:
    return msgspec.msgpack.decode(held.reveal(), type=Attributes)
