"""Vestibule: the second lock behind the password.

`docs/architecture.md` is the map. Each package under this one answers one question.
"""

__version__ = "0.1.0"
