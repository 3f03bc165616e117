"""People who carry the app, put into a database without an activation."""

from __future__ import annotations

import os
from collections.abc import Iterable

from vestibule.crypto.tokens import new_id, new_token, token_hash
from vestibule.interfaces.store import Transaction
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.user import User
from vestibule.runtime.build import House

Account = dict[str, str]
"""What an app knows of itself once it is activated; without passcodes."""


async def add_app_people(
    house: House, tenant_id: str, names: Iterable[str], public_key: str, password_hash: str = ""
) -> list[Account]:
    """Add people of these names, each with a device of this key, in one transaction."""
    method = house.services.enrollments.methods["app"]
    now = house.services.clock.now()
    people, devices, accounts = [], [], []
    for name in names:
        secret = new_token()
        person = User(
            tenant_id=tenant_id,
            user_id=new_id(),
            username=name,
            names=(name,),
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        new = method.enroll({}, os.urandom)
        device = Authenticator(
            tenant_id=tenant_id,
            authenticator_id=new_id(),
            user_id=person.user_id,
            method="app",
            label="Phone",
            parameters={**new.parameters, "public_key": public_key, "token": token_hash(secret)},
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=now,
            used_at=now,
        )
        people.append(person)
        devices.append(house.services.enrollments._prover.sealed(device, new.secret))
        token = f"{tenant_id}.{device.authenticator_id}.{secret}"
        accounts.append(
            {
                "tenant": tenant_id,
                "user": person.user_id,
                "authenticator": device.authenticator_id,
                "token": token,
            }
        )

    async def body(tx: Transaction) -> None:
        for person in people:
            await tx.add_user(person)
        await tx.add_authenticators(devices)

    await house.store.transact(body)
    return accounts
