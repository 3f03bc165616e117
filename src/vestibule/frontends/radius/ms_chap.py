"""MS-CHAPv2 that ends here, where the tenant keeps NT hashes of the passwords that Vestibule keeps itself.

Invariants:
- The proof is the first factor of the one verification, counted before it is judged. Nothing can be typed
  after it, so the second factor comes on another road or the sign-in is refused (RA-17).
- Who is unknown, or has no NT hash, costs the same look and the same work.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec

from vestibule.crypto.ms_chap import CHALLENGE_OCTETS, NT_HASH_OCTETS, Proof, confirmation, is_proven, keys
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.proxy import Ended, answered_elsewhere
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.upstream import Attributes
from vestibule.model.application import FirstFactor
from vestibule.model.radius_client import Mode
from vestibule.model.user import User
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.nt_hashes import NtHashes
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications
from vestibule.wire.radius import Message
from vestibule.wire.radius.ms_chap import MsChap2, microsoft, ms_chap2_success, ms_chap_error, read_ms_chap2
from vestibule.wire.radius.numbers import MS_MPPE_RECV_KEY, MS_MPPE_SEND_KEY

_NOBODYS: Final = Secret(bytes(NT_HASH_OCTETS))


class Begun(msgspec.Struct, frozen=True):
    """A verification that has begun; `hashed` is there if the proof was right."""

    progress: Progress
    proof: Proof
    hashed: Secret[bytes] | None

    @property
    def confirmation(self) -> bytes:
        """What shows the device that the password is known here; empty if the proof was wrong."""
        return b"" if self.hashed is None else confirmation(self.proof, self.hashed)

    def granted(self, given: MsChap2) -> Attributes:
        """Return what goes with an acceptance."""
        if self.hashed is None:
            return ()
        receive, send = keys(self.proof, self.hashed)
        return (
            ms_chap2_success(given.identifier, self.confirmation),
            microsoft(MS_MPPE_RECV_KEY, receive.reveal()),
            microsoft(MS_MPPE_SEND_KEY, send.reveal()),
        )


class MsChap:
    """Judges proofs of MS-CHAPv2."""

    def __init__(self, verifications: Verifications, nt_hashes: NtHashes) -> None:
        self._verifications = verifications
        self._nt_hashes = nt_hashes

    def is_spoken_with(self, client: RadiusClient) -> bool:
        """Tell whether a client may prove passwords so."""
        application = client.peer.application
        is_local = application.first_factor is FirstFactor.LOCAL and not application.is_legacy
        may = is_local and client.settings.mode is not Mode.PASSCODE_ONLY
        return may and self._nt_hashes.are_kept(client.client.tenant_id)

    async def start(self, message: Message, origin: Origin, *, has_state: bool) -> Ended:
        """Begin a verification with the proof in a request. The attributes are those of an acceptance."""
        origin = answered_elsewhere(origin)
        given = read_ms_chap2(message)
        if given is None:
            return Ended(origin, await self._verifications.refuse(origin, Reason.PROTOCOL_UNSUPPORTED))
        if has_state:
            refused = await self._verifications.refuse(origin, Reason.CHALLENGE_UNKNOWN)
            return Ended(origin, refused, rejection=(_error(given),))
        begun = await self.begin(origin, given)
        return Ended(origin, begun.progress, begun.granted(given), (_error(given),))

    async def begin(self, origin: Origin, given: MsChap2) -> Begun:
        """Begin the verification of the person who is named in `origin`, with a proof of his password."""
        proof = Proof(
            origin.claimed_username, given.authenticator_challenge, given.peer_challenge, given.response
        )
        proven: list[Secret[bytes]] = []

        async def judge(user: User | None) -> PasswordVerdict:
            hashed = await self._nt_hashes.of(origin.peer.client.tenant_id, user)
            if not is_proven(proof, hashed or _NOBODYS) or hashed is None:
                detail = "radius.verdict.no_nt_hash" if user and not hashed else ""
                return PasswordVerdict(PasswordVerdictKind.MISMATCH, detail=detail)
            proven.append(hashed)
            return PasswordVerdict(PasswordVerdictKind.MATCH)

        progress = await self._verifications.start_judged(origin, judge)
        return Begun(progress, proof, proven[0] if proven else None)


def _error(given: MsChap2) -> tuple[int, bytes]:
    return ms_chap_error(given.identifier, os.urandom(CHALLENGE_OCTETS))
