"""SM2-signed PDFs confirmed by a second implementation, and the service beside it.

None are public, so the sandbox makes them; OpenSSL says whether they hold. Structures are read by
asn1crypto (RFC 5652; GB/T 38540-2020, 7.2 and 7.3), SM3 and SM2 are OpenSSL's own, with its own Z:
nothing of the sandbox or the service is asked.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from asn1crypto import cms, core, x509

from sandbox.pdf_attacks import PDF_TOLERATED
from sandbox.pdf_forging import PdfScene
from sandbox.world import World
from tests.crypto.openssl_oracle import DigestVerify, digest_verify
from tests.sandbox.core import Core

DEFAULT_ID = b"1234567812345678"
"""GM/T 0009-2012, 10."""
_SIGNATURE = re.compile(
    rb"/SubFilter\s*/([\w.]+).*?/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Found:
    """One signature, by its octets alone."""

    sub_filter: str
    covered: bytes
    value: bytes


class SealValue(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - as asn1crypto wants it
        ("info", core.Any), ("certificate", core.OctetString),
        ("algorithm", core.ObjectIdentifier), ("value", core.OctetBitString),
    ]  # fmt: skip


class ToSign(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("version", core.Integer), ("seal", SealValue), ("time", core.Any),
        ("hash", core.OctetBitString), ("property", core.IA5String),
    ]  # fmt: skip


class SesSignature(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("to_sign", ToSign), ("certificate", core.OctetString),
        ("algorithm", core.ObjectIdentifier), ("value", core.OctetBitString),
    ]  # fmt: skip


def signatures(content: bytes) -> list[Found]:
    found = []
    for match in _SIGNATURE.finditer(content):
        end, start, rest = (int(number) for number in match.groups()[1:])
        value = bytes.fromhex(content[end + 1 : start - 1].decode())
        covered = content[:end] + content[start : start + rest]
        found.append(Found(match[1].decode(), covered, value))
    return found


def _key(certificate: bytes) -> bytes:
    spki = x509.Certificate.load(certificate).public_key
    return bytes(spki.dump())


def _sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def confirms(oracle: DigestVerify, found: Found, signer_id: bytes = DEFAULT_ID) -> bool:
    """Whether digest and values hold, the seal maker's included, by OpenSSL."""
    if found.sub_filter == "GM.sm2seal":
        ses = SesSignature.load(found.value)
        seal = ses["to_sign"]["seal"]
        return (
            ses["to_sign"]["hash"].native == _sm3(found.covered)
            and oracle.accepts(
                _key(ses["certificate"].native),
                ses["to_sign"].dump(),
                ses["value"].native,
                signer_id,
            )
            and oracle.accepts(
                _key(seal["certificate"].native),
                seal["info"].dump(),
                seal["value"].native,
                signer_id,
            )
        )
    content = cms.ContentInfo.load(found.value)["content"]  # by an OID of GB/T 35275, so any
    data = content.parse(spec=cms.SignedData)
    (signer,) = data["signer_infos"]
    attributes = signer["signed_attrs"]
    (digest,) = next(a["values"] for a in attributes if a["type"].native == "message_digest")
    return digest.native == _sm3(found.covered) and oracle.accepts(
        _key(data["certificates"][0].dump()),
        attributes.untag().dump(),
        signer["signature"].native,
        signer_id,
    )


def _odd(name: str) -> Callable[[World], bytes]:
    return PDF_TOLERATED[name].make


FILES: dict[str, Callable[[World], bytes]] = {
    "cms": lambda world: PdfScene(world, world.pick("university"), "sm2").paper.content,
    "seal": lambda world: PdfScene(world, world.pick("traffic"), "seal").paper.content,
    "cms_long_term": _odd("tolerated_long_term"),
    "seal_long_term": _odd("tolerated_sealed_long_term"),
    "linearised": _odd("tolerated_linearised"),
}


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_openssl_and_the_service_confirm_what_the_sandbox_signs(
    pinned: World, core: Core, make: Callable[[World], bytes]
) -> None:
    oracle, content = digest_verify(), make(pinned)
    signed = next(f for f in signatures(content) if f.sub_filter != "ETSI.RFC3161")
    assert confirms(oracle, signed)
    assert not confirms(oracle, signed, b"another id")
    assert core.judge(content).conclusion == "valid"


@pytest.mark.parametrize("name", ["cms", "seal"])
def test_openssl_and_the_service_refuse_the_same(pinned: World, core: Core, name: str) -> None:
    oracle, content = digest_verify(), FILES[name](pinned)
    (whole,) = signatures(content)
    place = content.index(b"72 760 Td")
    length = len(whole.value.rstrip(b"\x00"))  # without the room behind it
    value = content.index(whole.value.hex().upper().encode()) + 2 * (length - 2)
    for at, octet in ((place, b"8"), (value, b"0" if content[value : value + 1] != b"0" else b"1")):
        bent = content[:at] + octet + content[at + 1 :]
        (found,) = signatures(bent)
        assert not confirms(oracle, found)
        assert core.judge(bent).conclusion == "invalid"


@pytest.mark.parametrize("seals", ["joint_visible", "joint_three"])
def test_openssl_confirms_every_seal_of_several(pinned: World, seals: str) -> None:
    found = signatures(PDF_TOLERATED[seals].make(pinned))
    assert len(found) == {"joint_visible": 2, "joint_three": 3}[seals]
    oracle = digest_verify()
    assert all(confirms(oracle, each) for each in found)
