"""The names of PSKC files: namespaces, algorithms, and the fields that are read.

A *field* is the text of one element or attribute of a key package, under its path, for example
`Key/Data/Counter/PlainValue` or `Key/@Id`. Elements of the PSKC namespace have their bare name in it, those
of XML Encryption the prefix `xenc:`, whatever the file calls them.
"""

from typing import Final, NamedTuple

PSKC: Final = "urn:ietf:params:xml:ns:keyprov:pskc"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XINCLUDE: Final = "http://www.w3.org/2001/XInclude"

Fields = dict[str, str]

REPEATED: Final = "repeated"
"""The field that names an element which occurs more than once, where it may not."""
UNKNOWN_POLICY: Final = "unknown policy"
"""The field that names a policy which is not understood (RFC 6030 §5: the key must not be used)."""

DEVICE: Final = "DeviceInfo"
SERIAL: Final = "DeviceInfo/SerialNo"
MANUFACTURER: Final = "DeviceInfo/Manufacturer"
MODEL: Final = "DeviceInfo/Model"
DEVICE_OWNER: Final = "DeviceInfo/UserId"
KEY: Final = "Key"
KEY_ID: Final = "Key/@Id"
KEY_OWNER: Final = "Key/UserId"
ALGORITHM: Final = "Key/@Algorithm"
PARAMETERS: Final = "Key/AlgorithmParameters"
SUITE: Final = "Key/AlgorithmParameters/Suite"
CHALLENGE: Final = "Key/AlgorithmParameters/ChallengeFormat"
RESPONSE: Final = "Key/AlgorithmParameters/ResponseFormat"
RESPONSE_ENCODING: Final = "Key/AlgorithmParameters/ResponseFormat/@Encoding"
RESPONSE_LENGTH: Final = "Key/AlgorithmParameters/ResponseFormat/@Length"
RESPONSE_CHECK_DIGITS: Final = "Key/AlgorithmParameters/ResponseFormat/@CheckDigits"
DATA: Final = "Key/Data"
POLICY: Final = "Key/Policy"
KEY_USAGE: Final = "Key/Policy/KeyUsage"
TRANSACTIONS: Final = "Key/Policy/NumberOfTransactions"
PIN_POLICY: Final = "Key/Policy/PINPolicy"
PIN_USAGE: Final = "Key/Policy/PINPolicy/@PINUsageMode"
STARTS: Final = ("DeviceInfo/StartDate", "Key/Policy/StartDate")
EXPIRIES: Final = ("DeviceInfo/ExpiryDate", "Key/Policy/ExpiryDate")

KNOWN_POLICIES: Final = frozenset(
    {"StartDate", "ExpiryDate", "PINPolicy", "KeyUsage", "NumberOfTransactions"}
)
MARKED: Final = frozenset({CHALLENGE, PIN_POLICY, TRANSACTIONS})
"""Elements whose mere presence counts; each leaves a field under its path and MARK."""
MARK: Final = "/@"


class ValuePaths(NamedTuple):
    """Where the parts of one value of the Data element are."""

    plain: str
    cipher_algorithm: str
    cipher_text: str
    mac: str


def _value_paths(name: str) -> ValuePaths:
    encrypted = f"{DATA}/{name}/EncryptedValue"
    return ValuePaths(
        f"{DATA}/{name}/PlainValue",
        f"{encrypted}/xenc:EncryptionMethod/@Algorithm",
        f"{encrypted}/xenc:CipherData/xenc:CipherValue",
        f"{DATA}/{name}/ValueMAC",
    )


SECRET: Final = _value_paths("Secret")
COUNTER: Final = _value_paths("Counter")
TIME: Final = _value_paths("Time")
TIME_INTERVAL: Final = _value_paths("TimeInterval")
TIME_DRIFT: Final = _value_paths("TimeDrift")
VALUES: Final = (SECRET, COUNTER, TIME, TIME_INTERVAL, TIME_DRIFT)
