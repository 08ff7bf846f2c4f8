"""SignedData: what is accepted, and every way to bend it (threats SIG-26, SIG-27; standards §3.7)."""

from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.cms import content_agrees, read_cms, verify_cms
from app.crypto.weak import WeakAlgorithm
from app.domain.cms import CmsContent, CmsDeviation, CmsFamily, CmsSignature
from app.domain.errors import BeyondLimits, InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.scheme import Scheme
from app.domain.seal import SealDeviation
from sandbox import der
from sandbox.sm2 import sm3
from tests import cms_maker as cm
from tests.cms_maker import CmsMaker
from tests.corpus import manifest
from tests.pki import NOW, certificate, ecdsa_key, name, root, rsa_key, sm2_key

ROOT = root("签名测试根", sm2_key(1))
KEY = sm2_key(2)
LEAF = certificate(name("签名者"), KEY, ROOT, serial=0x1234)
OTHER = certificate(name("别人"), sm2_key(3), ROOT, serial=77)
TEXT = b"<Signature/>"


def maker(**changes: object) -> CmsMaker:
    return replace(CmsMaker(KEY, LEAF), **changes)  # type: ignore[arg-type]


GOOD = maker().make()


def judged(data: bytes, content: bytes = TEXT) -> tuple[CmsSignature, Scheme]:
    cms = read_cms(data)
    assert content_agrees(cms, content)
    return cms, verify_cms(cms, content).scheme


# ---- accepted: the four modes, both families, each algorithm


MODES = {
    "encapsulated digest": (maker(inside=sm3(TEXT), attributes=None), CmsContent.DIGEST),
    "encapsulated base64": (
        maker(inside=b64encode(sm3(TEXT)), attributes=None),
        CmsContent.DIGEST_TEXT,
    ),
    "attributes, detached": (maker(), CmsContent.DETACHED),
    "attributes, whole": (maker(inside=TEXT), CmsContent.WHOLE),
    "attributes over a digest": (maker(inside=sm3(TEXT)), CmsContent.DIGEST),
    "detached": (maker(attributes=None), CmsContent.DETACHED),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", ["gm", "rfc"])
def test_the_mode_is_told_by_structure_and_holds(mode: str, family: str) -> None:
    made, form = MODES[mode]
    if family == "rfc":
        made = replace(made, family=cm.SIGNED, type=cm.DATA)
    cms, scheme = judged(made.make())
    assert scheme is Scheme.SM2_SM3
    assert cms.form is form
    assert cms.family is (CmsFamily.GM if family == "gm" else CmsFamily.RFC)
    assert cms.certificate == LEAF
    assert cms.deviations == frozenset()
    assert cms.time == (NOW if made.attributes is not None else None)
    assert not content_agrees(cms, TEXT + b" ") or cms.form is CmsContent.DETACHED
    if mode == "detached":  # the value itself is over the content
        with pytest.raises(InvalidSignature):
            verify_cms(cms, TEXT + b" ")


EC, RSA = ecdsa_key(), rsa_key()
EC_LEAF = certificate(name("E"), EC, ROOT)
RSA_LEAF = certificate(name("R"), RSA, ROOT)


@pytest.mark.parametrize(
    ("key", "leaf", "oid", "scheme"),
    [
        (EC, EC_LEAF, "1.2.840.10045.4.3.2", Scheme.ECDSA_P256_SHA256),
        (RSA, RSA_LEAF, "1.2.840.113549.1.1.11", Scheme.RSA_PKCS1_SHA256),
        (RSA, RSA_LEAF, cm.RSA, Scheme.RSA_PKCS1_SHA256),
    ],
)
def test_classic_algorithms(key, leaf, oid, scheme) -> None:
    made = CmsMaker(key, leaf, digest=cm.SHA256, algorithm=cm.algorithm(oid))
    assert judged(made.make())[1] is scheme


def test_both_names_of_sm2_are_read_and_the_odd_one_is_named() -> None:
    named = maker(algorithm=cm.algorithm("1.2.156.10197.1.501"))
    cms, scheme = judged(named.make())
    assert scheme is Scheme.SM2_SM3
    assert cms.deviations == {CmsDeviation.SIGNATURE_ALGORITHM}


# ---- deviations of authentic files, each by its name


def indefinite(data: bytes) -> bytes:
    """The outer containers without their lengths."""
    kind, tagged = cm.children(data)
    (inner,) = cm.children(tagged)
    body = b"".join(cm.children(inner))
    return b"\x30\x80" + kind + b"\xa0\x80\x30\x80" + body + bytes(6)


def test_indefinite_lengths_are_tolerated_by_name() -> None:
    cms, _ = judged(indefinite(GOOD))
    assert cms.deviations == {CmsDeviation.INDEFINITE_LENGTH}
    with pytest.raises(Malformed, match="cut short"):
        read_cms(indefinite(GOOD)[:-2])
    with pytest.raises(Malformed, match="after the value"):
        read_cms(indefinite(GOOD) + b"\0")


def test_unsorted_attributes_are_signed_as_they_stand() -> None:
    usual = maker().usual()
    unsorted = [usual[0], usual[2], usual[1]]
    cms, _ = judged(maker(attributes=unsorted, sort=False).make())
    assert cms.deviations == {CmsDeviation.ATTRIBUTES_UNSORTED}


def test_unsorted_attributes_signed_sorted_are_not_tried_a_second_way() -> None:
    usual = maker().usual()
    wanted = der.tlv(0x31, b"".join(sorted(usual)))
    made = maker(attributes=[usual[0], usual[2], usual[1]], sort=False, signed=lambda _: wanted)
    with pytest.raises(InvalidSignature, match="does not verify"):
        judged(made.make())


def test_data_of_the_other_family_in_the_attribute() -> None:
    cms, _ = judged(maker(type=cm.DATA, attributes=maker().usual()).make())
    assert cms.deviations == {CmsDeviation.CONTENT_TYPE_FAMILY}


def test_raw_values_of_sm2_are_told() -> None:
    def raw(value: bytes) -> bytes:
        r, s = (part[2:].lstrip(b"\0").rjust(32, b"\0") for part in cm.children(value))
        return r + s

    cms = read_cms(maker(value=raw).make())
    assert verify_cms(cms, TEXT).deviations == {SealDeviation.RAW_SIGNATURE}


def test_a_digest_that_is_not_announced() -> None:
    cms, _ = judged(maker(announced=[cm.SHA256]).make())
    assert cms.deviations == {CmsDeviation.DIGEST_NOT_ANNOUNCED}


# ---- refused for the structure


def changed(**changes: object) -> Callable[[], bytes]:
    return lambda: maker(**changes).make()


def with_attributes(edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[], bytes]:
    return lambda: maker(attributes=edit(maker().usual())).make()


DIGEST = cm.message_digest(sm3(TEXT))
STRUCTURE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero signers (SIG-26)": (changed(signers=0), "0 signers"),
    "two signers": (changed(signers=2), "2 signers"),
    "no messageDigest": (with_attributes(lambda a: a[:2]), "do not both stand"),
    "no contentType": (with_attributes(lambda a: a[1:]), "do not both stand"),
    "messageDigest twice": (with_attributes(lambda a: [*a, DIGEST]), "must be single"),
    "contentType twice": (with_attributes(lambda a: [*a, a[0]]), "must be single"),
    "signingTime twice": (with_attributes(lambda a: [*a, a[1]]), "must be single"),
    "messageDigest with two values": (
        with_attributes(lambda a: [*a[:2], cm.attribute(cm.PKCS9 + "4", *[der.octet_string(b"x")] * 2)]),
        "must be single",
    ),
    "messageDigest without a value": (
        with_attributes(lambda a: [*a[:2], cm.attribute(cm.PKCS9 + "4")]),
        "must be single",
    ),
    "messageDigest of another type": (
        with_attributes(lambda a: [*a[:2], cm.attribute(cm.PKCS9 + "4", der.tlv(0x0C, b"x"))]),
        "OCTET STRING",
    ),
    "contentType of something else": (
        with_attributes(lambda a: [cm.content_type(cm.TST_INFO), *a[1:]]),
        "not that of the content",
    ),
    "attributes empty": (
        lambda: maker(signer=der.sequence(
            der.integer(1), cm.issuer_and_serial(LEAF), cm.algorithm(cm.SM3),
            der.tlv(0xA0, b""), cm.algorithm(cm.SM2_SIGN), der.octet_string(b"v"),
        )).make(),
        "signedAttrs: empty",
    ),
    "signedData of something else": (changed(type=cm.TST_INFO), "another type"),
    "enveloped data": (changed(family=cm.GM + "3"), "not SignedData"),
    "version 2": (changed(version=2), "version"),
    "signer version 3 with a name": (changed(signer_version=3), "do not go together"),
    "signer version 1 with a key": (changed(sid=der.tlv(0x80, b"k" * 20)), "do not go together"),
    "two certificates of one name": (
        changed(certificates=[LEAF, certificate(name("甲"), sm2_key(9), ROOT, serial=0x1234)]),
        "several of the name",
    ),
    "an attribute certificate": (changed(certificates=[LEAF, der.tlv(0xA1, b"")]), "X.509"),
    "a certificate too large": (
        changed(certificates=[LEAF, der.sequence(bytes(17000))]), "larger than"),
    "too many certificates": (
        changed(certificates=[der.sequence(der.integer(n)) for n in range(65)]), "more than 64"),
    "an empty value": (changed(value=lambda _: b""), "SignerInfo.signature: empty"),
    "bytes after": (lambda: GOOD + b"\0", "after the value"),
    "cut": (lambda: GOOD[:-1], "longer than what holds it"),
    "two timestamps": (
        changed(unsigned=[cm.attribute(cm.TOKEN, der.sequence(b""), der.sequence(b""))]),
        "several signature timestamps",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STRUCTURE)
def test_refused_for_its_structure(case: str) -> None:
    judged(GOOD)
    bent, why = STRUCTURE[case]
    with pytest.raises(Malformed, match=why):
        read_cms(bent())


# ---- refused for what was signed


VALUES: dict[str, tuple[Callable[[], bytes], str]] = {
    "another value": (changed(signed=lambda m: m + b"x"), "does not verify"),
    "another key": (lambda: CmsMaker(sm2_key(3), LEAF).make(), "does not verify"),
    "no certificate": (changed(certificates=[]), "no certificate"),
    "another's certificate only": (changed(certificates=[OTHER]), "no certificate"),
    "signer named otherwise": (changed(sid=cm.issuer_and_serial(OTHER)), "no certificate"),
    "SM3 with a classic algorithm": (
        changed(algorithm=cm.algorithm("1.2.840.10045.4.3.2")), "do not go together"),
    "SHA-256 with SM2": (changed(digest=cm.SHA256), "do not go together"),
    "SM3 with RSA": (changed(algorithm=cm.algorithm(cm.RSA)), "do not go together"),
    "an unknown digest": (
        lambda: GOOD.replace(der.oid(cm.SM3), der.oid("1.2.156.10197.1.499")), "digest not in"),
    "an unknown algorithm": (changed(algorithm=cm.algorithm("1.2.3.4")), "not in the table"),
    "a key of another kind": (
        lambda: CmsMaker(KEY, RSA_LEAF).make(), "does not fit|key refused"),
    "messageDigest of other content inside": (
        changed(inside=TEXT, attributes=[
            cm.content_type(), cm.signing_time(), cm.message_digest(sm3(b"other"))]),
        "messageDigest is not",
    ),
    "another certificate named": (
        with_attributes(lambda a: [*a, cm.certificate_v2(OTHER)]), "names another"),
    "another certificate named by SHA-1": (
        with_attributes(lambda a: [*a, cm.certificate_v1(OTHER)]), "names another"),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_refused_for_what_was_signed(case: str) -> None:
    judged(GOOD)
    bent, why = VALUES[case]
    with pytest.raises(InvalidSignature, match=why):
        verify_cms(read_cms(bent()), TEXT)


NAMINGS = {
    "by SHA-1": cm.certificate_v1,
    "by SHA-256": cm.certificate_v2,
    "by SM3": lambda der_: cm.certificate_v2(der_, cm.SM3),
}


@pytest.mark.parametrize("naming", NAMINGS)
def test_the_certificate_named_is_the_one_used(naming: str) -> None:
    """RFC 5035 §4: the named one verifies; a namesake of the same key and number does not."""
    name_of = NAMINGS[naming]
    namesake = certificate(
        name("签名者"), KEY, ROOT, serial=0x1234, until=NOW + 700 * timedelta(days=1)
    )
    assert namesake != LEAF
    judged(maker(attributes=[*maker().usual(), name_of(LEAF)]).make())
    for other in (OTHER, namesake):
        made = maker(attributes=[*maker().usual(), name_of(other)]).make()
        with pytest.raises(InvalidSignature, match="names another certificate"):
            verify_cms(read_cms(made), TEXT)


@pytest.mark.parametrize("oid", [cm.RSA, "1.2.840.113549.1.1.5"])
def test_sha_1_is_refused_by_name(oid: str) -> None:
    judged(CmsMaker(RSA, RSA_LEAF, digest=cm.SHA256, algorithm=cm.algorithm(cm.RSA)).make())
    cms = read_cms(CmsMaker(RSA, RSA_LEAF, digest=cm.SHA1, algorithm=cm.algorithm(oid)).make())
    with pytest.raises(WeakAlgorithm, match="sha1"):
        verify_cms(cms, TEXT)
    assert not content_agrees(cms, TEXT)


# ---- about other content


CONTENT = {
    "another digest inside": maker(inside=sm3(b"other"), attributes=None),
    "another base64 inside": maker(inside=b64encode(sm3(b"other")), attributes=None),
    "the digest in hexadecimal": maker(inside=sm3(TEXT).hex().encode(), attributes=None),
    "base64 with a line feed": maker(inside=b64encode(sm3(TEXT)) + b"\n", attributes=None),
    "another whole content": maker(inside=b"<Signature />"),
    "messageDigest of other content": maker(outside=b"other"),
    "a digest of the digest": maker(outside=sm3(TEXT)),
}


@pytest.mark.parametrize("case", CONTENT)
def test_a_good_signature_about_other_content(case: str) -> None:
    judged(GOOD)
    cms = read_cms(CONTENT[case].make())
    verify_cms(cms, TEXT)
    assert not content_agrees(cms, TEXT)


def test_parts_of_two_signatures_do_not_make_one() -> None:
    """The signer of one and the content of another, in every combination."""
    one, two = maker(inside=b"one"), maker(inside=b"two")
    for left, right in product((one, two), repeat=2):
        mixed = replace(left, signer=right.signer_info()).make()
        if left is right:
            judged(mixed, left.inside or b"")
        else:
            with pytest.raises(InvalidSignature, match="messageDigest is not"):
                verify_cms(read_cms(mixed), b"")


# ---- nothing but Malformed


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_cms(data)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_one_octet_changed_never_verifies_as_another_message(at: int, by: int) -> None:
    data = bytearray(GOOD)
    data[at] ^= by
    try:
        cms = read_cms(bytes(data))
        verify_cms(cms, TEXT)
    except (Malformed, InvalidSignature):
        return
    assert cms.attributes == read_cms(GOOD).attributes  # a certificate's octets its issuer signs


@given(st.integers(0, len(GOOD)), st.binary(max_size=4))
def test_octets_put_in_are_malformed_or_refused(at: int, more: bytes) -> None:
    with suppress(Malformed, InvalidSignature):
        verify_cms(read_cms(GOOD[:at] + more + GOOD[at:]), TEXT)


# ---- the corpus


EXPLAINED = {
    "Signature-C-DE_CRY-3.p7m": "RSA with exponent 3",
    "cades-invalid-ocsp-responses-encoding.p7s": "RSA with exponent 3",
    "Signature-C-X-1.p7m": "SHA-1",
    "cms-wrong-sign-cert-hash-algo.pkcs7": "SHA-1",
    "cades-bes-signeddata-detached.p7s": "signs another SignedData, not data",
    "cades-double-signing-certificate.p7m": "octets after the container",
    "C-B-B-basic-der.p7m": "RSASSA-PSS with a salt of another length than the digest",
    "signedFile.pdf.p7s": "three signers",
}
"""Valid by their collectors and refused here, each for a rule of ours."""
NOT_OURS = {
    "cades-double-signing-time.p7m": "expired certificate; one signingTime",
    "cades-t-copied-sigtst.p7m": "its timestamp: see test_timestamps",
    "cms-wrong-sign-cert-ref.p7m": "its timestamp: see test_timestamps",
    "cades-content-tst.pkcs7": "about content that is not beside it",
    "cades-detached.pkcs7": "about content that is not beside it",
    "NexU-CAdES-B-B-Detached-Sha512.p7m": "about content that is not beside it",
    "C-B-B-basic.p7m": "evidence records",
    "C-E-ERS-basic.p7m": "evidence records",
    "C-E-ERS-detached-invalid.p7s": "evidence records",
    "C-E-ERS-detached-original-not-covered.p7s": "evidence records",
    "C-E-ERS.p7m": "evidence records",
    "Signature-C-LT-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m": "evidence records",
}
"""Invalid for something else than container and value: both hold."""


@pytest.mark.parametrize("row", list(manifest("cms")), ids=lambda row: row.path.rsplit("/", 1)[-1])
def test_containers_of_the_corpus(row) -> None:
    short = row.path.rsplit("/", 1)[-1]
    refused = None
    try:
        cms = read_cms(row.file.read_bytes())
        verify_cms(cms, b"")
    except (Malformed, InvalidSignature) as why:
        refused = why
    if refused is not None:
        assert row.expected != "valid" or short in EXPLAINED, refused
    else:
        assert row.expected != "invalid" or short in NOT_OURS
        assert cms.form is not CmsContent.DETACHED or not content_agrees(cms, b"")


def test_an_algorithm_not_in_the_table_is_told_apart_from_one_that_does_not_fit() -> None:
    """RSA with SM3 (1.2.156.10197.1.504) exists, and is not judged here; under an SM2 key it is a
    contradiction.
    """
    rsa = CmsMaker(RSA, RSA_LEAF, digest=cm.SM3, algorithm=cm.algorithm(cm.RSA))
    unknown = (
        rsa.make(),
        maker(algorithm=cm.algorithm("1.2.3.4")).make(),
        maker(digest=cm.SHA3_256).make(),
    )
    for made in unknown:
        with pytest.raises(UnknownAlgorithm):
            verify_cms(read_cms(made), TEXT)
    for changes in ({"algorithm": cm.algorithm(cm.RSA)}, {"digest": cm.SHA256}):
        with pytest.raises(InvalidSignature) as refused:
            verify_cms(read_cms(maker(**changes).make()), TEXT)
        assert not isinstance(refused.value, UnknownAlgorithm)
    for signers, beyond in ((0, False), (2, True)):
        with pytest.raises(Malformed) as unread:
            read_cms(maker(signers=signers).make())
        assert isinstance(unread.value, BeyondLimits) is beyond
