"""Vouching: what stands beside the password of a person who can prove no second factor, when he registers.

Whoever knows the password first must not just take the account. A one-time bypass is no voucher: it lets
in, and changes nothing (BYP-04).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vestibule.model.networks import Address, Networks, contains
from vestibule.model.voucher import Vouch, Voucher, VoucherKind


class VouchingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`is_newcomer`: he has never registered anything that is still his. `session` names his session."""

    allowed: frozenset[Vouch]
    now: int
    is_newcomer: bool
    open_until: int
    address: Address | None
    trusted: Networks
    vouchers: tuple[Voucher, ...]
    session: str


def vouched_by(facts: VouchingFacts) -> Vouch | None:
    """Return what vouches for this person in this session, None if nothing does.

    The window that is open for all is for newcomers only: who has registered before is not less protected
    than he was because others are new.
    """
    if Vouch.OPEN_WINDOW in facts.allowed and facts.is_newcomer and facts.now < facts.open_until:
        return Vouch.OPEN_WINDOW
    if Vouch.TRUSTED_NETWORK in facts.allowed and contains(facts.trusted, facts.address):
        return Vouch.TRUSTED_NETWORK
    return next((voucher.vouch for voucher in _standing(facts)), None)


def _standing(facts: VouchingFacts) -> Iterable[Voucher]:
    for voucher in facts.vouchers:
        if voucher.vouch not in facts.allowed:
            continue
        if voucher.kind is VoucherKind.WINDOW and facts.now < voucher.expires_at:
            yield voucher
        if voucher.kind is VoucherKind.CODE and voucher.used_by and voucher.used_by == facts.session:
            yield voucher
