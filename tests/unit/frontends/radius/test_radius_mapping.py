"""Messages to commands, and progress to replies."""

from typing import Any

import pytest

from tests.unit.frontends.radius.scripted import (
    APPROVED,
    AUTHENTICATOR,
    CHALLENGE_ID,
    DENIED,
    NOW,
    PENDING,
    SECRET,
    SHARED,
    Call,
    ScriptedVerifications,
    configuration,
    decoded,
    progress,
    radius_client,
    sign_in_request,
)
from vestibule.catalog import text
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.admission import Admitted, admit
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.mapping import Mapping, fingerprint
from vestibule.frontends.radius.proxy import Proxy
from vestibule.frontends.radius.state import StateKey
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress
from vestibule.wire.radius import Message
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    CALLING_STATION_ID,
    CHAP_PASSWORD,
    EAP_MESSAGE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    REPLY_MESSAGE,
    SERVICE_TYPE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
    VENDOR_SPECIFIC,
)

MS_CHAP2 = (VENDOR_SPECIFIC, b"\0\0\x01\x37\x19\x03x")


async def exchange(
    datagram: bytes,
    outcome: Progress = DENIED,
    client: RadiusClient | None = None,
    language: str = "en",
    public_url: str = "https://id.example.org",
) -> tuple[Message, ScriptedVerifications]:
    client = client or radius_client()
    verifications = ScriptedVerifications(outcome)
    held = configuration(client.peer, language=language)
    proxy = Proxy(verifications.service, None, lambda *_: None)
    mapping = Mapping(verifications.service, held, proxy, public_url)
    request = admit(datagram, client, NOW)
    assert isinstance(request, Admitted)
    assert request.access is not None
    digest = fingerprint(request.message, client)
    octets = await mapping.answer(
        request.message, request.access, client, request.secret, "127.0.0.1", NOW, digest
    )
    reply = decoded(octets)
    assert SHARED.has_answered(reply, AUTHENTICATOR)
    assert SHARED.has_signed(reply, AUTHENTICATOR)
    assert reply.attributes[0][0] == MESSAGE_AUTHENTICATOR
    return reply, verifications


def words(reply: Message) -> str:
    return b"".join(reply.values(REPLY_MESSAGE)).decode()


def client_in(mode: str, **settings: Any) -> RadiusClient:
    return radius_client({"mode": mode, **settings})


STATE_OF_ALICE = StateKey(Secret(SECRET)).seal(CHALLENGE_ID, radius_client().client, "alice")
ANSWER = (STATE, STATE_OF_ALICE)


@pytest.mark.parametrize(
    ("mode", "typed", "call"),
    [
        ("challenge", b"secret", ("start", "secret", None)),
        ("challenge", b"secret123456", ("start", "secret123456", None)),
        ("challenge", b"", ("start", "", None)),
        ("challenge", None, ("start", "", None)),
        ("challenge", "kennwört".encode(), ("start", "kennwört", None)),
        ("combined", b"secret123456", ("start", "secret", "123456")),
        ("combined", b"123456", ("refuse", Reason.PASSWORD_MISSING)),
        ("combined", b"secret", ("start", "secret", None)),
        ("combined", b"", ("refuse", Reason.PASSCODE_MALFORMED)),
        ("combined", None, ("refuse", Reason.PASSCODE_MALFORMED)),
        ("passcode_only", b"123456", ("start", None, "123456")),
        ("passcode_only", b"", ("start", None, None)),
        ("passcode_only", None, ("start", None, None)),
    ],
)
async def test_command_of_each_mode(mode: str, typed: bytes | None, call: Call) -> None:
    """OTP-20, OTP-13: what stands in the field, in each mode; an empty password is never a password."""
    _, verifications = await exchange(sign_in_request(typed), client=client_in(mode))
    assert verifications.calls == [call]


async def test_nothing_typed_may_be_nothing_sent() -> None:
    """The question of a challenge answered by Enter, as ocserv sends it."""
    request = sign_in_request(None, ANSWER, (USER_PASSWORD, b""))
    _, verifications = await exchange(request, client=client_in("challenge"))
    assert verifications.calls == [("answer", CHALLENGE_ID, "")]


async def test_combined_length_is_the_clients() -> None:
    client = client_in("combined", passcode_length=8)
    _, verifications = await exchange(sign_in_request(b"secret12345678"), client=client)
    assert verifications.calls == [("start", "secret", "12345678")]


@pytest.mark.parametrize("mode", ["challenge", "combined", "passcode_only"])
async def test_answer_to_a_challenge_is_the_same_in_every_mode(mode: str) -> None:
    _, verifications = await exchange(sign_in_request(b"123456", ANSWER), client=client_in(mode))
    assert verifications.calls == [("answer", CHALLENGE_ID, "123456")]


async def test_answer_under_a_rotated_secret() -> None:
    """RA-27: a challenge begun under the old secret is answered while that one is valid."""
    client = radius_client(secrets=((None, b"the new secret"), (NOW + 1, SECRET)))
    _, verifications = await exchange(sign_in_request(b"123456", ANSWER), client=client)
    assert verifications.calls == [("answer", CHALLENGE_ID, "123456")]


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (b"", b"alice"),
        (b"x" * 253, b"alice"),
        (STATE_OF_ALICE[:-1], b"alice"),
        (STATE_OF_ALICE + b"\0", b"alice"),
        (STATE_OF_ALICE, b"bob"),
    ],
)
async def test_state_that_is_not_this_users(state: bytes, name: bytes) -> None:
    """RA-15: refused and recorded; it neither answers nor starts anything."""
    reply, verifications = await exchange(sign_in_request(b"123456", (STATE, state), name=name))
    assert verifications.calls == [("refuse", Reason.CHALLENGE_UNKNOWN)]
    assert reply.code == ACCESS_REJECT


@pytest.mark.parametrize(
    "attribute", [(CHAP_PASSWORD, bytes(17)), MS_CHAP2, (EAP_MESSAGE, b"\2\7\0\x0a\1alice")]
)
@pytest.mark.parametrize("typed", [None, b"secret"])
@pytest.mark.parametrize("mode", ["challenge", "combined", "passcode_only"])
async def test_other_protocols_are_refused(
    attribute: tuple[int, bytes], typed: bytes | None, mode: str
) -> None:
    """RA-17: with or without a password beside it, with or without a State; never one factor for two."""
    for more in ((), (ANSWER,)):
        datagram = sign_in_request(typed, attribute, *more)
        reply, verifications = await exchange(datagram, APPROVED, client_in(mode))
        assert verifications.calls == [("refuse", Reason.PROTOCOL_UNSUPPORTED)]
        assert reply.code == ACCESS_REJECT
        is_told = attribute[0] != EAP_MESSAGE
        assert words(reply) == (text("en", "radius.protocol_unsupported") if is_told else "")


async def test_rejected_eap_ends_with_an_eap_failure() -> None:
    """RA-17 (RFC 3579 §2.6.3, §2.6.5): code 4, the identifier of the response, and no text beside it."""
    reply, _ = await exchange(sign_in_request(None, (EAP_MESSAGE, b"\2\7\0\x0a\1alice")))
    assert reply.values(EAP_MESSAGE) == [b"\4\7\0\4"]
    reply, _ = await exchange(sign_in_request(None, (EAP_MESSAGE, b"\2")))
    assert reply.values(EAP_MESSAGE) == []


@pytest.mark.parametrize("typed", [b"\xff\xfe", "kennwört".encode("latin-1")])
async def test_password_that_is_no_text_goes_nowhere(typed: bytes) -> None:
    """RA-13."""
    _, verifications = await exchange(sign_in_request(typed))
    assert verifications.calls == [("refuse", Reason.PASSWORD_WRONG)]
    _, verifications = await exchange(sign_in_request(typed, ANSWER))
    assert verifications.calls == [("refuse", Reason.PASSCODE_MALFORMED)]


async def test_origin_tells_who_asks() -> None:
    station = (CALLING_STATION_ID, b"203.0.113.9")
    _, verifications = await exchange(sign_in_request(b"x", station))
    origin = verifications.origins[0]
    assert (origin.channel, origin.claimed_username) == ("radius", "alice")
    assert (origin.client_address, origin.user_address) == ("127.0.0.1", "203.0.113.9")


@pytest.mark.parametrize(("station", "kept"), [(b"a\x1b[0m", ""), (b"x" * 200, "x" * 64), (b"\xff", "")])
async def test_station_is_harmless(station: bytes, kept: str) -> None:
    _, verifications = await exchange(sign_in_request(b"x", (CALLING_STATION_ID, station)))
    assert verifications.origins[0].user_address == kept


async def test_key_is_of_this_packet_and_this_client() -> None:
    """RA-03, RA-05: any other octet, client or time is another request."""
    keys = set()
    for datagram, client in (
        (sign_in_request(b"x"), radius_client()),
        (sign_in_request(b"x"), radius_client(client_id="client-2")),
        (sign_in_request(b"y"), radius_client()),
        (sign_in_request(b"x", identifier=2), radius_client()),
        (sign_in_request(b"x", name=b"bob"), radius_client()),
    ):
        _, verifications = await exchange(datagram, client=client)
        keys.add(verifications.origins[0].idempotency_key)
    _, again = await exchange(sign_in_request(b"x"))
    assert len(keys) == 5
    assert again.origins[0].idempotency_key in keys


async def test_acceptance_is_bare() -> None:
    """RA-19: nothing that the client sent comes back as if it were granted."""
    asked = [
        (SERVICE_TYPE, b"\0\0\0\6"),
        (25, b"class"),
        (11, b"filter"),
        (USER_NAME + 7, b"\1\2\3\4"),
        MS_CHAP2,
    ]
    reply, _ = await exchange(sign_in_request(b"secret", *asked[:-1]), APPROVED)
    assert reply.code == ACCESS_ACCEPT
    assert [number for number, _ in reply.attributes] == [MESSAGE_AUTHENTICATOR]


@pytest.mark.parametrize("outcome", [APPROVED, DENIED, PENDING])
async def test_proxy_state_comes_back_in_order(outcome: Progress) -> None:
    """RA-16."""
    states = [(PROXY_STATE, b"two"), (PROXY_STATE, b"one"), (PROXY_STATE, b"two"), (PROXY_STATE, b"")]
    reply, _ = await exchange(sign_in_request(b"secret", *states), outcome)
    assert [attribute for attribute in reply.attributes if attribute[0] == PROXY_STATE] == states


async def test_challenge_carries_state_and_question() -> None:
    reply, _ = await exchange(sign_in_request(b"secret"), PENDING)
    assert reply.code == ACCESS_CHALLENGE
    assert reply.values(STATE) == [STATE_OF_ALICE]
    assert words(reply) == text("en", "radius.passcode")
    reply, _ = await exchange(sign_in_request(b"000000", ANSWER), PENDING)
    assert reply.code == ACCESS_CHALLENGE
    assert reply.values(STATE) == [STATE_OF_ALICE]
    assert words(reply) == text("en", "radius.passcode_again")


async def test_german_tenant() -> None:
    reply, _ = await exchange(sign_in_request(b"secret"), PENDING, language="de")
    assert words(reply) == text("de", "radius.passcode")
    reply, _ = await exchange(sign_in_request(b"secret"), PENDING, language="tlh")
    assert words(reply) == text("en", "radius.passcode")


@pytest.mark.parametrize("mode", ["challenge", "combined", "passcode_only"])
async def test_rejections_before_the_password_is_proven_are_all_alike(mode: str) -> None:
    """BF-10, BF-14, BF-15: unknown, wrong, locked, disabled: same octets."""
    replies = set()
    for reason in (
        Reason.UNKNOWN_USER,
        Reason.PASSWORD_WRONG,
        Reason.PASSWORD_MISSING,
        Reason.LOCKED_OUT,
        Reason.USER_DISABLED,
        Reason.DIRECTORY_REFUSED,
        Reason.PASSCODE_WRONG,
        Reason.PASSCODE_REPLAYED,
        Reason.FAULT,
    ):
        outcome = progress(VerificationState.DENIED, reason)
        reply, _ = await exchange(sign_in_request(b"secret123456"), outcome, client_in(mode))
        replies.add(reply.octets)
    assert len(replies) == 1
    assert decoded(replies.pop()).code == ACCESS_REJECT


async def test_combined_field_is_no_oracle_for_the_password() -> None:
    """OTP-20: no authenticator, or a wrong passcode behind a right password, looks like a wrong password."""
    client = client_in("combined")
    outcome = progress(VerificationState.DENIED, Reason.NO_AUTHENTICATOR)
    one, _ = await exchange(sign_in_request(b"secret123456"), outcome, client)
    other, _ = await exchange(sign_in_request(b"secret123456"), DENIED, client)
    assert one.octets == other.octets


async def test_who_has_proven_the_password_is_told_more() -> None:
    outcome = progress(VerificationState.DENIED, Reason.NO_AUTHENTICATOR)
    reply, _ = await exchange(sign_in_request(b"secret"), outcome)
    assert words(reply) == text("en", "radius.no_authenticator")
    reply, _ = await exchange(sign_in_request(b"000000", ANSWER), DENIED)
    assert words(reply) == text("en", "radius.passcode_refused")


@pytest.mark.parametrize("url", ["", "http://localhost", "https://127.0.0.1:8443", "http://[::1]:8080"])
async def test_who_must_register_is_sent_to_no_address_that_leads_nowhere(url: str) -> None:
    """ENR-03: where no portal is set that others reach, the words name it without an address."""
    outcome = progress(VerificationState.DENIED, Reason.REGISTRATION_REQUIRED)
    reply, _ = await exchange(sign_in_request(b"secret"), outcome, public_url=url)
    assert words(reply) == "Sign-in refused: register first, at the portal of your organization"


async def test_who_must_register_is_told_where() -> None:
    """ENR-03: a door that can show nothing names the one that can; not where that would betray a password."""
    outcome = progress(VerificationState.DENIED, Reason.REGISTRATION_REQUIRED)
    reply, _ = await exchange(sign_in_request(b"secret"), outcome)
    assert reply.code == ACCESS_REJECT
    assert "https://id.example.org/portal/" in words(reply)
    combined = client_in("combined")
    one, _ = await exchange(sign_in_request(b"secret123456"), outcome, combined)
    other, _ = await exchange(sign_in_request(b"secret123456"), DENIED, combined)
    assert one.octets == other.octets


async def test_every_state_but_approved_is_no_acceptance() -> None:
    """I8."""
    for state in VerificationState:
        for has_challenge in (True, False):
            outcome = progress(state, Reason.FAULT, has_challenge=has_challenge)
            reply, _ = await exchange(sign_in_request(b"secret"), outcome)
            assert (reply.code == ACCESS_ACCEPT) is (state is VerificationState.APPROVED)
