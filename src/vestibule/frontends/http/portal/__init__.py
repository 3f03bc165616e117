"""The portal: where people look after what they sign in with. One for each tenant, under its own path.

It shows and takes; what is allowed is decided by the services. Nobody but the person himself acts here.
"""

from litestar import Router

from vestibule.frontends.http.portal import devices, enroll, entry, home, phones, pin

ROUTER = Router(
    path="/portal",
    include_in_schema=False,
    route_handlers=[
        entry.any_portal,
        entry.help_for_all,
        entry.help_for_tenant,
        entry.show_password,
        entry.take_password,
        entry.show_passcode,
        entry.take_passcode,
        entry.choose_way,
        entry.sign_in_state,
        entry.sign_out,
        entry.signed_out,
        entry.show_confirm,
        entry.take_confirm,
        home.home,
        home.rename,
        home.remove,
        home.new_recovery_codes,
        home.after_recovery_codes,
        home.end_other_sessions,
        pin.show_pin,
        pin.change_pin,
        phones.show_phone,
        phones.begin_phone,
        phones.show_proof,
        phones.take_proof,
        phones.proof_state,
        phones.choose_default,
        devices.begin_device,
        devices.cancel_device,
        devices.to_devices,
        devices.show_device,
        devices.device_state,
        enroll.to_app,
        enroll.begin_app,
        enroll.confirm_app,
        enroll.show_token,
        enroll.register_token,
    ],
)
