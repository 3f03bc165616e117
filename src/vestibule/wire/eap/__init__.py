"""EAP: packets, the fragments of TLS inside them, and what EAP-TTLS and PEAP say inside TLS.

Never does input or output, has no clock and no randomness, imports nothing of the project, and answers bad
octets with a value, never with an exception (RFC 3748, 5216, 5281; PEAP version 0 as [MS-PEAP] has it).
"""
