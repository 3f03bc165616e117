"""A secret, as it is shown for enrolling."""

import io
from typing import Any, Final

import segno

SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


URI: Final = f"otpauth://totp/Example:alice?secret={SECRET}&issuer=Example"


def _qr() -> str:
    drawn = io.BytesIO()
    segno.make(URI, error="m").save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    return drawn.getvalue().decode()


CODES = tuple(f"{n}k7m-{n}pqx-{9 - n}wzt" for n in range(10))


ENROLLMENT: dict[str, Any] = {
    "qr_svg": _qr(),
    "otpauth_uri": URI,
    "secret": SECRET,
    "account": "alice",
    "parameters": {"algorithm": "SHA-1", "digits": 6, "period": 30},
}
