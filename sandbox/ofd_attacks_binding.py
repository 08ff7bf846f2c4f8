"""Attacks on what ties a seal to a document: dataHash, propertyInfo, structure, times."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from sandbox import der
from sandbox.keys import Sm2Key
from sandbox.ofd import Bends
from sandbox.ofd_attacks_lists import SIGNATURE, VALUE
from sandbox.ofd_forging import (
    Forge,
    OfdAttack,
    Scene,
    after,
    attack,
    changed,
    once,
    seal_bent,
    sealing,
    signature_bent,
)
from sandbox.pages import Parts
from sandbox.ses import SealPlan
from sandbox.sm2 import DEFAULT_ID, identity_hash, sm3

# ---- what is signed of the document


def bound() -> Iterator[OfdAttack]:
    """`dataHash` and propertyInfo tie the seal to one Signature.xml."""
    hashed = "data_hash_differs", "OFD-12 OFD-15"
    yield attack(
        "hash_sha256", *hashed, sealing(Bends(data_hash=lambda d: hashlib.sha256(d).digest()))
    )
    yield attack("hash_zero", *hashed, sealing(Bends(data_hash=lambda _: bytes(32))))
    yield attack("hash_with_z", *hashed, _hash_with_z)
    yield attack("stamp_moved", *hashed, changed(SIGNATURE, once("140 225 38 38", "20 30 150 12")))
    yield attack("digest_rewritten", *hashed, _digest_rewritten, also=("content_changed",))
    yield attack("value_of_another", *hashed, _value_of_another)
    yield attack("signer_renamed", *hashed, changed(SIGNATURE, once("yunhai_eseal", "other_eseal")))
    for name, text in (
        ("empty", ""),
        ("other_signature", "/Doc_0/Signs/Sign_1/Signature.xml"),
        ("other_file", "/Doc_0/Document.xml"),
        ("cased", f"/{SIGNATURE.lower()}"),
        ("json", '{"DocId":"b63e8a50","DocName":""}'),
        ("document_id", "ed938c61e6334538bae8c0403cd4098c"),
    ):
        yield attack(f"scope_{name}", "scope_differs", "OFD-16", _scoped(text))


def _scoped(text: str) -> Forge:
    return signature_bent(lambda plan: replace(plan, property_info=text))


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _hash_with_z(scene: Scene) -> bytes:
    key = scene.job.holder.unit.key
    if not isinstance(key, Sm2Key):
        raise TypeError("an SM2 key is needed")
    z = identity_hash(key.public, DEFAULT_ID)
    return sealing(Bends(data_hash=lambda data: sm3(z + data)))(scene)


def _digest_rewritten(scene: Scene) -> bytes:
    """A part and its digest in Signature.xml changed together, the seal left as it was."""
    start = once("<ofd:CheckValue>", "<ofd:CheckValue>AAAA")

    def change(parts: Parts) -> Parts:
        return {**parts, SIGNATURE: start(parts[SIGNATURE])}

    return after(change)(scene)


def _value_of_another(scene: Scene) -> bytes:
    """The genuine SignedValue.dat of another license by the same seal."""
    other = scene.world.of(scene.license.issuer, "in_force")[1]
    donor = replace(scene, license=other).parts[VALUE]
    return after(lambda parts: {**parts, VALUE: donor})(scene)


# ---- structure


def _value_file(change: Callable[[bytes], bytes]) -> Forge:
    return sealing(Bends(value=change))


def _bare(parts: Parts) -> Parts:
    return {name: content for name, content in parts.items() if name != VALUE}


def structure() -> Iterator[OfdAttack]:
    """SES_Signature and SESeal (GB/T 38540 §6.1, §7.1)."""
    signed, sealed = signature_bent, seal_bent
    for name, forge in (
        ("garbage", _value_file(lambda _: b"\xcc" * 100)),
        ("empty_file", _value_file(lambda _: b"")),
        ("text_file", _value_file(base64.b64encode)),
        ("cut", _value_file(lambda v: v[:-40])),
        ("trailing_byte", _value_file(lambda v: v + b"\x00")),
        ("indefinite", _value_file(_indefinite)),
        ("missing_file", after(_bare)),
        ("sixth_member", signed(lambda p: replace(p, more=der.integer(1) + der.integer(2)))),
        ("version_1", signed(lambda p: replace(p, version=1))),
        ("version_3", signed(lambda p: replace(p, version=3))),
        ("version_5", signed(lambda p: replace(p, version=5))),
        ("hash_of_no_size", signed(lambda p: replace(p, data_hash=p.data_hash[:10]))),
        ("scope_not_ascii", signed(lambda p: replace(p, property_raw=der.tlv(0x16, b"\xff")))),
        ("seal_version_3", sealed(lambda p: replace(p, version=3))),
        ("seal_header", sealed(lambda p: replace(p, header_id="XX"))),
        ("list_type_lies", sealed(lambda p: replace(p, list_type=2, list_as=1))),
        ("list_type_digests", sealed(lambda p: replace(p, list_type=1, list_as=2))),
        ("list_type_3", sealed(lambda p: replace(p, list_type=3, list_as=1))),
        ("list_empty", sealed(lambda p: replace(p, certificates=()))),
        ("picture_without_size", sealed(_without_size)),
        ("seal_fifth_member", sealed(lambda p: replace(p, more=der.integer(1)))),
    ):
        also = ("seal_invalid", "signer_not_in_seal", "scope_differs")
        yield attack(f"ses_{name}", "signature_unreadable", "OFD-31", forge, also=also)


def _without_size(plan: SealPlan) -> SealPlan:
    return replace(plan, picture=replace(plan.picture, width=0, height=0))


def _indefinite(value: bytes) -> bytes:
    """The outermost SEQUENCE with a length that is told by its end."""
    return b"\x30\x80" + value[4:] + b"\x00\x00"


# ---- time


def clock_off(hours: float) -> Callable[[Scene], str]:
    """SignatureDateTime that many hours after the signed time."""
    return lambda scene: scene.shape.clock(scene.job.at + timedelta(hours=hours))


def times() -> Iterator[OfdAttack]:
    """SignatureDateTime beside the signed timeInfo (OFD-22)."""
    for name, hours in (
        ("three_days_late", 72), ("three_days_early", -72), ("a_year_late", 8766),
        ("seven_hours", 7), ("nine_hours", 9), ("an_hour", -1),
    ):  # fmt: skip
        yield attack(f"clock_{name}", "times_disagree", "OFD-22", sealing(clock=clock_off(hours)))
    yield attack("signed_tomorrow", "signed_in_future", "OFD-19",
                 sealing(at=lambda scene: scene.day(2)))  # fmt: skip


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (bound, structure, times):
        yield from family()
