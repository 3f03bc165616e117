"""A registration code by e-mail: to the person alone, through a real mail server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.houses import TENANT, open_house
from tests.integration.mail.mailing import add_mail_gateway, round_of
from tests.integration.registration.desk import LONG_AGO, Desk
from tests.peers.mail_server import MailServer
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setup import built_in_client_id


async def test_a_registration_code_goes_to_the_person_and_vouches_once(
    mail_server: Callable[..., MailServer], tmp_path: Path
) -> None:
    """ENR-01: and where none can be sent, none is made."""
    server = mail_server()
    async with open_house(tmp_path / "house", http_public_url="https://signin.example.org") as house:
        await house.services.setup.ensure_portal(TENANT)
        house.doors["portal"] = built_in_client_id(TENANT, "portal")
        alice = await house.add_bare_person("Alice", email="alice@example.org")
        vouchers, user_id = house.services.vouchers, alice.user.user_id
        with pytest.raises(Refused) as refused:
            await vouchers.mail_code(SYSTEM, TENANT, user_id)
        assert refused.value.why is Refusal.NO_MAIL
        assert await vouchers.standing(SYSTEM, TENANT, user_id) == ()
        await add_mail_gateway(house, server)
        house.clock.advance(LONG_AGO)
        await vouchers.mail_code(SYSTEM, TENANT, user_id)
        await round_of(house)
        [taken] = [each for each in server.taken() if "registration code" in str(each.message["Subject"])]
        code = re.search(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", taken.part("plain"))
        assert code is not None
        assert f"https://signin.example.org/portal/{TENANT}" in taken.part("plain")
        desk = Desk(house)
        signed_in = await desk.sign_in("alice")
        await house.services.vouching.use_code(signed_in.session, Secret(code[0]))
        await desk.register(await desk.again(signed_in))
