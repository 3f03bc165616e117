"""The nouns of Vestibule as immutable values, and its state tables as data.

No input or output, no clock, no database: a value here can be made, compared and thrown away anywhere.
Times are epoch milliseconds in UTC, identifiers are text, and every record starts with its tenant.
"""
