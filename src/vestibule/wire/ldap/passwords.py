"""Changing passwords in a directory: the Password Modify operation, and the attribute of Active Directory.

The second has no operation of its own: `unicodePwd` is modified, with the password between quotation marks
in UTF-16, and the server takes it on a protected connection only ([MS-ADTS] §3.1.1.3.1.5). Who names the old
value changes his own password, who replaces it resets somebody's.
"""

from __future__ import annotations

from typing import Final

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.messages import PASSWORD_MODIFY_OID, ExtendedRequest, OpaqueOperation

_MODIFY_REQUEST: Final = 0x66
_IDENTITY, _OLD, _NEW = 0x80, 0x81, 0x82
_ADD, _DELETE, _REPLACE = 0, 1, 2
_ATTRIBUTE: Final = "unicodePwd"


def password_modify(name: str, old: bytes | None, new: bytes) -> ExtendedRequest:
    """Return the request of RFC 3062 §2 for the entry `name`; without `old` it is a reset."""
    proof = b"" if old is None else ber.string(old, _OLD)
    content = ber.string(name, _IDENTITY) + proof + ber.string(new, _NEW)
    return ExtendedRequest(PASSWORD_MODIFY_OID, ber.element(ber.SEQUENCE, content))


def unicode_password(name: str, old: bytes | None, new: bytes) -> OpaqueOperation:
    """Return the modification (RFC 4511 §4.6) that Active Directory takes; without `old` it is a reset.

    Raises UnicodeDecodeError for a password that is not UTF-8.
    """
    changes = _change(_REPLACE, new) if old is None else _change(_DELETE, old) + _change(_ADD, new)
    return OpaqueOperation(_MODIFY_REQUEST, ber.string(name) + ber.element(ber.SEQUENCE, changes))


def _change(operation: int, password: bytes) -> bytes:
    value = f'"{password.decode()}"'.encode("utf-16-le")
    attribute = ber.string(_ATTRIBUTE) + ber.element(ber.SET, ber.string(value))
    content = ber.integer(operation, ber.ENUMERATED) + ber.element(ber.SEQUENCE, attribute)
    return ber.element(ber.SEQUENCE, content)
