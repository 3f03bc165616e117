"""Scaffold, to be replaced by the colleague who writes the import of token files (owner: token files)."""

from __future__ import annotations

from vestibule.interfaces.store import Store
from vestibule.services.proving import Prover


class TokenImports:
    def __init__(self, store: Store, prover: Prover) -> None:
        self._store = store
        self._prover = prover
