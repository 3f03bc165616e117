"""What `vestibule doctor` looks at. To add a check, write one small function and name it in a list here.

A check changes nothing (but the one that proves that the database can write), decides nothing and shows no
secret. It returns its findings in the order in which they are read.
"""

from __future__ import annotations

from typing import Final

from vestibule.cli.checks import (
    database,
    doors,
    editions,
    gateways,
    link,
    machine,
    mail,
    radius_over_tls,
    spraying,
    tenants,
)
from vestibule.cli.checks.findings import Check, Finding, Grade, Installation, OpenCheck, OpenInstallation

WITHOUT_DATABASE: Final[tuple[Check, ...]] = (
    machine.folder,
    machine.disk,
    machine.key_file,
    machine.clock,
    machine.chance,
    machine.passwords,
    machine.md5,
    machine.speech,
    doors.web,
    doors.ldap,
    doors.certificate,
    doors.reach,
)

WITH_DATABASE: Final[tuple[OpenCheck, ...]] = (
    database.durable_write,
    database.durability,
    database.one_time,
    doors.radius,
    radius_over_tls.radius_over_tls,
    tenants.administrators,
    tenants.applications,
    tenants.clients,
    tenants.directories,
    editions.editions,
    gateways.gateways,
    gateways.phones,
    gateways.limits,
    mail.mail,
    link.link,
    spraying.spraying,
    tenants.users,
    tenants.unlock,
    tenants.demonstration,
    tenants.simulated_phones,
)

__all__ = [
    "WITHOUT_DATABASE",
    "WITH_DATABASE",
    "Check",
    "Finding",
    "Grade",
    "Installation",
    "OpenCheck",
    "OpenInstallation",
]
