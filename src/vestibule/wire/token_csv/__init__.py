"""CSV files of TOTP tokens, in the server form and the cloud form (S58, S61): bytes to tokens.

Memory is constant. No input or output, no clock, no randomness, and of the project only the OATH values
beside it. The forms are described for administrators in docs/how-to/import-hardware-tokens.md.
"""

from vestibule.wire.token_csv.lines import TextEncoding
from vestibule.wire.token_csv.reader import SecretEncoding, check_token_csv, is_cloud_form, read_token_csv

__all__ = ["SecretEncoding", "TextEncoding", "check_token_csv", "is_cloud_form", "read_token_csv"]
