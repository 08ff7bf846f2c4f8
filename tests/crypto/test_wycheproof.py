"""Wycheproof's ECDSA, Ed25519 and RSA vectors through the two ways in; 0 differences.

Every file of the corpus folder has to be known here; where this service is stricter than the file,
the deviation is named with its reason.
"""

from collections import Counter

import pytest

from app.crypto import schemes
from app.domain.errors import InvalidSignature
from app.domain.scheme import Scheme
from tests.corpus import corpus_file, manifest
from tests.crypto.vectors import Vector, read

ROWS = [row for row in manifest("sigvec") if row.path.endswith(".json")]

_ECDSA = {
    "SHA-256": Scheme.ECDSA_P256_SHA256,
    "SHA-384": Scheme.ECDSA_P384_SHA384,
    "SHA-512": Scheme.ECDSA_P521_SHA512,
}
_PSS = {
    "SHA-256": Scheme.RSA_PSS_SHA256,
    "SHA-384": Scheme.RSA_PSS_SHA384,
    "SHA-512": Scheme.RSA_PSS_SHA512,
}
_PKCS1 = {
    "SHA-256": Scheme.RSA_PKCS1_SHA256,
    "SHA-384": Scheme.RSA_PKCS1_SHA384,
    "SHA-512": Scheme.RSA_PKCS1_SHA512,
}


def scheme_of(vector: Vector) -> Scheme:
    match vector.group["type"]:
        case "EcdsaVerify" | "EcdsaP1363Verify":
            return _ECDSA[vector.group["sha"]]
        case "EddsaVerify":
            return Scheme.ED25519
        case "RsassaPssVerify":
            assert vector.group["mgf"] == "MGF1"
            assert vector.group["mgfSha"] == vector.group["sha"]
            return _PSS[vector.group["sha"]]
        case "RsassaPkcs1Verify":
            return _PKCS1[vector.group["sha"]]
        case other:
            raise AssertionError(f"a group of an unknown type: {other}")


def deviation(vector: Vector) -> str | None:
    """Why this service refuses a vector that the file calls valid or acceptable."""
    if "sLen" in vector.group and vector.group["sLen"] != hash_size(vector):
        return "SIG-23: only salts as long as the digest"
    if "SmallPublicKey" in vector.flags:
        return "SIG-21: exponents below 65537"
    if "MissingNull" in vector.flags:
        return "SIG-22: the DigestInfo has to be the one encoding"
    return None


def fits_ours(vector: Vector) -> bool:
    """A file for another salt length calls a salt of the digest's length wrong; it is ours."""
    other_salt: bool = vector.group.get("sLen", hash_size(vector)) != hash_size(vector)
    return other_salt and str(vector.test["comment"]) == f"s_len changed to {hash_size(vector)}"


def hash_size(vector: Vector) -> int:
    return int(vector.group["sha"].removeprefix("SHA-")) // 8


def refusal(vector: Vector) -> str | None:
    check = schemes.verify_jose if vector.raw else schemes.verify
    try:
        check(scheme_of(vector), spki=vector.spki, message=vector.message, value=vector.value)
    except InvalidSignature as refused:
        return str(refused)
    return None


@pytest.mark.parametrize("path", [row.path for row in ROWS] or [None])
def test_every_vector_of_the_file(path: str | None) -> None:
    file = corpus_file(path or "sigvec")
    wrong, counted = [], Counter[str]()
    for vector in read(file):
        why = refusal(vector)
        reason = None if vector.test["result"] == "invalid" else deviation(vector)
        counted[reason or vector.test["result"]] += 1
        expected = (vector.valid and reason is None) or fits_ours(vector)
        if (why is None) is not expected:
            wrong.append(f"{vector}: {why}")
    assert wrong == []
    assert counted["invalid"] > 0
    # A file in which all valid vectors deviate would prove nothing about what is accepted.
    only_other_salts = file.name == "rsa_pss_2048_sha256_mgf1_0_test.json"
    assert (counted["valid"] > 0) is not only_other_salts


def test_the_two_forms_are_never_taken_for_each_other() -> None:
    raw = corpus_file(
        "sigvec/C2SP_wycheproof/testvectors_v1/ecdsa_secp384r1_sha384_p1363_test.json"
    )
    plain = raw.with_name("ecdsa_secp384r1_sha384_test.json")
    for file in (raw, plain):
        vector = next(v for v in read(file) if v.valid)
        assert refusal(vector) is None
        other = schemes.verify if vector.raw else schemes.verify_jose
        with pytest.raises(InvalidSignature):
            other(scheme_of(vector), spki=vector.spki, message=vector.message, value=vector.value)


def test_a_key_verifies_its_own_scheme_only() -> None:
    """SIG-03: of all schemes, one file's valid vector passes in exactly one."""
    folder = corpus_file("sigvec/C2SP_wycheproof/testvectors_v1")
    seen = set[Scheme]()
    for file in sorted(folder.glob("*.json")):
        vector = next((v for v in read(file) if v.valid and deviation(v) is None), None)
        if vector is None or vector.raw:
            continue
        passed = set()
        for scheme in Scheme:
            try:
                schemes.verify(scheme, spki=vector.spki, message=vector.message, value=vector.value)
            except InvalidSignature:
                continue
            passed.add(scheme)
        assert passed == {scheme_of(vector)}
        seen |= passed
    assert len(seen) >= 6
