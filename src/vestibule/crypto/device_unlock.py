"""The unlock of a device (fingerprint, face, screen lock) as proof: WebAuthn with user verification.

A credential is made by the device itself and bound to the server's origin. What is proven each time is
a text: its SHA-256 is the challenge, so that an assertion is good for nothing else (PU-06, PU-07). User
presence and user verification are demanded, and only ES256 and RS256 keys are taken (PU-11).

The library is loaded at its first use: that takes longer than many a command, and few need it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec


class NotUnlocked(Exception):
    """What came does not prove that the device was unlocked for this text."""


class Credential(msgspec.Struct, frozen=True):
    """What the server keeps of a device's credential; the octets are base64url."""

    credential_id: str
    public_key: str
    counter: int
    """Of its signatures; platforms that do not count leave it at 0."""


class Made(msgspec.Struct, frozen=True):
    """A new credential as the device tells it, in base64url."""

    credential_id: str
    client_data: str
    attestation: str


class Assertion(msgspec.Struct, frozen=True):
    """A use of a credential as the device tells it, in base64url."""

    client_data: str
    authenticator_data: str
    signature: str


def challenge_of(text: bytes) -> bytes:
    return sha256(text).digest()


def credential_of(made: Made, text: bytes, origin: str) -> Credential:
    """Return the credential that was made for `text` at `origin`; raises NotUnlocked."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - loaded at first use
    from webauthn.helpers import (  # noqa: PLC0415 - loaded at first use
        bytes_to_base64url,
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415 - loaded at first use
    from webauthn.helpers.structs import (  # noqa: PLC0415 - loaded at first use
        AuthenticatorAttestationResponse,
        RegistrationCredential,
    )

    raw_id = _octets(made.credential_id)
    response = AuthenticatorAttestationResponse(
        client_data_json=_octets(made.client_data), attestation_object=_octets(made.attestation)
    )
    try:
        found = verify_registration_response(
            credential=RegistrationCredential(id=made.credential_id, raw_id=raw_id, response=response),
            expected_challenge=challenge_of(text),
            expected_rp_id=_host(origin),
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=[
                COSEAlgorithmIdentifier.ECDSA_SHA_256,
                COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
            ],
        )
        # The library looks at the algorithm alone: of a key that is none it would tell nothing until its use.
        decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key))
    except Exception as wrong:  # It reads octets of strangers: whatever it raises, nothing is proven.
        raise NotUnlocked from wrong
    if found.credential_id != raw_id:
        raise NotUnlocked
    return Credential(made.credential_id, bytes_to_base64url(found.credential_public_key), found.sign_count)


def used(credential: Credential, assertion: Assertion, text: bytes, origin: str) -> Credential:
    """Return the credential with its counter after this use for `text` at `origin`; raises NotUnlocked."""
    from webauthn import verify_authentication_response  # noqa: PLC0415 - loaded at first use
    from webauthn.helpers.structs import (  # noqa: PLC0415 - loaded at first use
        AuthenticationCredential,
        AuthenticatorAssertionResponse,
    )

    response = AuthenticatorAssertionResponse(
        client_data_json=_octets(assertion.client_data),
        authenticator_data=_octets(assertion.authenticator_data),
        signature=_octets(assertion.signature),
    )
    raw_id = _octets(credential.credential_id)
    try:
        found = verify_authentication_response(
            credential=AuthenticationCredential(
                id=credential.credential_id, raw_id=raw_id, response=response
            ),
            expected_challenge=challenge_of(text),
            expected_rp_id=_host(origin),
            expected_origin=origin,
            credential_public_key=_octets(credential.public_key),
            credential_current_sign_count=credential.counter,
            require_user_verification=True,
        )
    except Exception as wrong:  # As above.
        raise NotUnlocked from wrong
    return msgspec.structs.replace(credential, counter=found.new_sign_count)


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _octets(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise NotUnlocked from None
