"""What somebody tried who may not: a request that would change something goes into the record of changes."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request

from vestibule.frontends.http.site import Connection, site_of
from vestibule.model.actor import Actor

_ACTOR: Final = "vestibule_actor"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KIND: Final = re.compile(r":\w+\}")


def acts_as(connection: Connection, actor: Actor) -> None:
    """Remember in whose name a request acts."""
    connection.scope[_ACTOR] = actor  # type: ignore[typeddict-unknown-key]  # a key of our own


def note_refused(request: Request[Any, Any, Any]) -> None:
    """Record that this request was not allowed, if it was one to change something by a known actor."""
    actor: Actor | None = request.scope.get(_ACTOR)  # type: ignore[assignment]  # a key of our own
    if actor is None or request.method in _READS:
        return
    path = _KIND.sub("}", request.scope.get("path_template", ""))
    tenant_id = str(request.path_params.get("tenant", actor.tenant_id))
    site_of(request).services.refused_acts.note(actor, f"{request.method} {path}", tenant_id)
