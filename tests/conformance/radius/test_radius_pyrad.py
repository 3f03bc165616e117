"""The codec against pyrad, an independent implementation: what one writes, the other reads, both ways."""

import io

from hypothesis import given
from hypothesis import strategies as st
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, AccessChallenge, AccessReject, AuthPacket

from vestibule.wire.radius import (
    AccessRequest,
    CheckedReply,
    HiddenPassword,
    Message,
    Proof,
    SharedSecret,
    Signature,
    check_reply,
    decode,
    read_access_request,
    signer,
)
from vestibule.wire.radius.numbers import (
    ACCESS_REQUEST,
    NAS_IDENTIFIER,
    PROXY_STATE,
    REPLY_MESSAGE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
)

DICTIONARY = Dictionary(
    io.StringIO(
        "ATTRIBUTE User-Name 1 string\nATTRIBUTE User-Password 2 string encrypt=1\n"
        "ATTRIBUTE Reply-Message 18 string\nATTRIBUTE State 24 octets\nATTRIBUTE NAS-Identifier 32 string\n"
        "ATTRIBUTE Proxy-State 33 octets\nATTRIBUTE Message-Authenticator 80 octets\n"
    )
)

secrets = st.binary(min_size=1, max_size=100)
authenticators = st.binary(min_size=16, max_size=16)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
passwords = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
values = st.binary(min_size=1, max_size=253)


def pyrad_request(secret: bytes, authenticator: bytes, identifier: int) -> AuthPacket:
    return AuthPacket(id=identifier, secret=secret, authenticator=authenticator, dict=DICTIONARY)


@given(secrets, authenticators, st.integers(0, 255), names, passwords, st.lists(values, max_size=3))
def test_request_written_by_pyrad(
    secret: bytes, authenticator: bytes, identifier: int, name: str, password: str, proxies: list[bytes]
) -> None:
    theirs = pyrad_request(secret, authenticator, identifier)
    theirs["User-Name"] = name
    theirs["User-Password"] = theirs.PwCrypt(password)
    for value in proxies:
        theirs.AddAttribute("Proxy-State", value)
    theirs.add_message_authenticator()
    message = decode(theirs.RequestPacket())
    assert isinstance(message, Message)
    assert (message.code, message.identifier, message.authenticator) == (1, identifier, authenticator)
    ours = SharedSecret(secret)
    assert signer(message, (SharedSecret(b"another" + secret), ours)) is ours
    read = read_access_request(message)
    assert isinstance(read, AccessRequest)
    assert read.user_name == name
    assert read.proof is Proof.PASSWORD
    assert list(read.proxy_states) == proxies
    assert read.hidden_password is not None
    assert ours.reveal(read.hidden_password, authenticator) == password.encode()


@given(secrets, authenticators, st.integers(0, 255), names, passwords, values)
def test_request_read_by_pyrad(
    secret: bytes, authenticator: bytes, identifier: int, name: str, password: str, state: bytes
) -> None:
    ours = SharedSecret(secret)
    written = ours.encode_request(
        ACCESS_REQUEST,
        identifier,
        authenticator,
        [
            (USER_NAME, name.encode()),
            (USER_PASSWORD, ours.hide(password.encode(), authenticator)),
            (STATE, state),
            (NAS_IDENTIFIER, b"vpn"),
        ],
    )
    theirs = AuthPacket(packet=written, secret=secret, dict=DICTIONARY)
    assert theirs.verify_message_authenticator()
    assert theirs["User-Name"] == [name]
    assert theirs.PwDecrypt(theirs["User-Password"][0]) == password
    assert theirs["State"] == [state]


@given(secrets, authenticators, st.sampled_from([AccessAccept, AccessReject, AccessChallenge]), values)
def test_reply_written_by_pyrad(secret: bytes, authenticator: bytes, code: int, state: bytes) -> None:
    theirs = pyrad_request(secret, authenticator, 7)
    theirs["User-Name"] = "alice"
    request = decode(theirs.RequestPacket())
    assert isinstance(request, Message)
    reply = theirs.CreateReply()
    reply.code = code
    reply["State"] = state
    reply.add_message_authenticator()
    checked = check_reply(reply.ReplyPacket(), request, SharedSecret(secret))
    assert isinstance(checked, CheckedReply)
    assert checked.message.code == code
    assert checked.message.values(STATE) == [state]
    assert checked.signature is Signature.FIRST


@given(secrets, authenticators, st.sampled_from([2, 3, 11]), st.lists(values, max_size=4))
def test_reply_read_by_pyrad(secret: bytes, authenticator: bytes, code: int, proxies: list[bytes]) -> None:
    """RA-08: pyrad, too, finds the signature of the reply valid and at the front."""
    theirs = pyrad_request(secret, authenticator, 9)
    theirs["User-Name"] = "alice"
    for value in proxies:
        theirs.AddAttribute("Proxy-State", value)
    request = decode(theirs.RequestPacket())
    assert isinstance(request, Message)
    attributes = [(REPLY_MESSAGE, b"hello"), *((PROXY_STATE, value) for value in proxies)]
    written = SharedSecret(secret).encode_reply(code, request, attributes)
    reply = theirs.CreateReply(packet=written)
    assert theirs.VerifyReply(reply, written)
    assert reply.verify_message_authenticator(original_authenticator=authenticator)
    assert reply.code == code
    assert reply.get("Proxy-State", []) == proxies
    assert written[20:22] == b"\x50\x12"


@given(secrets, authenticators, passwords)
def test_password_through_a_wrong_secret_is_another(
    secret: bytes, authenticator: bytes, password: str
) -> None:
    hidden = pyrad_request(secret, authenticator, 1).PwCrypt(password)
    revealed = SharedSecret(secret + b"?").reveal(hidden, authenticator)
    assert isinstance(revealed, HiddenPassword) or revealed != password.encode()
