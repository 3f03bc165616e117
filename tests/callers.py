"""Who knocks at the doors of a running server: requests built beforehand, octet by octet, and replies proven.

The RADIUS request is built here from the RFC and not by the code under test; the reply is checked by it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket

from vestibule.wire.radius import CheckedReply, Message, SharedSecret, Signature, check_reply, decode

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_CHALLENGE = 1, 2, 3, 11
_USER_NAME, _USER_PASSWORD, _STATE, _CALLING_STATION_ID, _MESSAGE_AUTHENTICATOR = 1, 2, 24, 31, 80
_BLOCK = 16
_MOST_REPEATS = 20


def access_request(
    secret: bytes, identifier: int, name: str, password: str, state: bytes = b"", station: str = ""
) -> bytes:
    """Return a signed PAP Access-Request (RFC 2865 §5.2, RFC 3579 §3.2). `station` is what the client says
    of where the person is (Calling-Station-Id).
    """
    authenticator = os.urandom(16)
    attributes = [
        (_MESSAGE_AUTHENTICATOR, bytes(16)),
        (_USER_NAME, name.encode()),
        (_USER_PASSWORD, _hidden(secret, authenticator, password.encode())),
    ]
    if state:
        attributes.append((_STATE, state))
    if station:
        attributes.append((_CALLING_STATION_ID, station.encode()))
    body = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)
    packet = bytearray(
        bytes([ACCESS_REQUEST, identifier]) + (20 + len(body)).to_bytes(2, "big") + authenticator + body
    )
    packet[22:38] = hmac.digest(secret, bytes(packet), "md5")
    return bytes(packet)


def _hidden(secret: bytes, authenticator: bytes, password: bytes) -> bytes:
    blocks = max(1, -(-len(password) // _BLOCK))
    padded = password.ljust(blocks * _BLOCK, b"\0")
    hidden, before = b"", authenticator
    for start in range(0, len(padded), _BLOCK):
        key = hashlib.md5(secret + before).digest()
        before = bytes(a ^ b for a, b in zip(padded[start : start + _BLOCK], key, strict=True))
        hidden += before
    return hidden


def state_of(reply: bytes) -> bytes:
    """Return the State attribute of a reply, empty if there is none."""
    at = 20
    while at < len(reply):
        if reply[at] == _STATE:
            return reply[at + 2 : at + reply[at + 1]]
        at += reply[at + 1]
    return b""


def proven_code(reply: bytes, request: bytes, secret: bytes) -> int:
    """Return the code of a reply; it must be whole, genuine and signed first (I9, RA-08)."""
    sent = decode(request)
    assert isinstance(sent, Message)
    checked = check_reply(reply, sent, SharedSecret(secret))
    assert isinstance(checked, CheckedReply), checked
    assert checked.signature is Signature.FIRST
    return checked.message.code


def radius_socket(address: tuple[str, int], seconds: float = 1.0) -> socket.socket:
    """Return a socket that is connected to a server and waits for `seconds` at most."""
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.settimeout(seconds)
    peer.connect(address)
    return peer


def ask(peer: socket.socket, request: bytes) -> bytes | None:
    """Send a request once and return its reply, None if there is silence."""
    peer.send(request)
    while True:
        try:
            reply = peer.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return None
        if reply[1] == request[1]:
            return reply


def insist(peer: socket.socket, request: bytes) -> bytes:
    """Send a request as a client does, again while there is silence, and return its reply."""
    for _ in range(_MOST_REPEATS):
        reply = ask(peer, request)
        if reply is not None:
            return reply
    raise AssertionError("no reply, however often the request was repeated")


def check_request(
    host: str, api_key: str, name: str, passcode: str, password: str | None = None, station: str = ""
) -> bytes:
    """Return one whole HTTP request to the REST check."""
    fields = {"username": name, "passcode": passcode}
    if password is not None:
        fields["password"] = password
    if station:
        fields["user_address"] = station
    body = json.dumps(fields).encode()
    head = (
        f"POST /api/v1/check HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def whole_answer(received: bytes) -> bytes | None:
    """Return the body of an HTTP answer if all of it has come; None before."""
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return body if len(body) >= int(value) else None
    raise AssertionError(f"an answer without a length: {head[:80]!r}")


def read_answer(peer: socket.socket) -> tuple[int, bytes]:
    """Read one HTTP answer from a connection; return its status and body. Status 0: the server closed the
    connection without a word.
    """
    received = b""
    while True:
        part = peer.recv(65536)
        received += part
        body = whole_answer(received)
        if body is not None:
            return int(received[9:12]), body
        if not part:
            assert not received, f"half an answer: {received!r}"
            return 0, b""
