"""A program of somebody else that is told of events over HTTPS.

Whoever sets one up names where we connect to, so it may lead to the open Internet only, but for hosts that
the administrator of the installation has named: every address of the host is judged, and the connection goes
to one that was, never to the name again (WEB-18). No redirect is followed. URL and body are never logged.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from vestibule.crypto.secret import Secret
from vestibule.gateways.webhook.settings import WebhookSettings, is_named, place
from vestibule.gateways.webhook.signature import key_of, signature
from vestibule.interfaces.gateway import Errand, NotSent, Sending, Sent, Unsure, Webhook
from vestibule.outbound.http import HttpClient, NoAnswer, Request
from vestibule.outbound.public_address import addresses_of, is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class WebhookGateway:
    """Implements `Gateway`."""

    def __init__(
        self,
        settings: WebhookSettings,
        secret: Secret[str],
        private_hosts: frozenset[str],
        *,
        resolve: Resolve = addresses_of,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError naming the setting that is wrong."""
        self._settings = settings
        self._key = key_of(secret)
        self._host, self._port = place(settings.url)
        self._may_be_private = is_named(self._host, self._port, private_hosts)
        self._resolve = resolve
        self._now = now
        self._client = HttpClient(timeout_seconds=settings.timeout_seconds, ca_file=settings.ca_file)

    async def send(self, errand: Errand) -> Sending:
        if not isinstance(errand, Webhook):
            return NotSent("gateway.cause.not_carried")
        try:
            addresses = await self._resolve(self._host, self._port)
        except OSError:
            return NotSent("webhook.cause.unreachable")
        if not self._may_be_private and not all(map(is_public, addresses)):
            return NotSent("webhook.cause.not_public")
        answer = await self._client.ask(self._request(errand, addresses[0]))
        if isinstance(answer, NoAnswer):
            outcome = Unsure if answer.has_left else NotSent
            return outcome(f"webhook.cause.{answer.trouble}")
        if 200 <= answer.status < 300:
            return Sent("")
        name = "redirected" if 300 <= answer.status < 400 else "refused"
        return NotSent(f"webhook.cause.{name} {answer.status}")

    async def close(self) -> None:
        await self._client.close()

    def _request(self, event: Webhook, address: str) -> Request:
        # The time of this try, not of the event: a receiver refuses what is older than some minutes.
        at = int(self._now())
        return Request(
            method="POST",
            url=self._settings.url,
            headers=(
                ("content-type", "application/json"),
                ("webhook-id", event.dispatch_id),
                ("webhook-timestamp", str(at)),
                ("webhook-signature", signature(self._key, event.dispatch_id, at, event.body)),
            ),
            body=event.body,
            address=address,
        )
