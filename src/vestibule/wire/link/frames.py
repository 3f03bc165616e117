"""Frames: each a binary WebSocket message, MessagePack of an array that begins with its name.

A field is added at the end, with a default: an older end passes over it, a newer one does without it.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta
from msgspec.msgpack import Decoder

MAX_FRAME: Final = (1 << 20) + 4096
"""Octets: a body of a mebibyte, and what stands around it."""
NONCE_OCTETS: Final = 32
_CONTEXT: Final = b"vestibule link 1\0"

Name: TypeAlias = Annotated[str, Meta(max_length=100)]
Kind: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Digest: TypeAlias = Annotated[bytes, Meta(max_length=32)]
Key: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature: TypeAlias = Annotated[bytes, Meta(max_length=64)]
Origin: TypeAlias = Annotated[str, Meta(max_length=300)]


class BadFrame(ValueError):
    """These octets are none of the frames that may come now."""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    nonce: Annotated[bytes, Meta(min_length=NONCE_OCTETS, max_length=NONCE_OCTETS)]
    version: Name
    """Of the service's program."""


class Prove(msgspec.Struct, frozen=True, array_like=True, tag="prove", kw_only=True):
    """A server that is activated says who it is. What the signature covers: `signed_text`."""

    tenant_id: Name
    server_id: Name
    name: Name
    version: Name
    address: Name
    installation: Name
    """What its database is known by."""
    service: Origin
    """The origin that it has dialed."""
    certificate: Digest
    """SHA-256 of the public key that the service's end of TLS has shown."""
    signature: Signature = b""


class Activate(msgspec.Struct, frozen=True, array_like=True, tag="activate", kw_only=True):
    """A server brings its activation credentials and its new key, and signs with that key."""

    credentials: Name
    public_key: Key
    name: Name
    version: Name
    address: Name
    installation: Name
    service: Origin
    certificate: Digest
    signature: Signature = b""

    def __repr__(self) -> str:
        return f"Activate(name={self.name!r}, address={self.address!r})"


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    tenant_id: Name
    provider_id: Name
    group_id: Name
    server_id: Name
    server_name: Name


class TurnedAway(msgspec.Struct, frozen=True, array_like=True, tag="turned away"):
    kind: Kind


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    number: Number
    """The asking end counts; the answer has the same."""
    kind: Kind
    body: bytes


class Answer(msgspec.Struct, frozen=True, array_like=True, tag="answer"):
    number: Number
    body: bytes


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag="refusal"):
    number: Number
    kind: Kind


Arrival: TypeAlias = Prove | Activate
Reception: TypeAlias = Welcome | TurnedAway
Said: TypeAlias = Ask | Answer | Refusal | TurnedAway
"""What may come once both ends know one another."""
Frame: TypeAlias = Hello | Arrival | Welcome | Said
Read = TypeVar("Read")

_encoder: Final = msgspec.msgpack.Encoder()
_hello: Final[Decoder[Hello]] = Decoder(Hello)
_arrival: Final[Decoder[Arrival]] = Decoder(Arrival)
_reception: Final[Decoder[Reception]] = Decoder(Reception)
_said: Final[Decoder[Said]] = Decoder(Said)


def encode(frame: Frame) -> bytes:
    return _encoder.encode(frame)


def read_hello(octets: bytes) -> Hello:
    """Return the service's first frame; raises BadFrame."""
    return _read(_hello, octets)


def read_arrival(octets: bytes) -> Arrival:
    """Return the server's first frame; raises BadFrame."""
    return _read(_arrival, octets)


def read_reception(octets: bytes) -> Reception:
    """Return what the service says to it; raises BadFrame."""
    return _read(_reception, octets)


def read_said(octets: bytes) -> Said:
    """Return any later frame; raises BadFrame."""
    return _read(_said, octets)


def _read(decoder: Decoder[Read], octets: bytes) -> Read:
    if len(octets) > MAX_FRAME:
        raise BadFrame(f"{len(octets)} octets are more than {MAX_FRAME}")
    try:
        return decoder.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(type(error).__name__) from None


def signed_text(frame: Arrival, nonce: bytes) -> bytes:
    """Return what is signed: all of the frame but the signature, on the one connection of this nonce."""
    return _CONTEXT + nonce + _encoder.encode(msgspec.structs.replace(frame, signature=b""))
