"""What people hold: authenticators, PINs, answers, app passwords, vouchers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.app_password import AppPassword
from vestibule.model.authenticator import Authenticator
from vestibule.model.nt_hash import NtHash
from vestibule.model.pin import Pin
from vestibule.model.security_question import SecurityAnswers
from vestibule.model.voucher import Voucher


class AuthenticatorFilter(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    """Beginning of a serial."""
    is_hardware: bool | None = None
    is_assigned: bool | None = None
    status: str = ""


class HeldRecords(Protocol):
    """A part of `Transaction`."""

    async def add_authenticator(self, authenticator: Authenticator) -> None:
        """Insert; raise `AlreadyExists("authenticator", serial)` if the serial is taken."""
        ...

    async def replace_authenticator(self, authenticator: Authenticator) -> bool:
        """Compare-and-set on `authenticator.version`: writes all fields, version + 1."""
        ...

    async def authenticator(self, tenant_id: str, authenticator_id: str) -> Authenticator | None: ...

    async def authenticators(self, tenant_id: str, where: AuthenticatorFilter, page: Page) -> Listed:
        """Rows are `Authenticator` with a serial, by serial; revoked ones only if asked by status."""
        ...

    async def authenticators_by_serial(
        self, tenant_id: str, serials: Sequence[str]
    ) -> dict[str, Authenticator]:
        """For imports: those of `serials` that exist, by serial."""
        ...

    async def add_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        """For imports: insert many at once, as fast as the engine can."""
        ...

    async def replace_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        """For imports: `replace_authenticator` of many; raises `Conflict` if one has changed."""
        ...

    async def pin(self, tenant_id: str, user_id: str) -> Pin | None: ...

    async def add_pin(self, pin: Pin) -> bool:
        """Insert; False if the person has one. The person must be there: hold him first."""
        ...

    async def replace_pin(self, pin: Pin) -> bool:
        """Compare-and-set on `pin.version`: writes all fields, version + 1."""
        ...

    async def remove_pin(self, tenant_id: str, user_id: str) -> bool:
        """Delete it; False if there is none."""
        ...

    async def has_pins(self, tenant_id: str) -> bool:
        """Tell whether anybody of a tenant has a PIN."""
        ...

    async def security_answers(self, tenant_id: str, user_id: str) -> SecurityAnswers | None: ...

    async def put_security_answers(self, answers: SecurityAnswers) -> None:
        """Insert, or put in the place of those before."""
        ...

    async def remove_security_answers(self, tenant_id: str, user_id: str) -> bool:
        """Delete them; False if there are none."""
        ...

    async def nt_hash(self, tenant_id: str, user_id: str) -> NtHash | None: ...

    async def put_nt_hash(self, kept: NtHash) -> None:
        """Insert, or put in the place of the one before."""
        ...

    async def remove_nt_hashes(self, tenant_id: str) -> int:
        """Delete those of a tenant; return how many there were."""
        ...

    async def app_passwords(self, tenant_id: str, user_id: str) -> tuple[AppPassword, ...]:
        """Return all of a person, oldest first, those of before his `void_before` too."""
        ...

    async def app_password_by_hash(
        self, tenant_id: str, user_id: str, token_hash: str
    ) -> AppPassword | None: ...

    async def add_app_password(self, app_password: AppPassword) -> None:
        """Insert. The person must be there: hold him first."""
        ...

    async def use_app_password(self, tenant_id: str, app_password_id: str) -> bool:
        """Set `used_at` to now; False if it is not there any more."""
        ...

    async def remove_app_password(self, tenant_id: str, user_id: str, app_password_id: str) -> bool:
        """Delete it; False if the person has none such."""
        ...

    async def remove_app_passwords(self, tenant_id: str, user_id: str, made_before: int) -> int:
        """Delete those of a person that were made before that time; return how many."""
        ...

    async def vouchers_of(self, tenant_id: str, user_id: str) -> tuple[Voucher, ...]: ...

    async def put_voucher(self, voucher: Voucher) -> None:
        """Insert it, in place of the one of its kind that the person has."""
        ...

    async def use_code(self, tenant_id: str, user_id: str, code_hash: str, session: str) -> bool:
        """Mark the code as used in `session` if it is unused and not over, in one conditional write."""
        ...

    async def remove_vouchers(self, tenant_id: str, user_id: str) -> int: ...
