"""The parts of the authenticator app that need no page, in Node.js: passcodes, links, codes, signed texts."""

from __future__ import annotations

import json
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FRONTEND = Path(__file__).parents[4] / "frontend"
MODULES = ("passcodes", "protocol", "shown", "activation", "texts")
DRIVER = """
import * as passcodes from "./passcodes";
import * as protocol from "./protocol";
import * as shown from "./shown";
import * as activation from "./activation";
import * as texts from "./texts";
const modules = { passcodes, protocol, shown, activation, texts };
const plain = (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
const octets = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
async function passcodeOf(secret, parameters, at) {
  const key = await passcodes.lockSecret(octets(secret), parameters.algorithm);
  if (key.extractable) throw new Error("the secret can be read");
  return passcodes.passcodeAt(key, parameters, at);
}
modules.own = { passcodeOf };
globalThis.fetch = async () => ({ json: async () => JSON.parse(process.argv[2]) });
await texts.loadTexts("en");
const [module, name, values] = JSON.parse(process.argv[3]);
try {
  process.stdout.write(JSON.stringify({ value: await modules[module][name](...values) }, plain));
} catch (problem) {
  process.stdout.write(JSON.stringify({ raised: String(problem) }));
}
"""

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """`call("passcodes.readBase32", "MZXQ")` returns what the function does; octets as hexadecimal digits."""
    node = runpy.run_path(str(FRONTEND / "build.py"), run_name="build")["find_node"]().node
    bundle = tmp_path_factory.mktemp("bundle") / "parts.mjs"
    subprocess.run(
        [
            node,
            FRONTEND / "node_modules/esbuild/bin/esbuild",
            "--bundle",
            "--format=esm",
            f"--outfile={bundle}",
        ],
        input=DRIVER,
        cwd=FRONTEND / "src/app",
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )
    words = {f"problem.{name}": name for name in ("unknown", "counter", "key", "parameters")}
    words["problem.elsewhere"] = "elsewhere {host}"

    def run(function: str, *values: Any) -> Any:
        module, name = function.split(".")
        asked = json.dumps([module, name, values])
        done = subprocess.run(
            [node, bundle, json.dumps(words), asked], capture_output=True, text=True, check=True, timeout=60
        )
        said = json.loads(done.stdout)
        if "raised" in said:
            raise ValueError(said["raised"])
        return said.get("value")

    return run


SEED = b"1234567890" * 7
VECTORS = {
    "SHA1": ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"],
    "SHA256": ["46119246", "68084774", "67062674", "91819424", "90698825", "77737706"],
    "SHA512": ["90693936", "25091201", "99943326", "93441116", "38618901", "47863826"],
}
TIMES = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000]


@pytest.mark.parametrize(("algorithm", "size"), [("SHA1", 20), ("SHA256", 32), ("SHA512", 64)])
def test_passcodes_are_those_of_the_standard(call: Call, algorithm: str, size: int) -> None:
    """RFC 6238 appendix B."""
    parameters = {"algorithm": algorithm, "digits": 8, "period": 30}
    made = [call("own.passcodeOf", SEED[:size].hex(), parameters, at * 1000) for at in TIMES]
    assert made == VECTORS[algorithm]


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("MZXW6YTBOI======", b"foobar".hex()),
        ("mzxw 6ytb-oi", b"foobar".hex()),
        ("MY", b"f".hex()),
        ("", None),
        ("MZX1", None),
        ("M", None),
        ("MZXW6YTBO", None),
    ],
)
def test_base32_as_people_type_it(call: Call, text: str, octets: str | None) -> None:
    assert call("passcodes.readBase32", text) == octets


USUAL = {"algorithm": "SHA1", "digits": 6, "period": 30}


@pytest.mark.parametrize(
    ("uri", "issuer", "account", "parameters"),
    [
        ("otpauth://totp/Acme:bob?secret=MZXW6YTBOI&issuer=Acme", "Acme", "bob", USUAL),
        ("otpauth://totp/Acme%20Co%3Abob%40b.example?secret=MZXW6YTBOI", "Acme Co", "bob@b.example", USUAL),
        ("OTPAUTH://TOTP/bob?secret=mzxw6ytboi", "", "bob", USUAL),
        ("otpauth://totp/%E0%A4%A?secret=MZXW6YTBOI", "", "%E0%A4%A", USUAL),
        (
            "otpauth://totp/B:a:c?secret=MZXW6YTBOI&algorithm=sha-256&digits=8&period=60&issuer=Bank",
            "Bank",
            "a:c",
            {"algorithm": "SHA256", "digits": 8, "period": 60},
        ),
    ],
)
def test_a_link_describes_an_account(
    call: Call, uri: str, issuer: str, account: str, parameters: dict[str, Any]
) -> None:
    said = call("passcodes.readUri", uri)
    assert said == {
        "issuer": issuer,
        "account": account,
        "secret": b"foobar".hex(),
        "parameters": parameters,
    }


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("otpauth://hotp/bob?secret=MZXW6YTBOI&counter=1", "counter"),
        ("otpauth://yubi/bob?secret=MZXW6YTBOI", "unknown"),
        ("otpauth://totp/bob", "key"),
        ("otpauth://totp/bob?secret=0189", "key"),
        ("otpauth://totp/bob?secret=MZXW6YTBOI&digits=4", "parameters"),
        ("otpauth://totp/bob?secret=MZXW6YTBOI&digits=6.5", "parameters"),
        ("otpauth://totp/bob?secret=MZXW6YTBOI&period=0", "parameters"),
        ("otpauth://totp/bob?secret=MZXW6YTBOI&algorithm=MD5", "parameters"),
        ("otpauth://totp/bob?secret=MZXW6YTBOI&algorithm=toString", "parameters"),
        ("otpauth:totp", "unknown"),
    ],
)
def test_a_link_that_is_none_of_ours_says_why(call: Call, uri: str, problem: str) -> None:
    assert call("passcodes.readUri", uri) == problem
    assert call("activation.readBrought", uri, "https://mfa.example") == {"kind": "problem", "words": problem}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K7QX2-M4VDH", "K7QX2M4VDH"),
        (" k7qx2 m4vdh ", "K7QX2M4VDH"),
        ("K7QX2–M4VDH", "K7QX2M4VDH"),
        ("KOQX2-M4VDL", "K0QX2M4VD1"),
        ("K7QX2-M4VD", None),
        ("K7QX2-M4VDU", None),
        ("K7QX2-M4VDHH", None),
        ("K7QX2-M4VDÄ", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_it_is_meant(call: Call, typed: str, code: str | None) -> None:
    assert call("protocol.readCode", typed) == code


@pytest.mark.parametrize(
    ("typed", "brought"),
    [
        ("https://mfa.example/app/#activate=K7QX2M4VDH", {"kind": "code", "code": "K7QX2M4VDH"}),
        ("https://mfa.example/app/#activate=K7QX2-M4VDH", {"kind": "code", "code": "K7QX2M4VDH"}),
        (
            "https://evil.example/app/#activate=K7QX2M4VDH",
            {"kind": "problem", "words": "elsewhere evil.example"},
        ),
        ("https://mfa.example/app/", {"kind": "problem", "words": "unknown"}),
        ("https://mfa.example/app/#activate=%", {"kind": "problem", "words": "unknown"}),
        ("https://", {"kind": "problem", "words": "unknown"}),
        ("javascript:1", {"kind": "problem", "words": "unknown"}),
    ],
)
def test_an_activation_link_is_followed_to_its_own_server_only(
    call: Call, typed: str, brought: dict[str, str]
) -> None:
    assert call("activation.readBrought", typed, "https://mfa.example") == brought


REQUEST = {"id": "r", "verification": "v", "applicationId": "vpn", "expiresAt": 1790000060000}
SIGNER = {"id": "a", "tenant": "acme", "user": "u"}


def test_what_is_signed_is_ten_lines(call: Call) -> None:
    said = call("protocol.answerText", SIGNER, REQUEST, "47", "approve")
    assert said == "vestibule answer 1\nacme\nu\na\nv\nr\nvpn\n47\napprove\n1790000060000\n"
    assert call("protocol.answerText", SIGNER, REQUEST, "", "deny").split("\n")[7:9] == ["", "deny"]
    assert call("protocol.activationText", "K7QX2M4VDH", "BPk") == "vestibule activate 1\nK7QX2M4VDH\nBPk\n"


def test_nothing_with_a_line_feed_is_signed(call: Call) -> None:
    with pytest.raises(ValueError, match="line feed"):
        call("protocol.answerText", SIGNER, {**REQUEST, "applicationId": "vpn\n47"}, "1", "approve")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("VPN", "VPN"),
        ("a\nb\t c\x00d", "a b c d"),
        ("pay\u202egnp.exe\u2066x", "pay gnp.exe x"),
        ("x" * 200, "x" * 79 + "…"),
        ("😀" * 100, "😀" * 79 + "…"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_texts_of_others_are_cut_and_stay_in_their_place(call: Call, text: str, shown: str) -> None:
    """PU-16."""
    assert call("shown.cut", text) == shown


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, ["de-AT", "en"], "de"),
        (None, ["fr", "en-US"], "en"),
        (None, ["fr"], "en"),
        (None, [], "en"),
        ("de", ["en"], "de"),
        ("fr", ["de"], "de"),
    ],
)
def test_the_language_is_that_of_the_browser_unless_chosen(
    call: Call, chosen: str | None, accepted: list[str], language: str
) -> None:
    assert call("texts.chooseLanguage", chosen, accepted) == language
