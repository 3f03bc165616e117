"""Provisioning: who was pushed here by an identity provider (SCIM), and what is done with those it pushes.

Pure. A pushed person is known by our own identifier of the user, which the provider keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from vestibule.model.synchronisation import Leavers
from vestibule.model.user import Requirement

PROVISION_SCOPE: Final = "scim"
"""The scope of API keys that provision people and groups, and do nothing else."""


class ProvisioningSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator may set for one key that provisions. It lies in `Client.settings`."""

    when_deleted: Leavers = Leavers.DISABLE
    """What becomes of a user whom the provider deletes."""
    takes_over: bool = False
    """Whether it may change users and groups that it has not added: those that were added here by hand."""
    requirement: Requirement = Requirement.DISABLED
    """What is required of those whom it adds."""
    phone_method: Literal["", "sms", "voice"] = ""
    """The mobile number that it gives, and the one for work as a backup, are methods of this kind at once."""


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """That a user was pushed, and what of him the provider has given."""

    tenant_id: str
    user_id: str
    client_id: str
    """Whose key has pushed him last."""
    external_id: str = ""
    """The provider's own identifier of him."""
    names: tuple[str, ...] = ()
    """Canonical; others that he has here were given to him here."""
    fields: tuple[str, ...] = ()
    """The fields of a user that it has given, and may take back."""
    told: dict[str, Any] = {}
    """What it said in another form than a user has, to be told again as it was said."""
    is_gone: bool = False
    """It has deleted him, and he is kept here, disabled."""
    pushed_at: int


class ProvisionedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """That a group was pushed."""

    tenant_id: str
    group_id: str
    client_id: str
    external_id: str = ""
    pushed_at: int


def read_settings(settings: Mapping[str, Any]) -> ProvisioningSettings:
    """Read the settings of a key that provisions; raises ValueError naming the one that is wrong."""
    return msgspec.convert(settings, ProvisioningSettings)
