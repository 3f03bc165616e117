"""Which datagrams of a known client are taken, and as what."""

import pytest

from tests.unit.frontends.radius.scripted import (
    AUTHENTICATOR,
    NOW,
    SHARED,
    radius_client,
    sign_in_request,
    unsigned_request,
)
from vestibule.frontends.radius.admission import Admitted, Fate, Unanswerable, admit
from vestibule.wire.radius import SharedSecret, Unusable
from vestibule.wire.radius.numbers import EAP_MESSAGE, PROXY_STATE, STATUS_SERVER, USER_NAME

OLD, NEW = b"the old secret of the client", b"the new secret of the client"
PROXY = (PROXY_STATE, b"p")


def test_signed_request_is_taken() -> None:
    found = admit(sign_in_request(), radius_client(), NOW)
    assert isinstance(found, Admitted)
    assert found.access is not None
    assert found.access.user_name == "alice"


@pytest.mark.parametrize(
    ("datagram", "fate"),
    [
        (b"", Fate.MALFORMED),
        (sign_in_request()[:-1], Fate.MALFORMED),
        (unsigned_request(), Fate.UNSIGNED),
        (sign_in_request(secret=SharedSecret(b"of somebody else")), Fate.BAD_SIGNATURE),
        (SHARED.encode_request(4, 1, AUTHENTICATOR, []), Fate.ACCOUNTING),
        (SHARED.encode_request(2, 1, AUTHENTICATOR, []), Fate.OTHER_CODE),
        (sign_in_request(b"x", *[(PROXY_STATE, bytes(250))] * 13), Fate.PROXY_STATE),
    ],
)
def test_what_is_dropped_in_silence(datagram: bytes, fate: Fate) -> None:
    """RA-06, RA-07, RA-11, RA-14."""
    assert admit(datagram, radius_client(), NOW) is fate


@pytest.mark.parametrize(("step", "is_taken"), [("require", False), ("warn", True), ("observe", True)])
def test_signature_is_demanded_as_set(step: str, is_taken: bool) -> None:
    """RA-06: only the highest step drops."""
    found = admit(unsigned_request(), radius_client({"message_authenticator": step}), NOW)
    assert isinstance(found, Admitted) is is_taken
    assert is_taken or found is Fate.UNSIGNED


def test_wrong_signature_is_never_taken_for_none() -> None:
    """RA-07: a client that need not sign may not sign wrongly either."""
    client = radius_client({"message_authenticator": "observe"})
    for position in (22, 37):
        changed = bytearray(sign_in_request())
        changed[position] ^= 1
        assert admit(bytes(changed), client, NOW) is Fate.BAD_SIGNATURE


def test_unsigned_proxy_state_is_dropped_unless_allowed() -> None:
    """RA-09."""
    client = radius_client({"message_authenticator": "observe"})
    assert admit(unsigned_request(PROXY), client, NOW) is Fate.PROXY_STATE
    client = radius_client({"message_authenticator": "observe", "limit_proxy_state": False})
    assert isinstance(admit(unsigned_request(PROXY), client, NOW), Admitted)
    assert isinstance(admit(sign_in_request(b"x", PROXY), radius_client(), NOW), Admitted)


def test_status_server_and_eap_are_never_taken_unsigned() -> None:
    """RA-21 (RFC 5997 §3), RA-17 (RFC 3579 §3.1)."""
    client = radius_client({"message_authenticator": "observe"})
    assert admit(unsigned_request(code=STATUS_SERVER), client, NOW) is Fate.UNSIGNED
    assert admit(unsigned_request((EAP_MESSAGE, b"\2\1\0\4")), client, NOW) is Fate.UNSIGNED
    found = admit(SHARED.encode_request(STATUS_SERVER, 1, AUTHENTICATOR, []), client, NOW)
    assert isinstance(found, Admitted)
    assert found.access is None


def test_unusable_contents_are_answerable() -> None:
    """RA-15: two names from a client that holds the secret: it may be told, but nobody is looked up."""
    found = admit(sign_in_request(b"x", (USER_NAME, b"bob")), radius_client(), NOW)
    assert isinstance(found, Unanswerable)
    assert found.why is Unusable.REPEATED_ATTRIBUTE


def test_two_secrets_during_a_rotation() -> None:
    """RA-27: both work until the old one's end, then it does not."""
    client = radius_client(secrets=((None, NEW), (NOW + 1000, OLD)))
    for secret in (OLD, NEW):
        assert isinstance(admit(sign_in_request(secret=SharedSecret(secret)), client, NOW + 999), Admitted)
    late = NOW + 1000
    assert isinstance(admit(sign_in_request(secret=SharedSecret(NEW)), client, late), Admitted)
    assert admit(sign_in_request(secret=SharedSecret(OLD)), client, late) is Fate.BAD_SIGNATURE


def test_unsigned_request_is_read_with_the_secret_that_fits() -> None:
    """RA-27 for clients that do not sign: only the password can tell the secrets apart."""
    client = radius_client({"message_authenticator": "observe"}, secrets=((None, NEW), (None, OLD)))
    for secret in (OLD, NEW):
        found = admit(unsigned_request(secret=SharedSecret(secret)), client, NOW)
        assert isinstance(found, Admitted)
        assert found.access is not None
        assert found.access.hidden_password is not None
        assert found.secret.reveal(found.access.hidden_password, AUTHENTICATOR) == b"password"


def test_client_whose_secrets_have_all_ended() -> None:
    client = radius_client({"message_authenticator": "observe"}, secrets=((NOW, OLD),))
    assert admit(sign_in_request(secret=SharedSecret(OLD)), client, NOW) is Fate.BAD_SIGNATURE
    assert admit(unsigned_request(secret=SharedSecret(OLD)), client, NOW) is Fate.BAD_SIGNATURE
