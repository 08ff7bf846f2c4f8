"""验签: signatures over messages by registered keys; each refusal beside the same, untouched.

Values are made by other code than ours: `cryptography`, and the sandbox's own SM2 and DER.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from app.checks.detached import examine_detached
from app.crypto.sm2 import DEFAULT_ID, message_digest
from app.domain.detached import (
    Detached,
    DetachedForm,
    MessageDigest,
    ToldDigest,
)
from app.domain.errors import Refused
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.trust import Trust, TrustedKey, TrustSource
from sandbox import sm2
from sandbox.sm2 import sm3
from tests.cms_maker import DATA, SHA256, SIGNED, CmsMaker, algorithm, content_type, signing_time
from tests.cms_maker import message_digest as attribute
from tests.pki import NOW as MADE
from tests.pki import Key, certificate, name, root, rsa_key, sm2_key
from tests.world import DAY, FOREVER, ISSUER, NOW, OPEN, OTHER, PAST, TRUST, TYPE

MESSAGE = "同意。".encode()
OTHERS_TYPE = TypeCode("11100000MB03271699002")
RSA = rsa.generate_private_key(65537, 2048)
P256, P384, P521 = (
    ec.generate_private_key(c()) for c in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
)
ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SM2 = sm2.PrivateKey(int.from_bytes(sha256(b"detached").digest(), "big") % (sm2.N - 2) + 1)
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def spki(private: object) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


@dataclass(frozen=True)
class Kind:
    scheme: Scheme
    spki: bytes
    sign: Callable[[bytes], bytes]
    digest: tuple[MessageDigest, Callable[[bytes], bytes]] | None


def _sha(name: type[hashes.HashAlgorithm]) -> Callable[[bytes], bytes]:
    def digest(data: bytes) -> bytes:
        made = hashes.Hash(name())
        made.update(data)
        return made.finalize()

    return digest


_SM2_SPKI = SM2.public().spki()
KINDS = {
    "sm2": Kind(
        Scheme.SM2_SM3, _SM2_SPKI,
        lambda m: sm2.encode_der(SM2.sign(m, public=SM2.public())),
        (MessageDigest.SM3_WITH_Z, lambda m: message_digest(_SM2_SPKI[-65:], m, DEFAULT_ID)),
    ),
    "p256": Kind(
        Scheme.ECDSA_P256_SHA256, spki(P256), lambda m: P256.sign(m, ec.ECDSA(hashes.SHA256())),
        (MessageDigest.SHA256, _sha(hashes.SHA256)),
    ),
    "p384": Kind(
        Scheme.ECDSA_P384_SHA384, spki(P384), lambda m: P384.sign(m, ec.ECDSA(hashes.SHA384())),
        (MessageDigest.SHA384, _sha(hashes.SHA384)),
    ),
    "p521": Kind(
        Scheme.ECDSA_P521_SHA512, spki(P521), lambda m: P521.sign(m, ec.ECDSA(hashes.SHA512())),
        (MessageDigest.SHA512, _sha(hashes.SHA512)),
    ),
    "ed25519": Kind(Scheme.ED25519, spki(ED), ED.sign, None),
    "rsa-pkcs1": Kind(
        Scheme.RSA_PKCS1_SHA256, spki(RSA),
        lambda m: RSA.sign(m, padding.PKCS1v15(), hashes.SHA256()),
        (MessageDigest.SHA256, _sha(hashes.SHA256)),
    ),
    "rsa-pss": Kind(
        Scheme.RSA_PSS_SHA256, spki(RSA), lambda m: RSA.sign(m, PSS, hashes.SHA256()),
        (MessageDigest.SHA256, _sha(hashes.SHA256)),
    ),
}  # fmt: skip


def trusting(kind: Kind, owner: IssuerCode = ISSUER, **changes: object) -> Trust:
    key = TrustedKey(
        key_id=KeyId("k1"), owner=owner, scheme=kind.scheme, spki=kind.spki,
        types=frozenset({TYPE}), window=OPEN, status_good_until=FOREVER,
    )  # fmt: skip
    return replace(TRUST, keys={KeyId("k1"): replace(key, **changes)})  # type: ignore[arg-type]


def asked(value: bytes, form: DetachedForm = DetachedForm.DER, **changes: object) -> Detached:
    made = Detached(form=form, value=value, message=MESSAGE, issuer=ISSUER, key_id=KeyId("k1"))
    return replace(made, **changes)  # type: ignore[arg-type]


def told(one: Detached, trust: Trust, now: datetime = NOW) -> str:
    found = examine_detached(one, trust, now)
    return f"{found.outcome} {found.reason or ''}".strip()


# ---- a value alone


@pytest.mark.parametrize("name", KINDS)
def test_every_scheme_a_key_can_be_registered_for(name: str) -> None:
    kind = KINDS[name]
    one = asked(kind.sign(MESSAGE))
    assert told(one, trusting(kind)) == "passed"
    assert told(replace(one, type=TYPE), trusting(kind)) == "passed"
    assert told(replace(one, message=MESSAGE + b"!"), trusting(kind)) == "failed signature_invalid"
    assert told(replace(one, message=b""), trusting(kind)) == "failed signature_invalid"
    for cut in (b"", one.value[:-1], one.value + b"\0", bytes(len(one.value))):
        found = told(replace(one, value=cut), trusting(kind))
        assert found == "failed signature_invalid", cut


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.digest])
def test_a_digest_in_place_of_the_message(name: str) -> None:
    kind = KINDS[name]
    assert kind.digest is not None
    algorithm, digest = kind.digest
    one = asked(kind.sign(MESSAGE), message=ToldDigest(algorithm, digest(MESSAGE)))
    assert told(one, trusting(kind)) == "passed"
    other = replace(one, message=ToldDigest(algorithm, digest(b"other")))
    assert told(other, trusting(kind)) == "failed signature_invalid"
    for wrong in set(MessageDigest) - {algorithm}:
        with pytest.raises(Refused) as refused:
            told(replace(one, message=ToldDigest(wrong, bytes(32))), trusting(kind))
        assert refused.value.field == "digest.algorithm"
        assert algorithm.value in str(refused.value)


def test_sm3_of_the_message_is_not_what_sm2_signs() -> None:
    """It would be called a forgery; so it is refused, and what to send instead is said."""
    kind = KINDS["sm2"]
    one = asked(kind.sign(MESSAGE), message=ToldDigest(MessageDigest.SM3, sm3(MESSAGE)))
    with pytest.raises(Refused, match="sm3_with_z"):
        told(one, trusting(kind))
    assert told(replace(one, message=MESSAGE), trusting(kind)) == "passed"


def test_ed25519_signs_no_digest() -> None:
    kind = KINDS["ed25519"]
    one = asked(kind.sign(MESSAGE), message=ToldDigest(MessageDigest.SHA512, bytes(64)))
    with pytest.raises(Refused, match="send message"):
        told(one, trusting(kind))
    assert told(replace(one, message=MESSAGE), trusting(kind)) == "passed"


@pytest.mark.parametrize(("name", "size"), [("sm2", 32), ("p256", 32), ("p384", 48), ("p521", 66)])
def test_plain_parts(name: str, size: int) -> None:
    kind = KINDS[name]
    der = kind.sign(MESSAGE)
    plain = b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(der))
    one = asked(plain, DetachedForm.PLAIN)
    assert told(one, trusting(kind)) == "passed"
    for value, form in (
        (plain, DetachedForm.DER),
        (der, DetachedForm.PLAIN),
        (plain[:-1], DetachedForm.PLAIN),
        (bytes(2 * size), DetachedForm.PLAIN),
    ):
        found = told(asked(value, form), trusting(kind))
        assert found == "failed signature_invalid"  # nothing is guessed from a value


def test_another_id_than_the_default_does_not_hold() -> None:
    kind = KINDS["sm2"]
    z = b"\x00\x08" + b"x"
    value = sm2.encode_der(SM2.sign(z + MESSAGE, public=SM2.public()))
    assert told(asked(value), trusting(kind)) == "failed signature_invalid"
    assert told(asked(kind.sign(MESSAGE)), trusting(kind)) == "passed"


# ---- the key


KEY_CASES: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "revoked": ({"revoked_at": NOW - DAY}, {}, "indeterminate key_revoked_since"),
    "revoked, and signed before by its own word": (
        {"revoked_at": NOW - DAY}, {"signed_at": NOW - 2 * DAY}, "indeterminate key_revoked_since"),
    "revoked before it was signed": (
        {"revoked_at": NOW - 3 * DAY}, {"signed_at": NOW - DAY},
        "failed signed_after_revocation"),
    "ended": ({"window": PAST}, {}, "indeterminate key_expired_since"),
    "ended before it was signed": (
        {"window": PAST}, {"signed_at": NOW - DAY / 2}, "failed signed_outside_window"),
    "signed tomorrow": ({}, {"signed_at": NOW + DAY}, "failed signed_in_future"),
    "of another type": ({"types": frozenset()}, {"type": TYPE}, "failed key_not_for_type"),
    "asked about another type": ({}, {"type": OTHERS_TYPE}, "failed key_not_for_type"),
    "no word on its revocation": (
        {"status_good_until": None}, {}, "indeterminate revocation_unavailable"),
}  # fmt: skip


@pytest.mark.parametrize("case", KEY_CASES)
def test_a_key_that_was_not_good(case: str) -> None:
    key, question, expected = KEY_CASES[case]
    kind = KINDS["p256"]
    one = asked(kind.sign(MESSAGE))
    assert told(one, trusting(kind)) == "passed"
    assert told(replace(one, **question), trusting(kind, **key)) == expected  # type: ignore[arg-type]


def test_another_key_than_named() -> None:
    kind, other = KINDS["p256"], KINDS["p384"]
    one = asked(kind.sign(MESSAGE))
    assert told(one, trusting(kind)) == "passed"
    again = ec.generate_private_key(ec.SECP256R1())
    stranger = replace(kind, spki=spki(again))
    assert told(one, trusting(stranger)) == "failed signature_invalid"
    assert told(one, trusting(other)) == "failed signature_invalid"
    assert told(replace(one, key_id=KeyId("k2")), trusting(kind)) == "indeterminate key_unknown"
    assert told(one, replace(TRUST, keys={})) == "indeterminate key_unknown"


def test_the_key_of_another_body_under_the_same_name() -> None:
    """A delegate's key is found beside the issuer's own; it is not the issuer's."""
    kind = KINDS["p256"]
    one = asked(kind.sign(MESSAGE))
    assert told(one, trusting(kind)) == "passed"
    assert told(one, trusting(kind, owner=OTHER)) == "indeterminate key_unknown"


def test_an_issuer_nobody_registered() -> None:
    kind = KINDS["p256"]
    one = asked(kind.sign(MESSAGE))
    unknown = replace(trusting(kind), issuer=None, keys={})
    assert told(one, trusting(kind)) == "passed"
    assert told(one, unknown) == "indeterminate issuer_unknown"


def test_a_list_that_is_out_of_date_makes_nothing_better_or_worse_than_doubt() -> None:
    kind = KINDS["p256"]
    one = asked(kind.sign(MESSAGE), type=TYPE)
    stale = (TrustSource(publisher="p", number=1, expires_at=NOW - DAY),)
    good, old = trusting(kind), replace(trusting(kind, types=frozenset()), sources=stale)
    assert told(one, good) == "passed"
    assert told(one, old) == "indeterminate trust_source_stale"


# ---- containers


GM_KEY = sm2_key(7)
GM = Kind(Scheme.SM2_SM3, GM_KEY.spki, GM_KEY.sign, None)
ROOT = root("验签测试根", sm2_key(1))


def certified(key: Key) -> bytes:
    return certificate(name("签名者"), key, ROOT)


def container(**changes: object) -> CmsMaker:
    made = CmsMaker(key=GM_KEY, certificate=certified(GM_KEY), outside=MESSAGE)
    return replace(made, **changes)  # type: ignore[arg-type]


CMS = DetachedForm.CMS


def test_containers_of_both_families() -> None:
    gm = container().make()
    rfc = container(family=SIGNED, type=DATA).make()
    bare = container(attributes=None).make()
    inside = container(inside=sm3(MESSAGE)).make()
    alone = container(certificates=[]).make()
    for value in (gm, rfc, bare, inside):
        assert told(asked(value, CMS), trusting(GM)) == "passed"
        other = asked(value, CMS, message=b"other")
        assert told(other, trusting(GM)).startswith("failed")
    assert told(asked(alone, CMS), trusting(GM)) == "passed"  # the registered key is enough


def test_a_container_by_another_digest_and_scheme() -> None:
    key = rsa_key()
    kind = Kind(Scheme.RSA_PKCS1_SHA256, key.spki, key.sign, None)
    made = CmsMaker(
        key=key, certificate=certified(key), outside=MESSAGE, family=SIGNED, type=DATA,
        digest=SHA256, algorithm=algorithm("1.2.840.113549.1.1.1", b"\x05\x00"),
    )  # fmt: skip
    value = made.make()
    assert told(asked(value, CMS), trusting(kind)) == "passed"
    told_digest = ToldDigest(MessageDigest.SHA256, sha256(MESSAGE).digest())
    assert told(asked(value, CMS, message=told_digest), trusting(kind)) == "passed"
    pss = replace(kind, scheme=Scheme.RSA_PSS_SHA256)
    assert told(asked(value, CMS), trusting(pss)) == "failed scheme_mismatch"


CONTAINERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "another message": (lambda: container(outside=b"other").make(), "failed data_hash_differs"),
    "digest inside is of another": (
        lambda: container(inside=sm3(b"other")).make(), "failed data_hash_differs"),
    "attributes of another message": (
        lambda: container(
            attributes=[content_type(), signing_time(), attribute(sm3(b"other"))]).make(),
        "failed data_hash_differs"),
    "another key": (
        lambda: container(key=sm2_key(8)).make(),
        "failed signature_invalid"),
    "one bit of the value": (
        lambda: container(value=lambda v: v[:-1] + bytes((v[-1] ^ 1,))).make(),
        "failed signature_invalid"),
    "nobody's": (lambda: container(signers=0).make(), "failed signature_unreadable"),
    "two signers": (lambda: container(signers=2).make(), "indeterminate beyond_limits"),
    "of another time": (lambda: container(version=99).make(), "indeterminate beyond_limits"),
    "cut off": (lambda: container().make()[:-5], "failed signature_unreadable"),
    "no container": (lambda: b"\x30\x00", "failed signature_unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTAINERS)
def test_a_container_that_is_not_right(case: str) -> None:
    make, expected = CONTAINERS[case]
    assert told(asked(container().make(), CMS), trusting(GM)) == "passed"
    assert told(asked(make(), CMS), trusting(GM)) == expected


def test_a_container_over_a_digest_that_was_told() -> None:
    value, right = container().make(), ToldDigest(MessageDigest.SM3, sm3(MESSAGE))
    assert told(asked(value, CMS, message=right), trusting(GM)) == "passed"
    wrong = ToldDigest(MessageDigest.SM3, sm3(b"other"))
    assert told(asked(value, CMS, message=wrong), trusting(GM)) == "failed data_hash_differs"
    for wanted in (MessageDigest.SM3_WITH_Z, MessageDigest.SHA256):
        with pytest.raises(Refused, match="sm3"):
            told(asked(value, CMS, message=ToldDigest(wanted, bytes(32))), trusting(GM))
    bare = container(attributes=None).make()  # the value is over the message itself
    found = told(asked(bare, CMS, message=right), trusting(GM))
    assert found == "indeterminate signature_unsupported"


def test_the_time_in_a_container_counts_before_the_one_told() -> None:
    value = container().make()
    revoked = trusting(GM, revoked_at=MADE - DAY)
    early = asked(value, CMS, signed_at=MADE - 9 * DAY)
    assert told(early, trusting(GM)) == "passed"
    assert told(early, revoked) == "failed signed_after_revocation"


@given(st.binary(max_size=300), st.sampled_from(DetachedForm))
def test_whatever_the_octets_it_is_said_and_never_raised(value: bytes, form: DetachedForm) -> None:
    for kind in (KINDS["sm2"], KINDS["p256"], KINDS["ed25519"], KINDS["rsa-pss"]):
        found = told(asked(value, form), trusting(kind))
        assert found.startswith(("failed", "indeterminate"))
