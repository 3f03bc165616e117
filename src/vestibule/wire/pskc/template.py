"""A shortcut through files as vendors make them: one pattern for a whole key package.

Bulk files repeat one plain shape a million times. The pattern below is a regular subset of XML: it accounts
for every character of a package, knows no comment, reference, CDATA section or namespace declaration, and has
the elements in the order of the schema (RFC 6030 §11). What it matches, an XML parser must read the same way,
provided that the text stands between two packages of a container whose head has bound the prefixes.
Whatever it does not match is left to the parser, so it can never widen what is accepted; a test compares the
two on generated packages. It is four times as fast.
"""

import re
from itertools import permutations
from typing import Final

from vestibule.wire.pskc.names import (
    ALGORITHM,
    COUNTER,
    DEVICE,
    KEY,
    KEY_ID,
    PARAMETERS,
    POLICY,
    RESPONSE_ENCODING,
    RESPONSE_LENGTH,
    SECRET,
    TIME_DRIFT,
    TIME_INTERVAL,
    Fields,
)

# Quantifiers are possessive: nothing is tried twice, so time is linear in the length of the text.
_BLANKS: Final = r"[ \t\r\n]*+"
_GAP: Final = r"[ \t\r\n]++"
# No mark-up, no references, no carriage return (XML turns it into a line feed), no control characters, and
# nothing from the surrogates upwards, where characters begin that XML does not allow.
_TEXT: Final = r"([^<>&\x00-\x08\x0b-\x1f\x7f\ud800-\U0010ffff]*+)"
_ATTRIBUTE: Final = r'"([^"<&\x00-\x1f\x7f\ud800-\U0010ffff]*+)"'


class PackageTemplate:
    """The pattern for one file: `pskc` and `xenc` are the prefixes its root has bound, possibly empty."""

    def __init__(self, pskc: str, xenc: str | None) -> None:
        self._paths: list[str] = []
        self._mark = _mark(pskc)
        self._xenc_mark = None if xenc is None else _mark(xenc)
        self._pattern = re.compile(_BLANKS + self._package().removesuffix(_BLANKS))
        self._end = "</" + (f"{pskc}:" if pskc else "") + "KeyPackage>"

    def is_package_complete(self, text: str, position: int) -> bool:
        """Tell whether the end of a package stands in `text`, so that more text would not help a match."""
        return text.find(self._end, position) >= 0

    def match(self, text: str, position: int) -> tuple[Fields, int] | None:
        """Return the fields and the end of the package at `position`, None if it is not of this shape."""
        found = self._pattern.match(text, position)
        if found is None:
            return None
        fields = {path: value for path, value in zip(self._paths, found.groups(), strict=True) if value}
        if KEY_ID not in fields or ALGORITHM not in fields:
            return None
        return fields, found.end()

    # --- building the pattern: each part appends the paths of its groups in order -----------------------

    def _package(self) -> str:
        return self._element(
            "KeyPackage",
            self._optional(self._element("DeviceInfo", self._device()))
            + self._optional(self._element("CryptoModuleInfo", self._unread("Id")))
            + self._key(),
        )

    def _device(self) -> str:
        names = self._leaves(DEVICE, "Manufacturer", "SerialNo", "Model")
        unread = self._unread("IssueNo") + self._unread("DeviceBinding")
        return names + unread + self._leaves(DEVICE, "StartDate", "ExpiryDate", "UserId")

    def _key(self) -> str:
        begin = f"<{self._mark}Key" + self._attributes({"Id": KEY_ID, "Algorithm": ALGORITHM}) + ">"
        issuer = self._unread("Issuer")
        suite = self._leaves(PARAMETERS, "Suite")
        response = self._optional(self._response())
        parameters = self._optional(self._element("AlgorithmParameters", suite + response))
        data = self._optional(self._element("Data", self._data()))
        owner = self._leaves(KEY, "UserId")
        policies = self._leaves(POLICY, "StartDate", "ExpiryDate", "KeyUsage")
        policy = self._optional(self._element("Policy", policies))
        body = issuer + parameters + data + owner + policy
        return f"{begin}{_BLANKS}{body}</{self._mark}Key>{_BLANKS}"

    def _response(self) -> str:
        name = f"{self._mark}ResponseFormat"
        attributes = self._attributes({"Length": RESPONSE_LENGTH, "Encoding": RESPONSE_ENCODING})
        return f"<{name}{attributes}(?:/>|></{name}>){_BLANKS}"

    def _data(self) -> str:
        secret = self._optional(self._element("Secret", self._secret()))
        counter = self._optional(self._element("Counter", self._leaf(COUNTER.plain)))
        time = self._optional(self._element("Time", self._unread("PlainValue")))
        interval = self._optional(self._element("TimeInterval", self._leaf(TIME_INTERVAL.plain)))
        drift = self._optional(self._element("TimeDrift", self._leaf(TIME_DRIFT.plain)))
        return secret + counter + time + interval + drift

    def _secret(self) -> str:
        plain = self._leaf(SECRET.plain)
        if self._xenc_mark is None:
            return plain
        method = f"{self._xenc_mark}EncryptionMethod"
        algorithm = self._group(SECRET.cipher_algorithm, _ATTRIBUTE)
        cipher_data = self._element(
            "CipherData", self._leaf(SECRET.cipher_text, self._xenc_mark), self._xenc_mark
        )
        encrypted = self._element(
            "EncryptedValue", f"<{method}{_GAP}Algorithm={algorithm}{_BLANKS}/>{_BLANKS}{cipher_data}"
        )
        mac = self._optional(self._leaf(SECRET.mac))
        return f"(?:{plain}|{encrypted}{mac})"

    def _attributes(self, paths: dict[str, str]) -> str:
        # Two attributes in either order, and neither of them twice.
        orders = [
            "".join(f"{_GAP}{name}=" + self._group(path, _ATTRIBUTE) for name, path in order)
            for order in permutations(paths.items())
        ]
        return f"(?:{'|'.join(orders)}){_BLANKS}"

    def _leaves(self, parent: str, *names: str) -> str:
        return "".join(self._optional(self._leaf(f"{parent}/{name}")) for name in names)

    def _unread(self, name: str) -> str:
        return self._optional(self._element(name, _TEXT.removeprefix("(").removesuffix(")"), inner_blanks=""))

    def _leaf(self, path: str, mark: str | None = None) -> str:
        name = path.rpartition("/")[2].removeprefix("xenc:")
        return self._element(name, self._group(path, _TEXT), mark, inner_blanks="")

    def _element(self, name: str, body: str, mark: str | None = None, inner_blanks: str = _BLANKS) -> str:
        tag = (self._mark if mark is None else mark) + name
        return f"<{tag}>{inner_blanks}{body}</{tag}>{_BLANKS}"

    def _optional(self, part: str) -> str:
        return f"(?:{part})?+"

    def _group(self, path: str, pattern: str) -> str:
        self._paths.append(path)
        return pattern


def _mark(prefix: str) -> str:
    return re.escape(prefix) + ":" if prefix else ""
