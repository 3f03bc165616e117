"""PSKC files of hardware tokens (RFC 6030): bytes to tokens, in constant memory.

No input or output, no clock, no randomness, and of the project only the OATH values beside it. What each
clause demands and which test shows it: docs/protocols/pskc.md.
"""

from vestibule.wire.pskc.protection import Credential
from vestibule.wire.pskc.reader import check_pskc, read_pskc

__all__ = ["Credential", "check_pskc", "read_pskc"]
