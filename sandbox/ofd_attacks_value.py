"""Attacks on the signature value: SM2 at its edges, under other rules, in other encodings."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import der, pki
from sandbox.authorities import Unit
from sandbox.keys import EcKey, Sm2Key, make_key
from sandbox.ofd import Bends
from sandbox.ofd_forging import (
    Forge,
    OfdAttack,
    Scene,
    attack,
    sealing,
    signature_bent,
    with_unit,
)
from sandbox.seals import subject_of
from sandbox.ses import SignaturePlan, Signing
from sandbox.sm2 import DEFAULT_ID, N, encode_der, encode_raw, identity_hash, sm3

Pair = tuple[int, int]


def _key(plan: SignaturePlan) -> Sm2Key:
    key = plan.signer.key
    if not isinstance(key, Sm2Key):
        raise TypeError("an SM2 key is needed")
    return key


def _signing(make: Callable[[Sm2Key], Signing]) -> Forge:
    return signature_bent(lambda plan: replace(plan, signing=make(_key(plan))))


def _pair(
    change: Callable[[int, int], Pair], encode: Callable[[Pair], bytes] = encode_der
) -> Forge:
    """The genuine (r, s), changed."""

    def make(key: Sm2Key) -> Signing:
        return lambda message: encode(change(*key.private.sign(message, public=key.public)))

    return _signing(make)


def _encoded(change: Callable[[bytes], bytes]) -> Forge:
    """The genuine value in another encoding."""

    def make(key: Sm2Key) -> Signing:
        return lambda message: change(encode_der(key.private.sign(message, public=key.public)))

    return _signing(make)


def with_id(uid: bytes) -> Callable[[Sm2Key], Signing]:
    """Signed under another distinguishing id."""
    return lambda key: lambda message: encode_der(key.private.sign(message, uid, public=key.public))


def with_digest(digest: Callable[[Sm2Key, bytes], bytes]) -> Callable[[Sm2Key], Signing]:
    """Signed over another digest of the message."""

    def make(key: Sm2Key) -> Signing:
        def sign(message: bytes) -> bytes:
            e = digest(key, message)
            nonce = int.from_bytes(sm3(b"nonce" + e), "big") % (N - 1) + 1
            pair = key.private.sign_digest(e, nonce)
            if pair is None:
                raise ValueError("draw again")
            return encode_der(pair)

        return sign

    return make


def without_z(key: Sm2Key, message: bytes) -> bytes:
    del key
    return sm3(message)


def sha256_of_all(key: Sm2Key, message: bytes) -> bytes:
    return hashlib.sha256(identity_hash(key.public, DEFAULT_ID) + message).digest()


def values() -> Iterator[OfdAttack]:
    """SM2 at its edges (GB/T 32918.2 §7.1) and under other rules."""
    for name, forge in (
        ("r_zero", _pair(lambda _, s: (0, s))),
        ("s_zero", _pair(lambda r, _: (r, 0))),
        ("both_zero", _pair(lambda *_: (0, 0), encode_raw)),
        ("r_order", _pair(lambda _, s: (N, s))),
        ("s_order", _pair(lambda r, _: (r, N))),
        ("r_above_order", _pair(lambda _, s: (N + 1, s))),
        ("r_all_ones", _pair(lambda _, s: (2**256 - 1, s))),
        ("sum_zero", _pair(lambda r, _: (r, N - r))),
        ("s_negated", _pair(lambda r, s: (r, N - s))),
        ("swapped", _pair(lambda r, s: (s, r))),
        ("one_bit", _pair(lambda r, s: (r, s ^ 1))),
        ("one_one", _pair(lambda *_: (1, 1))),
    ):
        yield attack(f"value_{name}", "signature_invalid", "SM-01", forge)
    for name, uid in (
        ("empty", b""),
        ("alice", b"ALICE123@YAHOO.COM"),
        ("short", DEFAULT_ID[:-1]),
        ("long", b"1" * 8000),
    ):
        yield attack(f"id_{name}", "signature_invalid", "SM-02", _signing(with_id(uid)))
    yield attack("id_subject", "signature_invalid", "SM-02", _with_subject_id)
    yield attack("without_z", "signature_invalid", "SM-03", _signing(with_digest(without_z)))
    yield attack("over_sha256", "signature_invalid", "SM-04", _signing(with_digest(sha256_of_all)))
    also = ("signature_invalid",)
    for name, forge in (
        ("trailing", _encoded(lambda v: v + b"\x00")),
        ("long_length", _encoded(lambda v: v[:1] + b"\x81" + v[1:])),
        ("indefinite", _encoded(lambda v: b"\x30\x80" + v[2:] + b"\x00\x00")),
        ("base64", _encoded(base64.b64encode)),
        ("hexadecimal", _encoded(lambda v: v.hex().encode())),
        ("empty", _encoded(lambda _: b"")),
        ("three_numbers", _encoded(lambda v: der.sequence(v[2:], der.integer(1)))),
        ("one_number", _encoded(lambda _: der.sequence(der.integer(1)))),
        ("raw_longer", _pair(lambda r, s: (r, s), lambda p: encode_raw(p) + bytes(8))),
    ):
        yield attack(f"encoding_{name}", "signature_unreadable", "SM-06", forge, also=also)


def _with_subject_id(scene: Scene) -> bytes:
    holder = scene.job.holder
    uid = pki.name(subject_of(holder.body, holder.code))
    return _signing(with_id(uid))(scene)


# ---- algorithms


def _p256(scene: Scene) -> EcKey:
    key = make_key("ES256", scene.world.seed, "pki/p256-signer")
    if not isinstance(key, EcKey):
        raise TypeError("P-256 is needed")
    return key


def _p256_as_sm2(scene: Scene) -> bytes:
    """A certificate on P-256, its ECDSA value called SM2."""

    def unit(scene: Scene) -> Unit:
        holder = scene.job.holder
        who = subject_of(holder.body, holder.code)
        made = scene.world.authorities
        return made.unit("p256-signer", who, (-730, 1500), key=_p256(scene))

    return with_unit(unit)(scene)


def algorithms() -> Iterator[OfdAttack]:
    def called(oid: str) -> Forge:
        return signature_bent(lambda plan: replace(plan, algorithm=oid))

    sure = ("signature_unreadable", "algorithm_mismatch", "weak_algorithm")
    yield attack("p256_as_sm2", "signature_invalid", "SM-04", _p256_as_sm2, also=sure)
    yield attack("sm2_as_ecdsa", "signature_invalid", "SM-04 OFD-23",
                 called(pki.ECDSA_WITH_SHA256), also=sure)  # fmt: skip
    yield attack("sm2_as_rsa", "signature_invalid", "SM-04 OFD-23",
                 called("1.2.840.113549.1.1.11"), also=sure)  # fmt: skip
    yield attack("called_rsa_sha1", "weak_algorithm", "SM-04", called(pki.RSA_WITH_SHA1),
                 also=("signature_invalid", "algorithm_mismatch"))  # fmt: skip
    for name, oid in (
        ("rsa", "1.2.840.113549.1.1.11"),
        ("ecdsa", pki.ECDSA_WITH_SHA256),
        ("sm2_sha256", "1.2.156.10197.1.503"),
        ("sm3_only", "1.2.156.10197.1.401"),
    ):
        yield attack(f"method_says_{name}", "algorithm_mismatch", "OFD-23", sealing(method=oid))
    for name, written, digest in (
        ("md5", "MD5", _md5),
        ("sha1", "SHA1", _sha1),
        ("sha1_oid", "1.3.14.3.2.26", _sha1),
        ("absent", "", _md5),
    ):
        forge = sealing(Bends(digest=digest), check_method=written)
        yield attack(f"check_{name}", "weak_algorithm", "SM-08", forge, also=("not_covered",))
    yield attack("check_unknown", "weak_algorithm", "SM-08", sealing(check_method="CRC32"),
                 also=("not_covered", "malformed"))  # fmt: skip
    yield attack("check_other_digest", "content_changed", "SM-08",
                 sealing(Bends(digest=lambda data: hashlib.sha256(data).digest())))  # fmt: skip


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (values, algorithms):
        yield from family()
