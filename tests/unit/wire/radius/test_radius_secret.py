"""Hiding, revealing, signing and verifying with a shared secret."""

import copy
import hashlib
import hmac
import pickle

import pytest

from vestibule.wire.radius import HiddenPassword, Message, SharedSecret, decode, signer
from vestibule.wire.radius.digest import md5
from vestibule.wire.radius.numbers import ACCESS_REQUEST, MESSAGE_AUTHENTICATOR, USER_NAME

SECRET = SharedSecret(b"a secret of 24 octets ok")
AUTHENTICATOR = bytes(range(16))


def request(*attributes: tuple[int, bytes], secret: SharedSecret = SECRET) -> Message:
    message = decode(secret.encode_request(ACCESS_REQUEST, 3, AUTHENTICATOR, attributes))
    assert isinstance(message, Message)
    return message


def hidden(plain: bytes) -> bytes:
    """What a careless client may send: any octets, NULs included, without padding rules of ours."""
    previous, out = AUTHENTICATOR, b""
    for start in range(0, len(plain), 16):
        key = hashlib.md5(b"a secret of 24 octets ok" + previous).digest()
        previous = bytes(a ^ b for a, b in zip(plain[start : start + 16], key, strict=True))
        out += previous
    return out


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 127, 128])
def test_password_comes_back(size: int) -> None:
    """RA-13: every border length."""
    password = bytes(65 + i % 50 for i in range(size))
    assert SECRET.reveal(SECRET.hide(password, AUTHENTICATOR), AUTHENTICATOR) == password


def test_empty_password_is_one_block_of_padding() -> None:
    assert len(SECRET.hide(b"", AUTHENTICATOR)) == 16


@pytest.mark.parametrize("size", [0, 1, 15, 17, 24, 127, 129, 144])
def test_hidden_value_of_a_wrong_length(size: int) -> None:
    """RA-13: neither cut nor filled up."""
    assert SECRET.reveal(bytes(size), AUTHENTICATOR) is HiddenPassword.LENGTH


@pytest.mark.parametrize(
    "plain",
    [
        b"secret\0more".ljust(16, b"\0"),
        b"\0secret".ljust(16, b"\0"),
        b"a" * 16 + b"\0" * 15 + b"b",
        b"\0" * 16 + b"b".ljust(16, b"\0"),
    ],
)
def test_nul_never_makes_a_shorter_password(plain: bytes) -> None:
    """RA-13: what follows a NUL is refused, not dropped."""
    assert SECRET.reveal(hidden(plain), AUTHENTICATOR) is HiddenPassword.EMBEDDED_NUL


def test_more_padding_than_needed_is_only_padding() -> None:
    assert SECRET.reveal(hidden(b"secret".ljust(48, b"\0")), AUTHENTICATOR) == b"secret"


@pytest.mark.parametrize("password", [b"x" * 129, b"a\0b", b"a\0"])
def test_password_that_cannot_be_hidden(password: bytes) -> None:
    with pytest.raises(ValueError, match="128"):
        SECRET.hide(password, AUTHENTICATOR)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200])
def test_signature_is_hmac_md5(size: int) -> None:
    """RFC 2104: the prepared states give what the standard library gives, for keys around the block size."""
    message = request((USER_NAME, b"alice"), secret=SharedSecret(b"k" * size))
    at = message.signature_at
    zeroed = message.octets[:at] + bytes(16) + message.octets[at + 16 :]
    assert message.octets[at : at + 16] == hmac.digest(b"k" * size, zeroed, "md5")


def test_any_changed_octet_breaks_the_signature() -> None:
    """RA-07, RA-11."""
    good = request((USER_NAME, b"alice"), (33, b"state"))
    assert SECRET.has_signed(good)
    for position in (0, 1, *range(4, len(good.octets))):
        changed = bytearray(good.octets)
        changed[position] ^= 1
        message = decode(bytes(changed))
        assert not isinstance(message, Message) or not SECRET.has_signed(message)


def test_signature_behind_other_attributes_is_as_good() -> None:
    """RA-07: in a request the place does not matter."""
    body = bytes((USER_NAME, 7)) + b"alice" + bytes((MESSAGE_AUTHENTICATOR, 18)) + bytes(16)
    unsigned = bytes((1, 3, 0, 20 + len(body))) + AUTHENTICATOR + body
    signed = unsigned[:-16] + hmac.digest(b"a secret of 24 octets ok", unsigned, "md5")
    message = decode(signed)
    assert isinstance(message, Message)
    assert SECRET.has_signed(message)


def test_unsigned_request_is_signed_by_nobody() -> None:
    message = decode(bytes((1, 3, 0, 20)) + AUTHENTICATOR)
    assert isinstance(message, Message)
    assert signer(message, (SECRET,)) is None


def test_signer_is_found_among_old_and_new() -> None:
    """RA-27: during a rotation both work; without the old one, its requests do not."""
    new = SharedSecret(b"another secret, newer one")
    message = request((USER_NAME, b"alice"))
    assert signer(message, (new, SECRET)) is SECRET
    assert signer(message, (SECRET, new)) is SECRET
    assert signer(message, (new,)) is None
    assert signer(message, ()) is None


def test_reply_is_signed_first_and_fits_only_its_request() -> None:
    """RA-08."""
    message = request((USER_NAME, b"alice"))
    for code in (2, 3, 11):
        reply = decode(SECRET.encode_reply(code, message, [(18, b"text")]))
        assert isinstance(reply, Message)
        assert reply.attributes[0][0] == MESSAGE_AUTHENTICATOR
        assert reply.identifier == message.identifier
        assert SECRET.has_answered(reply, AUTHENTICATOR)
        assert SECRET.has_signed(reply, AUTHENTICATOR)
        assert not SECRET.has_answered(reply, bytes(16))
        assert not SECRET.has_signed(reply, bytes(16))


def test_secret_does_not_show_itself() -> None:
    """I10."""
    assert "octets" not in repr(SECRET)
    assert "octets" not in f"{SECRET} {SECRET!r}"
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError):
        copy.copy(SECRET)


def test_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        SharedSecret(b"")


def test_digest_is_md5() -> None:
    """RFC 1321 §A.5."""
    assert md5(b"message digest").digest().hex() == "f96b697d7cb7938d525a2f31aaf161d0"
