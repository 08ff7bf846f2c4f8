"""Sealed facts are opened, or refused by name: the vector of docs/ivp-vectors, and what is near it."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.jose import base64url, to_base64url
from app.domain.errors import Malformed
from app.federation.jwe import Recipient, seal
from app.federation.opening import open_sealed

VECTORS = Path(__file__).parents[2] / "docs" / "ivp-vectors"
KEY = ec.derive_private_key(7, ec.SECP256R1())
OTHER = ec.derive_private_key(8, ec.SECP256R1())


def sealed(plaintext: bytes = b'{"holder":"x"}') -> str:
    return seal(plaintext, Recipient("k", KEY.public_key()))


def test_what_was_sealed_is_opened():
    assert open_sealed(sealed(b"x" * 5000), KEY) == b"x" * 5000


def test_the_vector_opens():
    facts = json.loads((VECTORS / "facts.json").read_text("utf-8"))
    keys = json.loads((VECTORS / "keys.json").read_text("utf-8"))
    (jwk,) = (k for k in _jwks(keys) if k.get("kid") == "issuer-facts")
    number = int.from_bytes(base64url(jwk["d"], "d"), "big")
    opened = open_sealed(facts["facts_jwe"], ec.derive_private_key(number, ec.SECP256R1()))
    assert json.loads(opened) == facts["facts"]


def _jwks(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        own = [value] if "kid" in value else []
        return own + [jwk for inner in value.values() for jwk in _jwks(inner)]
    return [j for inner in value for j in _jwks(inner)] if isinstance(value, list) else []


def header(**changes: object) -> str:
    """The same with another header; what is sealed no longer fits it."""
    parts = sealed().split(".")
    members = json.loads(base64url(parts[0], "header"))
    changed = {k: v for k, v in {**members, **changes}.items() if v is not None}
    return ".".join([to_base64url(json.dumps(changed).encode()), *parts[1:]])


def point(**changes: object) -> str:
    members = json.loads(base64url(sealed().split(".")[0], "header"))
    return header(epk={k: v for k, v in {**members["epk"], **changes}.items() if v is not None})


BAD = {
    "empty": lambda: "",
    "four parts": lambda: sealed().rpartition(".")[0],
    "six parts": lambda: sealed() + ".AA",
    "a wrapped key": lambda: sealed().replace("..", ".AA."),
    "too long": lambda: sealed() + "A" * 20_000,
    "another alg": lambda: header(alg="ECDH-ES+A256KW"),
    "another enc": lambda: header(enc="A128GCM"),
    "compressed": lambda: header(zip="DEF"),
    "critical": lambda: header(crit=["b64"]),
    "party info": lambda: header(apu="AA"),
    "no epk": lambda: header(epk=None),
    "epk a text": lambda: header(epk="x"),
    "epk on another curve": lambda: point(crv="P-384"),
    "epk with a private part": lambda: point(d="AA"),
    "epk without y": lambda: point(y=None),
    "epk short": lambda: point(x="AA"),
    "epk a number": lambda: point(x=5),
    "epk off the curve": lambda: point(x=to_base64url(b"\x01" * 32)),
    "header no JSON": lambda: "AA" + sealed()[sealed().index(".") :],
    "nonce short": lambda: ".".join([*sealed().split(".")[:2], "AA", *sealed().split(".")[3:]]),
    "tag short": lambda: sealed().rpartition(".")[0] + ".AA",
    "tag altered": lambda: sealed().rpartition(".")[0] + "." + to_base64url(b"\x00" * 16),
    "header altered": lambda: header(kid="other"),
    "not base64url": lambda: sealed()[:-1] + "=",
}


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused(name: str):
    open_sealed(sealed(), KEY)
    with pytest.raises(Malformed):
        open_sealed(BAD[name](), KEY)


def test_another_key_opens_nothing():
    with pytest.raises(Malformed, match="another key"):
        open_sealed(sealed(), OTHER)


@given(st.text(max_size=200))
def test_whatever_the_text(text: str):
    with pytest.raises(Malformed):
        open_sealed(text, KEY)
