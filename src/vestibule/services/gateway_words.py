"""What kinds of gateways, their settings and causes are called: in the plug-in's own texts if it has any.

A plug-in brings `KIND.kind`, `KIND.secret` and `KIND.setting.NAME` in its own file of the catalog; what
several have in common is under `gateway`. What has no text is shown as it is, for plug-ins of other people.
"""

from __future__ import annotations

from vestibule.catalog import has, text, wordings


def kind_name(language: str, kind: str) -> str:
    return _first(language, (f"{kind}.kind", f"gateway.kind.{kind}"), kind)


def setting_label(language: str, kind: str, name: str) -> str:
    return _first(language, (f"{kind}.setting.{name}", f"gateway.setting.{name}"), name)


def secret_label(language: str, kind: str) -> str:
    return _first(language, (f"{kind}.secret", "console.gateway.secret"), kind)


def second_secret_label(language: str, kind: str) -> str:
    """Return what the second line of a kind's secret is called; empty if it has none."""
    return _first(language, (f"{kind}.second_secret",), "")


def cause_words(language: str, cause: str) -> str:
    """Return why something was not sent, as a sentence; what follows a name of a text is the network's own
    word for it."""
    name, _, rest = cause.partition(" ")
    for key in (name, f"gateway.cause.{name}"):
        if has(key) and not wordings(key)[language].placeholders:
            said = text(language, key)
            return f"{said} ({rest})" if rest else said
    return cause


def dispatch_kind(language: str, kind: str) -> str:
    """Return what a mail or a webhook is about: its template, or the kind of event."""
    return _first(language, (f"dispatch.kind.{kind}", f"event.{kind}"), kind)


def _first(language: str, keys: tuple[str, ...], otherwise: str) -> str:
    return next((text(language, key) for key in keys if has(key)), otherwise)
