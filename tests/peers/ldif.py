"""Records of LDIF (RFC 2849), as the tools of directories read them."""

from __future__ import annotations

import base64


def entry(dn: str, **attributes: str | tuple[str, ...]) -> str:
    """Return one LDIF record; values are text."""
    lines = [f"dn: {dn}"]
    for name, values in attributes.items():
        lines += [f"{name}: {value}" for value in ((values,) if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n"


def quoted(ldif: str) -> str:
    """Write values that are not plain ASCII in Base64, as RFC 2849 asks."""

    def quote(line: str) -> str:
        name, colon, value = line.partition(": ")
        if not colon or line.isascii():
            return line
        return f"{name}:: {base64.b64encode(value.encode()).decode()}"

    return "\n".join(map(quote, ldif.split("\n")))
