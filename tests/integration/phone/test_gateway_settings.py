"""Gateways as administrators set them up: judged before they are written, tried out, watched, kept apart."""

from __future__ import annotations

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.peers.far_end import FarEnd
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Errand, NotSent, Receipt, Sending, Unsure
from vestibule.interfaces.store import Conflict
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.call import CallEvent, CallEventKind, HangUp, Say
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.services.gateway_settings import GatewaySettings
from vestibule.services.refusal import Refusal, Refused

SECRET = "correct horse battery"


def service(phones: PhoneHouse) -> GatewaySettings:
    return phones.house.services.gateway_settings


async def add(phones: PhoneHouse, name: str = "second", **fields: object) -> GatewayConfiguration:
    return await service(phones).add(SYSTEM, TENANT, "far_end", name, {"number": 2}, Secret(SECRET), **fields)  # type: ignore[arg-type]


async def test_a_gateway_is_added_changed_and_removed(phones: PhoneHouse) -> None:
    added = await add(phones, priority=5)
    assert [g.name for g in service(phones).list(SYSTEM, TENANT)] == ["second", "first"]
    assert SECRET.encode() not in added.secret
    assert phones.house.services.gateways.secret(added) == Secret(SECRET)

    changed = await service(phones).change(SYSTEM, msgspec.structs.replace(added, name="2nd", priority=20))
    assert (changed.name, changed.secret) == ("2nd", added.secret), "an empty secret keeps the old one"
    renewed = await service(phones).change(SYSTEM, changed, Secret("another one"))
    assert phones.house.services.gateways.secret(renewed) == Secret("another one")
    off = await service(phones).set_enabled(SYSTEM, TENANT, renewed.gateway_id, is_enabled=False)
    assert not off.is_enabled
    await service(phones).remove(SYSTEM, TENANT, off.gateway_id)
    assert [g.name for g in service(phones).list(SYSTEM, TENANT)] == ["first"]

    events = (await phones.house.services.attempts.events(SYSTEM, TENANT, "gateway.", Page())).rows
    kinds = sorted(event.kind.removeprefix("gateway.") for event in events)
    assert kinds == ["added", "changed", "changed", "disabled", "removed"]
    assert SECRET not in repr(events)


async def test_what_cannot_be_used_is_refused_by_its_name(phones: PhoneHouse) -> None:
    async def why(kind: str, settings: dict[str, object], name: str = "x", priority: int = 10) -> Refused:
        with pytest.raises(Refused) as refused:
            await service(phones).add(SYSTEM, TENANT, kind, name, settings, Secret("t"), priority=priority)
        return refused.value

    assert (await why("pigeon", {})).key.startswith("kind: ")
    assert (await why("far_end", {}, name=" ")).key.startswith("name: ")
    assert (await why("far_end", {}, priority=0)).why is Refusal.OUT_OF_BOUNDS
    assert (await why("far_end", {}, name="first")).why is Refusal.NAME_TAKEN
    assert len(service(phones).list(SYSTEM, TENANT)) == 1


async def test_a_plug_in_names_the_setting(phones: PhoneHouse) -> None:
    from vestibule.gateways.http_call import GATEWAY  # noqa: PLC0415

    phones.house.services.gateways.kinds = {**phones.house.services.gateways.kinds, "http_call": GATEWAY}
    with pytest.raises(Refused) as refused:
        await service(phones).add(SYSTEM, TENANT, "http_call", "calls", {"account": ""}, Secret("t"))
    assert (refused.value.why, refused.value.key.partition(":")[0]) == (Refusal.SETTING_INVALID, "account")
    settings = {"account": "AC1", "caller_id": "+4930901820"}
    with pytest.raises(Refused) as refused:
        await service(phones).add(SYSTEM, TENANT, "http_call", "calls", settings, Secret(""))
    assert refused.value.key.startswith("secret: ")


async def test_who_was_slower_is_told(phones: PhoneHouse) -> None:
    added = await add(phones)
    await service(phones).change(SYSTEM, msgspec.structs.replace(added, priority=3))
    with pytest.raises(Conflict):
        await service(phones).change(SYSTEM, msgspec.structs.replace(added, priority=4))


async def test_a_test_text_goes_through_exactly_this_gateway(phones: PhoneHouse) -> None:
    added = await add(phones, priority=900)
    made = await service(phones).send_test(SYSTEM, TENANT, added.gateway_id, "+49 30 123456", Carries.TEXT)
    gateway, text = await phones.far.next_text()
    assert (gateway.gateway_id, text.to) == (added.gateway_id, NUMBER)
    assert "test" in text.body.reveal()
    assert (made.state, made.cause) == (DeliveryState.SENT, "")
    await gateway.inbox.receipt(Receipt(reference=made.reference, is_delivered=True))
    (listed,) = (await deliveries(phones)).rows
    assert (listed.state, listed.gateway_id) == (DeliveryState.DELIVERED, added.gateway_id)
    assert text.body.reveal() not in repr(msgspec.structs.asdict(listed))


async def test_a_test_through_a_gateway_that_is_switched_off(phones: PhoneHouse) -> None:
    added = await add(phones, is_enabled=False)
    closed = phones.far.closed
    made = await service(phones).send_test(SYSTEM, TENANT, added.gateway_id, NUMBER, Carries.TEXT)
    assert made.state is DeliveryState.SENT
    assert phones.far.closed == closed + 1, "it was opened for this occasion only"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (NotSent("smpp.cause.unreachable"), DeliveryState.FAILED),
        (Unsure("smpp.cause.closed"), DeliveryState.SENT),
    ],
)
async def test_why_a_test_was_not_sent_is_told(
    phones: PhoneHouse, answer: Sending, state: DeliveryState
) -> None:
    async def answers(gateway: FarEnd, errand: Errand) -> Sending:
        return answer

    phones.far.answer = answers
    made = await service(phones).send_test(SYSTEM, TENANT, "first", NUMBER, Carries.TEXT)
    assert (made.state, made.cause) == (state, answer.cause)  # type: ignore[union-attr]
    standing = service(phones).state(SYSTEM, TENANT, "first")
    assert (standing.is_open, standing.failures, standing.cause) == (True, 1, answer.cause)  # type: ignore[union-attr]


async def test_a_test_call_says_one_sentence_and_ends(phones: PhoneHouse) -> None:
    made = await service(phones).send_test(SYSTEM, TENANT, "first", NUMBER, Carries.CALL)
    gateway, call = await phones.far.next_call()
    said = await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
    assert isinstance(said[0], Say)
    assert said[1:] == (HangUp(),)
    assert await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, keys="1")) == (
        HangUp(),
    )
    assert await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.HUNG_UP)) == ()
    (listed,) = (await deliveries(phones)).rows
    assert (listed.delivery_id, listed.state) == (made.delivery_id, DeliveryState.DELIVERED)
    assert await phones.house.attempts() == []


async def test_a_test_call_that_nobody_answers(phones: PhoneHouse) -> None:
    await service(phones).send_test(SYSTEM, TENANT, "first", NUMBER, Carries.CALL)
    gateway, call = await phones.far.next_call()
    await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.BUSY))
    (listed,) = (await deliveries(phones, state="failed")).rows
    assert listed.cause == "busy"


async def test_a_number_that_is_not_allowed_is_not_tested(phones: PhoneHouse) -> None:
    """VOI-09, SMS-04: nor for an administrator."""
    for number, why in ((("+49 900 123456"), Refusal.PHONE_NOT_ALLOWED), ("12", Refusal.PHONE_INVALID)):
        with pytest.raises(Refused) as refused:
            await service(phones).send_test(SYSTEM, TENANT, "first", number, Carries.TEXT)
        assert refused.value.why is why
    assert phones.far.errands == []


async def test_a_gateway_is_open_before_the_first_text(phones: PhoneHouse) -> None:
    """What stays connected must be connected by then, and hears replies from the start."""
    await phones.house.services.gateways.follow()
    assert service(phones).state(SYSTEM, TENANT, "first").is_open
    assert phones.far.errands == []


async def test_one_that_does_not_open_says_why(phones: PhoneHouse) -> None:
    await phones.add_gateway("odd", settings={"number": "no number"})
    standing = service(phones).state(SYSTEM, TENANT, "odd")
    assert not standing.is_open
    assert standing.cause


async def test_nobody_but_an_administrator_of_the_tenant(phones: PhoneHouse) -> None:
    """TEN-01."""
    stranger = Actor(
        actor_id="s", name="stranger", tenant_id="umbrella", rights=frozenset({Right.ADMINISTER})
    )
    asked = service(phones)
    for call in (
        lambda: asked.list(stranger, TENANT),
        lambda: asked.find(stranger, TENANT, "first"),
        lambda: asked.states(stranger, TENANT),
    ):
        with pytest.raises(NotAllowed):
            call()
    with pytest.raises(NotAllowed):
        await asked.send_test(stranger, TENANT, "first", NUMBER, Carries.TEXT)
    with pytest.raises(NotAllowed):
        await asked.deliveries(stranger, TENANT, DeliveryFilter(), Page())
    with pytest.raises(NotAllowed):
        await asked.remove(stranger, TENANT, "first")


async def deliveries(phones: PhoneHouse, **where: str) -> Listed:
    return await service(phones).deliveries(SYSTEM, TENANT, DeliveryFilter(**where), Page())
