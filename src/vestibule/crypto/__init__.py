"""Cryptography: secrets that mask themselves, sealing at rest, password hashes, tokens.

Nothing here knows what it protects. Each module is small enough to be read whole before it is trusted.
"""
