"""The registry: finds plug-ins by walking their package, and by entry points of other distributions.

It orders by name, refuses duplicates and fails closed: a plug-in that does not import stops the start,
because a door or a rule that is silently missing is worse than no start.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any, cast

from vestibule.interfaces.directory import DirectoryKind
from vestibule.interfaces.gateway import GatewayKind
from vestibule.interfaces.method import Method
from vestibule.interfaces.report import Report
from vestibule.services.services import FrontendKind


class PluginProblem(Exception):
    """A plug-in cannot be loaded; names it and the cause."""


def methods() -> dict[str, Method]:
    """Return the methods there are, by name."""
    found = [(m.descriptor.name, m) for m in _found("methods", "METHOD")]
    return cast("dict[str, Method]", _by_name("method", found))


def directories() -> dict[str, DirectoryKind]:
    """Return the kinds of directories there are, by name."""
    found = [(kind.name, kind) for kind in _found("directories", "DIRECTORY")]
    return cast("dict[str, DirectoryKind]", _by_name("directory", found))


def gateways() -> dict[str, GatewayKind]:
    """Return the kinds of gateways there are, by name."""
    found = [(kind.name, kind) for kind in _found("gateways", "GATEWAY")]
    return cast("dict[str, GatewayKind]", _by_name("gateway", found))


def reports() -> dict[str, Report]:
    """Return the reports there are, by name."""
    found = [(report.descriptor.name, report) for report in _found("reports", "REPORT")]
    return cast("dict[str, Report]", _by_name("report", found))


def frontends() -> dict[str, FrontendKind]:
    """Return the kinds of front ends there are, by name."""
    found = [(kind.name, kind) for kind in _found("frontends", "FRONTEND")]
    return cast("dict[str, FrontendKind]", _by_name("front end", found))


def _found(package: str, constant: str) -> Iterator[Any]:
    parent = importlib.import_module(f"vestibule.{package}")
    # A name with an underscore is something that plug-ins of the package share.
    names = [module.name for module in pkgutil.iter_modules(parent.__path__) if module.name[0] != "_"]
    for name in names:
        yield _constant(f"vestibule.{package}.{name}", constant)
    for entry in _of_other_distributions(f"vestibule.{package}"):
        yield _constant(entry.value, constant)


@cache
def _of_other_distributions(group: str) -> EntryPoints:
    # Reads a file of every distribution there is.
    return entry_points(group=group)


def _constant(module_name: str, constant: str) -> Any:
    try:
        return getattr(importlib.import_module(module_name), constant)
    except Exception as error:
        raise PluginProblem(
            f"The plug-in {module_name} does not load ({type(error).__name__}: {error}). "
            "Repair it or remove it; nothing starts without it."
        ) from error


def _by_name(kind: str, found: list[tuple[str, Any]]) -> dict[str, Any]:
    by_name: dict[str, Any] = {}
    for name, plugin in sorted(found, key=lambda pair: pair[0]):
        if name in by_name:
            raise PluginProblem(f"Two plug-ins both call themselves {kind} {name!r}. Remove one of them.")
        by_name[name] = plugin
    return by_name
