"""SMPP 3.4 on the wire: bytes to frozen messages and back, and the texts that travel in them.

No I/O, no clock, no chance and no other part of the project. `codec` reads and writes one PDU, `stream`
cuts PDUs out of a connection, `alphabet` and `coding` turn texts into octets, `parts` cuts long texts and
`reassembly` joins them, `receipts` reads what became of a text, `addresses` spells phone numbers.
What each clause demands and which test shows it: docs/protocols/smpp.md.
"""

from vestibule.wire.smpp.codec import decode, encode
from vestibule.wire.smpp.messages import Malformed, Operation, Pdu
from vestibule.wire.smpp.stream import BrokenStream, PduStream

__all__ = ["BrokenStream", "Malformed", "Operation", "Pdu", "PduStream", "decode", "encode"]
