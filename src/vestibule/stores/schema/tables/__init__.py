"""The tables, declared once for both engines. Only migrations and tests import this module.

Invariants: every record's key starts with its tenant; texts compare by code point on both engines
(collation C, BINARY), so lists have one order everywhere; times are epoch milliseconds; what is JSON is
text, written and read by the program alone. `verifications` is the hot insert: each index on it costs
every sign-in, so it has only those that a list or a promise needs, and no foreign key, because attempts
outlive the people and applications they name.
"""

from vestibule.stores.schema.tables import (
    attempts,
    billing,
    blocks,
    configuration,
    held,
    history,
    installation,
    people,
    sending,
    servers,
    sessions,
    synchronisation,
)
from vestibule.stores.schema.tables.columns import metadata

__all__ = [
    "attempts",
    "billing",
    "blocks",
    "configuration",
    "held",
    "history",
    "installation",
    "metadata",
    "people",
    "sending",
    "servers",
    "sessions",
    "synchronisation",
]
