"""The generation of the configuration: whoever changes it raises it, so that who keeps a snapshot knows."""

from __future__ import annotations

from typing import Final

from vestibule.stores.statement import Statement

GENERATION: Final = Statement("select generation from installation where id = 1", joins=True)
RAISE_GENERATION: Final = Statement("update installation set generation = generation + 1 where id = 1")
