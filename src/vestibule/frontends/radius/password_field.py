"""What stands in the field where a person types his password, by the mode of the client, and the wait for an
answer that comes on another road. The same wherever the field is: in PAP, or inside an EAP tunnel.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from vestibule.catalog import LANGUAGES
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.proxy import answered_elsewhere
from vestibule.model.combined_password import Unsplittable, split
from vestibule.model.radius_client import Mode
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications


class Start(Protocol):
    """Begins a verification, as `Verifications.start` does."""

    def __call__(
        self, origin: Origin, password: Secret[str] | None, passcode: Secret[str] | None = None, /
    ) -> Awaitable[Progress]: ...


class PasswordField:
    def __init__(self, verifications: Verifications, configuration: ConfigurationCache) -> None:
        self._verifications = verifications
        self._configuration = configuration

    def start(
        self, origin: Origin, typed: Secret[str], client: RadiusClient, proxied: Start | None = None
    ) -> Awaitable[Progress]:
        """Begin a verification with what was typed; by `proxied` where another server judges passwords."""
        # Nobody is ever asked about an empty password.
        start: Start = self._verifications.start if proxied is None or not typed else proxied
        if client.peer.application.is_legacy:
            return start(origin, typed)
        match client.settings.mode:
            case Mode.CHALLENGE:
                return start(origin, typed)
            case Mode.PASSCODE_ONLY:
                return self._verifications.start(origin, None, typed or None)
            case Mode.OUT_OF_BAND:
                return start(answered_elsewhere(origin), typed)
            case Mode.COMBINED:
                parts = split(typed, client.settings.passcode_length)
                if parts is Unsplittable.NO_PASSCODE and typed:
                    return start(answered_elsewhere(origin), typed)
                if parts is Unsplittable.NO_PASSCODE:
                    return self._verifications.refuse(origin, Reason.PASSCODE_MALFORMED)
                if parts is Unsplittable.NO_PASSWORD:
                    return self._verifications.refuse(origin, Reason.PASSWORD_MISSING)
                return start(origin, parts.password, parts.passcode)

    async def waited(
        self, origin: Origin, progress: Progress, client: RadiusClient, *, is_first: bool, can_ask: bool
    ) -> Progress | None:
        """Wait for an answer that comes on another road, for as long as the client has patience. `is_first`:
        the person has been asked nothing yet; `can_ask`: he can be. None: another request is answered
        instead."""
        challenge = progress.challenge
        if not progress.is_answered_elsewhere or (is_first and challenge is not None and challenge.number):
            # Nobody can answer with a number that he has not seen yet.
            return progress
        waited = await self._verifications.wait(origin, progress, client.settings.response_seconds)
        if waited is not None and waited.is_pending and not can_ask:
            # Nothing can be asked of the person here: with the patience of his client it is over.
            return await self._verifications.give_up(origin, waited)
        return waited

    def language(self, client: RadiusClient, own: str = "") -> str:
        """Return the language of who is asked, else the tenant's: a rejection is told to nobody known."""
        tenant = self._configuration.current.tenants.get(client.client.tenant_id)
        language = own or (tenant.settings.language if tenant else "")
        return language if language in LANGUAGES else LANGUAGES[0]
