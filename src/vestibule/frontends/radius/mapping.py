"""Between messages and commands: what a sign-in asks of the service, and what the answer looks like on the
wire.

Decides nothing: it reads, asks `Verifications` and writes down what that says. No attribute of a request is
ever copied into a reply, but Proxy-State, which belongs to the proxies between (RFC 2865 §5.33). The texts
of a rejection are the same for an unknown user, a wrong password and a locked user; only who has proven the
password is told more.
"""

from __future__ import annotations

from collections.abc import Awaitable
from hashlib import blake2b
from ipaddress import ip_address
from urllib.parse import urlsplit

from vestibule.catalog import text
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.eap import EapServer
from vestibule.frontends.radius.grants import Acceptance
from vestibule.frontends.radius.ms_chap import MsChap
from vestibule.frontends.radius.password_field import PasswordField
from vestibule.frontends.radius.prompts import prompt
from vestibule.frontends.radius.proxy import CARRIED, Ended, Onward, Proxy, SignIn
from vestibule.model.radius_client import Mode
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.granting import Grants
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications
from vestibule.wire.radius import (
    AccessRequest,
    Attribute,
    HiddenPassword,
    Message,
    Proof,
    SharedSecret,
    reply_messages,
)
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    EAP_MESSAGE,
    PROXY_STATE,
    STATE,
)

CHANNEL = "radius"

_SPOKEN = (Proof.PASSWORD, Proof.NONE)
_KEY_PERIOD_MS = 300_000
_LONGEST_STATION = 64
_EAP_FAILURE = 4


def fingerprint(message: Message, client: RadiusClient, salt: bytes = b"") -> bytes:
    """Return 16 octets that stand for this very packet of this client, and of the connection of `salt`."""
    key = client.client.client_id.encode()[:64]
    return blake2b(message.octets, digest_size=16, key=key, salt=salt).digest()


class Mapping:
    """Turns one Access-Request into one reply."""

    def __init__(
        self,
        verifications: Verifications,
        configuration: ConfigurationCache,
        proxy: Proxy,
        public_url: str = "",
        eap: EapServer | None = None,
        ms_chap: MsChap | None = None,
        grants: Grants | None = None,
    ) -> None:
        """Without `eap` and `ms_chap`, these end nowhere here: they are carried to another server or
        refused."""
        self._verifications = verifications
        self._field = PasswordField(verifications, configuration)
        self._proxy = proxy
        self._acceptance = Acceptance(grants)
        self._public_url = public_url
        self._eap = eap
        self._ms_chap = ms_chap

    async def answer(
        self,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
        secret: SharedSecret,
        source: str,
        now: int,
        digest: bytes,
    ) -> bytes | None:
        """Return the reply; None if another request for the same sign-in came later and is answered
        instead. Raises `Unavailable` if nothing could be decided: then there is none, either."""
        # The key ends with its period: a packet recorded today starts anew tomorrow, it does not find
        # today's result.
        origin = Origin(
            peer=client.peer,
            channel=CHANNEL,
            claimed_username=access.user_name,
            client_address=source,
            user_address=_station(access.calling_station),
            idempotency_key=f"{CHANNEL}:{digest.hex()}:{now // _KEY_PERIOD_MS:x}",
            can_show=client.settings.mode.can_ask,
        )
        carried = await self._proxy.open(message, access, client)
        round_ = await self._round(message, access, client, secret, origin, now, carried)
        if round_ is None:
            return None
        if isinstance(round_, Onward):
            return self._encoded(ACCESS_CHALLENGE, round_.attributes, message, access, secret)
        origin = round_.origin
        can_ask = client.settings.mode.can_ask and access.proof not in CARRIED
        waited = round_.progress
        if waited.is_answered_elsewhere:
            later = await self._field.waited(
                origin, waited, client, is_first=access.state is None, can_ask=can_ask
            )
            if later is None:
                return None
            waited = later
        code, attributes = self._reply(waited, message, access, client, now)
        if waited.is_approved:
            theirs = round_.attributes if carried is None else await carried.reply_attributes(waited)
            given = await self._acceptance.attributes(waited, theirs, message, access, client, secret)
            if given is None:
                code, attributes = ACCESS_REJECT, _eap_failure(message, access)
            else:
                attributes = [*given]
        if code == ACCESS_REJECT:
            attributes += round_.rejection
        return self._encoded(code, attributes, message, access, secret)

    async def _round(
        self,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
        secret: SharedSecret,
        origin: Origin,
        now: int,
        carried: SignIn | None,
    ) -> Onward | Ended | None:
        """Take what the request proves, here or at the server behind. None: another request is answered
        instead."""
        if access.proof is Proof.EAP:
            if carried is not None:
                return await carried.next_round(origin, now // 1000)
            if self._eap is not None:
                return await self._eap.next_round(message, access, client, origin)
        if access.proof is Proof.MS_CHAP and carried is None and self._speaks_ms_chap(client):
            assert self._ms_chap is not None
            return await self._ms_chap.start(message, origin, has_state=access.state is not None)
        return Ended(origin, await self._asked(message, access, client, secret, origin, now, carried))

    def _speaks_ms_chap(self, client: RadiusClient) -> bool:
        return self._ms_chap is not None and self._ms_chap.is_spoken_with(client)

    @staticmethod
    def _encoded(
        code: int, attributes: list[Attribute], message: Message, access: AccessRequest, secret: SharedSecret
    ) -> bytes:
        states = [(PROXY_STATE, value) for value in access.proxy_states]
        return secret.encode_reply(code, message, [*attributes, *states])

    def _asked(
        self,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
        secret: SharedSecret,
        origin: Origin,
        now: int,
        carried: SignIn | None,
    ) -> Awaitable[Progress]:
        """The command that a request stands for."""
        is_unproven = access.proof is Proof.NONE and client.settings.mode is Mode.OUT_OF_BAND
        if carried is not None and (access.proof in CARRIED or is_unproven):
            return carried.start_elsewhere(origin)
        if access.proof not in _SPOKEN:
            return self._verifications.refuse(origin, Reason.PROTOCOL_UNSUPPORTED)
        typed = _typed(access, secret, message)
        if typed is None:
            reason = Reason.PASSWORD_WRONG if access.state is None else Reason.PASSCODE_MALFORMED
            return self._verifications.refuse(origin, reason)
        if access.state is None:
            return self._field.start(origin, typed, client, None if carried is None else carried.start)
        challenge_id = _challenge_id(access.state, access, client, now)
        if challenge_id is None:
            return self._verifications.refuse(origin, Reason.CHALLENGE_UNKNOWN)
        return self._verifications.answer(origin, challenge_id, typed)

    def _reply(
        self,
        progress: Progress,
        message: Message,
        access: AccessRequest,
        client: RadiusClient,
        now: int,
    ) -> tuple[int, list[Attribute]]:
        if progress.is_approved:
            return ACCESS_ACCEPT, []
        language = self._field.language(client, progress.language)
        if progress.is_pending and progress.challenge is not None:
            question = prompt(language, progress, is_again=access.state is not None)
            state_key = client.valid_secrets(now)[0].state_key
            state = state_key.seal(progress.challenge.challenge_id, client.client, access.user_name)
            return ACCESS_CHALLENGE, [(STATE, state), *reply_messages(question)]
        failure = _eap_failure(message, access)
        if failure:
            return ACCESS_REJECT, failure
        if _must_register(progress, access, client):
            words = reply_messages(self._where_to_register(language, client.client.tenant_id))
        else:
            words = reply_messages(text(language, _rejection(progress, access, client)))
        return ACCESS_REJECT, [*words]

    def _where_to_register(self, language: str, tenant_id: str) -> str:
        """Return the words that name the portal; by its address only where another machine reaches that."""
        if _is_for_this_machine(self._public_url):
            return text(language, "radius.registration_required_somewhere")
        return text(language, "radius.registration_required", portal=f"{self._public_url}/portal/{tenant_id}")


def _is_for_this_machine(url: str) -> bool:
    """Tell whether an address leads nobody elsewhere anywhere; an empty one leads nobody."""
    host = urlsplit(url).hostname or "localhost"
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _challenge_id(state: bytes, access: AccessRequest, client: RadiusClient, now: int) -> str | None:
    """The challenge that a State names, under the newest secret or one that is still valid beside it."""
    for secret in client.valid_secrets(now):
        challenge_id = secret.state_key.unseal(state, client.client, access.user_name)
        if challenge_id is not None:
            return challenge_id
    return None


def _typed(access: AccessRequest, secret: SharedSecret, message: Message) -> Secret[str] | None:
    """What was typed into the password field, empty if there is none; None if it is not readable.

    RFC 2865 §5.2 hides nothing in 16 octets; radcli, and so ocserv, sends nothing in none.
    """
    if not access.hidden_password:
        return Secret("")
    revealed = secret.reveal(access.hidden_password, message.authenticator)
    if isinstance(revealed, HiddenPassword):
        return None
    try:
        return Secret(revealed.decode())
    except UnicodeDecodeError:
        return None


def _must_register(progress: Progress, access: AccessRequest, client: RadiusClient) -> bool:
    """Tell whether he is told to register: only where, as below, this betrays nothing of the password."""
    is_told = access.proof in _SPOKEN and client.settings.mode.can_ask
    return is_told and progress.reason is Reason.REGISTRATION_REQUIRED


def _rejection(progress: Progress, access: AccessRequest, client: RadiusClient) -> str:
    """The text of a rejection, which must not tell an attacker whether a guessed password was right."""
    if progress.reason is Reason.PROTOCOL_UNSUPPORTED:
        return "radius.protocol_unsupported"
    if access.state is not None:
        return "radius.passcode_refused"
    is_challenged = client.settings.mode.can_ask and access.proof in _SPOKEN
    if is_challenged and progress.reason is Reason.NO_AUTHENTICATOR:
        # Here the right password leads to a question, so this text tells no more than the question would.
        return "radius.no_authenticator"
    return "radius.refused"


def _eap_failure(message: Message, access: AccessRequest) -> list[Attribute]:
    """RFC 3579 §2.6.3, §2.6.5: a rejection of EAP says so in EAP, and nothing beside it; else the peer waits
    for its end of time."""
    if access.proof not in {Proof.EAP, Proof.SEVERAL}:
        return []
    response = message.first(EAP_MESSAGE)
    if response is None or len(response) < 2:
        return []
    return [(EAP_MESSAGE, bytes((_EAP_FAILURE, response[1], 0, 4)))]


def _station(calling_station: str) -> str:
    """Where the user is, as the client tells it: an address or a telephone number, cut to a sane length."""
    return calling_station[:_LONGEST_STATION] if calling_station.isprintable() else ""
