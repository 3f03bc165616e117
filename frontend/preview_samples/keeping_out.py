"""Blocks and bypasses."""

from dataclasses import replace
from typing import Any, Final

from preview_samples.holdings import make_authenticator
from preview_samples.people import ALICE, EVIL, LONG
from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Standing, Words
from vestibule.interfaces.transaction.blocks import BlockFilter, BypassFilter
from vestibule.interfaces.transaction.lists import Listed
from vestibule.model.block import Block, BlockCause
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.user import User


def make_block(number: int, user: User, **more: Any) -> Block:
    return Block(
        **{
            "tenant_id": "demo",
            "block_id": f"b{number}",
            "user_id": user.user_id,
            "username": user.username,
            "cause": BlockCause.HAND,
            "reason": "Phone stolen on the train to Hamburg, reported by his manager",
            "actor": "root",
            "actor_name": "root",
            "begun_at": NOW - DAY,
            "until": NOW + 89 * DAY,
            **more,
        }
    )


def make_bypass(number: int, user: User, **more: Any) -> Bypass:
    return Bypass(
        **{
            "tenant_id": "demo",
            "bypass_id": f"y{number}",
            "user_id": user.user_id,
            "username": user.username,
            "seconds": 300,
            "reason": "Phone forgotten, called back at the desk",
            "phone": user.phone,
            "actor": "root",
            "actor_name": "root",
            "made_at": NOW - MINUTE,
            "expires_at": NOW + 4 * MINUTE,
            **more,
        }
    )


STANDING: Final = Standing(
    block=None,
    block_days=90,
    numbers=("+49305550123",),
    bypass=make_bypass(1, ALICE, application_name="VPN"),
    applications=(("vpn", "VPN"),),
    access_pass=make_authenticator(9, method="temporary_pass", not_after=NOW + 60 * MINUTE),
    can_pass=True,
)


KEPT_OUT: Final = replace(
    STANDING,
    block=make_block(2, LONG),
    bypass=None,
    access_pass=None,
    numbers=(),
    block_form=Form(errors={"reason": Words("refusal.reason_missing")}),
)


NOTHING_LEFT: Final = replace(
    STANDING,
    bypass=None,
    block_form=Form({"reason": HOSTILE}, {"days": Words("refusal.out_of_bounds", {"key": "days"})}),
    bypass_form=Form({"seconds": "0"}, {"bypass_reason": Words("refusal.reason_missing")}),
)


def keeping_out() -> list[Sample]:
    blocks = (
        make_block(1, ALICE, phone="+49305550123"),
        make_block(2, LONG, cause=BlockCause.FRAUD, reason="", verification_id="a1", until=NOW - MINUTE),
        make_block(
            3, EVIL, reason=HOSTILE, ended_at=NOW, ended_by="root", ended_by_name=HOSTILE, end_reason=HOSTILE
        ),
    )
    bypasses = (
        make_bypass(1, ALICE),
        make_bypass(2, LONG, state=BypassState.USED, ended_at=NOW, verification_id="a1"),
        make_bypass(
            3, EVIL, reason=HOSTILE, application_name=HOSTILE, state=BypassState.WITHDRAWN, ended_at=NOW
        ),
    )
    none = {"cursor": "", "now": NOW}
    return [
        Sample(
            "blocks",
            "console/blocks.html",
            {**none, "listed": Listed(blocks, "n"), "where": BlockFilter(is_active=True)},
        ),
        Sample("blocks-empty", "console/blocks.html", {**none, "listed": Listed(()), "where": BlockFilter()}),
        Sample(
            "bypasses",
            "console/bypasses.html",
            {**none, "listed": Listed(bypasses, "n"), "where": BypassFilter()},
        ),
        Sample(
            "bypasses-empty",
            "console/bypasses.html",
            {**none, "listed": Listed(()), "where": BypassFilter()},
        ),
    ]
