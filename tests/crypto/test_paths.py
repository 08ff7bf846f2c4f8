"""Paths to registered anchors: who is trusted, at what time, and what is known of revocation.

Threats CRT-01 … CRT-14. Every refusal is a change of one thing in a world that is accepted in the
same test; what comes out is compared with the expected name, never only with "not accepted".
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import pytest
from pydantic import TypeAdapter

from app.crypto import paths, remembered, validator
from app.crypto.certificates import read_certificate
from app.crypto.paths import validate_path
from app.crypto.remembered import Remembered
from app.crypto.revocation import read_crl
from app.domain.certificate import (
    Anchor,
    Chain,
    PathFact,
    Purpose,
    RevocationGap,
    RevocationReason,
    RevocationState,
    Role,
    RoleFinding,
)
from app.domain.errors import InvalidSignature
from sandbox import der
from tests import pki
from tests.pki import NOW, YEAR, Authority, certificate, crl, extension, name, sm2_key

LEAF_SERIAL, SUB_SERIAL = 1001, 7


@dataclass(frozen=True)
class World:
    """A root, an authority below it, a signer, and the lists of both authorities."""

    root: Authority
    sub: Authority
    leaf: bytes
    intermediates: tuple[bytes, ...]
    anchors: tuple[Anchor, ...]
    crls: tuple[bytes, ...]

    def judge(
        self,
        moment: datetime = NOW,
        purpose: Purpose = Purpose.LICENSE_SEAL,
        role: Role | None = None,
        fresh_at: datetime | None = None,
    ) -> PathFact:
        return validate_path(
            read_certificate(self.leaf),
            [read_certificate(c) for c in self.intermediates],
            self.anchors,
            [read_crl(c) for c in self.crls],
            moment=moment,
            purpose=purpose,
            role=role,
            fresh_at=fresh_at,
        )


LEAF_KEY = sm2_key(3)
LEAF_NAME = name("63000000000001", ("2.5.4.10", pki.utf8("11630000000000000A测试单位")))


@cache
def world() -> World:
    top = pki.root("测试根", sm2_key(1))
    sub = pki.subordinate("测试运营", sm2_key(2), top)
    leaf = certificate(LEAF_NAME, LEAF_KEY, sub)
    return World(
        top, sub, leaf, (sub.der,), (top.anchor(Purpose.LICENSE_SEAL),), (crl(top), crl(sub))
    )


def test_a_valid_sm2_path_is_anchored_and_good() -> None:
    fact = world().judge()
    assert fact.chain is Chain.ANCHORED
    assert fact.role_finding is RoleFinding.FITS
    assert fact.anchor == world().anchors[0].fingerprint == fact.path[-1]
    assert len(fact.path) == 3
    assert fact.revocation.state is RevocationState.GOOD
    assert fact.good_until == NOW + timedelta(days=6)
    assert fact.signature_checks == 4  # two certificates and two lists, each once


def test_classic_and_mixed_paths_are_anchored_and_good() -> None:
    for top_key, sub_key, leaf_key in (
        (pki.ecdsa_key(), pki.ecdsa_key(), pki.ecdsa_key()),
        (pki.rsa_key(), pki.rsa_key(), pki.rsa_key()),
        (pki.rsa_key(), sm2_key(11), pki.ecdsa_key()),
    ):
        top = pki.root("经典根", top_key)
        sub = pki.subordinate("经典运营", sub_key, top)
        leaf = certificate(LEAF_NAME, leaf_key, sub)
        fact = World(top, sub, leaf, (sub.der,), (top.anchor(),), (crl(top), crl(sub))).judge()
        assert (fact.chain, fact.revocation.state) == (Chain.ANCHORED, RevocationState.GOOD)


def test_a_fact_is_kept_as_json_and_read_back() -> None:
    adapter = TypeAdapter(PathFact)
    for fact in (world().judge(), replace(world(), anchors=()).judge()):
        assert adapter.validate_json(adapter.dump_json(fact)) == fact


# ---- no path ----


def twin_and(other: World, **how: object) -> PathFact:
    """The changed world's fact, after the untouched one has come out good in the same run."""
    fact = world().judge()
    assert (fact.chain, fact.revocation.state) == (Chain.ANCHORED, RevocationState.GOOD)
    return other.judge(**how)  # type: ignore[arg-type]


def assert_chain(fact: PathFact, chain: Chain) -> None:
    assert fact.chain is chain
    assert fact.anchor is None
    assert fact.path == ()
    assert fact.revocation.state is not RevocationState.GOOD


def test_no_anchor_at_all() -> None:
    assert_chain(twin_and(replace(world(), anchors=())), Chain.NO_ANCHOR)


def test_an_anchor_for_another_purpose_is_none() -> None:
    other = replace(world(), anchors=(world().root.anchor(Purpose.TSA, Purpose.SEAL_MAKER),))
    assert_chain(twin_and(other), Chain.NO_ANCHOR)


def test_wrong_root() -> None:
    stranger = pki.root("别的根", sm2_key(50))
    assert_chain(twin_and(replace(world(), anchors=(stranger.anchor(),))), Chain.NO_ANCHOR)


def test_a_root_of_the_same_name_with_another_key() -> None:
    namesake = pki.root("测试根", sm2_key(51))
    assert_chain(twin_and(replace(world(), anchors=(namesake.anchor(),))), Chain.NO_ANCHOR)


def test_a_namesake_without_key_identifiers_did_not_sign() -> None:
    namesake = pki.root("测试根", sm2_key(51), key_ids=False)
    top = pki.root("测试根", sm2_key(1), key_ids=False)
    sub = pki.subordinate("测试运营", sm2_key(2), top, key_ids=False)
    other = replace(world(), intermediates=(sub.der,))
    assert replace(other, anchors=(top.anchor(),)).judge().chain is Chain.ANCHORED
    assert_chain(twin_and(replace(other, anchors=(namesake.anchor(),))), Chain.BAD_SIGNATURE)


def test_missing_intermediate() -> None:
    assert_chain(twin_and(replace(world(), intermediates=())), Chain.NO_ANCHOR)


def test_crt_14_a_self_made_full_chain_in_the_upload_is_not_trusted() -> None:
    top = pki.root("测试根", sm2_key(60))
    sub = pki.subordinate("测试运营", sm2_key(61), top)
    forged = replace(
        world(),
        leaf=certificate(LEAF_NAME, sm2_key(62), sub),
        intermediates=(sub.der, top.der, world().sub.der, world().root.der),
        crls=(*world().crls, crl(top), crl(sub)),
    )
    assert_chain(twin_and(forged), Chain.NO_ANCHOR)


def test_the_leaf_itself_as_anchor_leads_nowhere() -> None:
    own = pki.root("自签", sm2_key(63), usage=(*pki.SIGNING, *pki.AUTHORITY))
    other = replace(world(), leaf=own.der, anchors=(own.anchor(),))
    assert_chain(twin_and(other), Chain.NO_ANCHOR)


def test_an_anchor_whose_octets_are_not_its_fingerprint() -> None:
    forged = replace(world().anchors[0], fingerprint="00" * 32)
    assert_chain(twin_and(replace(world(), anchors=(forged,))), Chain.NO_ANCHOR)


def test_an_anchor_that_is_no_authority() -> None:
    weak = pki.root("测试根", sm2_key(1), ca=False)
    assert_chain(twin_and(replace(world(), anchors=(weak.anchor(),))), Chain.NO_ANCHOR)


def _fields() -> dict[str, tuple[bytes, bytes, Chain]]:
    """Each part of the leaf that says something, and the same with another content."""
    leaf = read_certificate(world().leaf)
    later = leaf.not_after + timedelta(days=365)
    bad = Chain.BAD_SIGNATURE
    return {
        "serial number": (der.integer(LEAF_SERIAL), der.integer(LEAF_SERIAL + 1), bad),
        "issuer": ("测试运营".encode(), "测试运荣".encode(), Chain.NO_ANCHOR),
        "end": (pki.utc(leaf.not_after), pki.utc(later), bad),
        "seal code": (b"63000000000001", b"63000000000002", bad),
        "organisation": (b"11630000000000000A", b"11630000000000000B", bad),
        "key": (leaf.spki, sm2_key(64).spki, bad),
    }


@pytest.mark.parametrize(
    "field", ["serial number", "issuer", "end", "seal code", "organisation", "key"]
)
def test_a_tampered_leaf(field: str) -> None:
    old, new, chain = _fields()[field]
    assert (world().leaf.count(old), len(old)) == (1, len(new))
    changed = world().leaf.replace(old, new)
    assert read_certificate(changed) != read_certificate(world().leaf)
    assert_chain(twin_and(replace(world(), leaf=changed)), chain)


def test_a_tampered_signature_value() -> None:
    changed = world().leaf[:-1] + bytes((world().leaf[-1] ^ 1,))
    assert_chain(twin_and(replace(world(), leaf=changed)), Chain.BAD_SIGNATURE)


def test_a_tampered_intermediate() -> None:
    sub = world().sub.der[:-1] + bytes((world().sub.der[-1] ^ 1,))
    assert_chain(twin_and(replace(world(), intermediates=(sub,))), Chain.BAD_SIGNATURE)


# ---- times (CRT-04) ----


def dated(which: str, since: datetime, until: datetime) -> World:
    """The world with one certificate of other dates."""
    dates = {"since": since, "until": until}
    top = pki.root("测试根", sm2_key(1), **(dates if which == "root" else {}))
    sub = pki.subordinate("测试运营", sm2_key(2), top, **(dates if which == "sub" else {}))
    leaf = certificate(LEAF_NAME, LEAF_KEY, sub, **(dates if which == "leaf" else {}))
    return World(top, sub, leaf, (sub.der,), (top.anchor(),), (crl(top), crl(sub)))


@pytest.mark.parametrize("which", ["root", "sub", "leaf"])
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (NOW - YEAR, NOW + YEAR, Chain.ANCHORED),
        (NOW, NOW, Chain.ANCHORED),
        (NOW - YEAR, NOW - timedelta(seconds=1), Chain.EXPIRED),
        (NOW + timedelta(seconds=1), NOW + YEAR, Chain.NOT_YET_VALID),
    ],
)
def test_crt_04_every_certificate_is_valid_at_the_moment(
    which: str, since: datetime, until: datetime, expected: Chain
) -> None:
    fact = twin_and(dated(which, since, until))
    assert fact.chain is expected


def test_crt_04_the_moment_decides_and_not_today() -> None:
    old = dated("leaf", NOW - 3 * YEAR, NOW - 2 * YEAR)
    assert old.judge().chain is Chain.EXPIRED
    assert old.judge(moment=NOW - 3 * YEAR, fresh_at=NOW).chain is Chain.ANCHORED


def test_an_anchor_outside_its_registered_window() -> None:
    top = world().root
    for since, until in ((NOW + YEAR, None), (NOW - YEAR, NOW)):
        other = replace(world(), anchors=(top.anchor(since=since, until=until),))
        assert_chain(twin_and(other), Chain.ANCHOR_OUT_OF_WINDOW)


# ---- constraints (CRT-01, CRT-02, CRT-03, CRT-09, CRT-10) ----


def with_sub(**how: object) -> World:
    sub = pki.subordinate("测试运营", sm2_key(2), world().root, **how)
    return replace(world(), sub=sub, intermediates=(sub.der,))


@pytest.mark.parametrize(
    "how",
    [{"basic": False}, {"ca": False}, {"usage": ("crl_sign",)}, {"usage": ("digital_signature",)}],
    ids=["no basic constraints", "cA false", "no keyCertSign", "a signer's usage"],
)
def test_crt_01_an_intermediate_that_is_no_authority(how: dict[str, object]) -> None:
    assert_chain(twin_and(with_sub(**how)), Chain.CONSTRAINTS)


def three_levels(*, root: int | None = None, first: int | None = None) -> World:
    top = pki.root("测试根", sm2_key(1), path_length=root)
    middle = pki.subordinate("测试二级", sm2_key(21), top, path_length=first)
    sub = pki.subordinate("测试运营", sm2_key(2), middle)
    leaf = certificate(LEAF_NAME, LEAF_KEY, sub)
    lists = (crl(top), crl(middle), crl(sub))
    return World(top, sub, leaf, (sub.der, middle.der), (top.anchor(),), lists)


def test_crt_02_path_length() -> None:
    assert three_levels().judge().chain is Chain.ANCHORED
    assert three_levels(root=2, first=1).judge().chain is Chain.ANCHORED
    assert_chain(twin_and(three_levels(first=0)), Chain.CONSTRAINTS)


def test_crt_02_the_anchors_own_path_length_counts() -> None:
    assert_chain(twin_and(three_levels(root=1)), Chain.CONSTRAINTS)


def subtree(kind: int, common: str) -> bytes:
    """NameConstraints with one directoryName: C=CN, O=`common`."""
    pairs = (("2.5.4.6", der.tlv(0x13, b"CN")), ("2.5.4.10", pki.utf8(common)))
    directory = der.sequence(*(der.tlv(0x31, der.sequence(der.oid(k), v)) for k, v in pairs))
    return der.sequence(der.tlv(kind, der.sequence(der.tlv(0xA4, directory))))


@pytest.mark.parametrize(
    ("kind", "organisation", "expected"),
    [
        (0xA0, "11630000000000000A测试单位", Chain.ANCHORED),
        (0xA0, "别的单位", Chain.CONSTRAINTS),
        (0xA1, "11630000000000000A测试单位", Chain.CONSTRAINTS),
        (0xA1, "别的单位", Chain.ANCHORED),
    ],
)
@pytest.mark.parametrize("where", ["sub", "root"])
def test_crt_03_name_constraints(kind: int, organisation: str, expected: Chain, where: str) -> None:
    more = [extension("2.5.29.30", subtree(kind, organisation), critical=True)]
    top = pki.root("测试根", sm2_key(1), more=more if where == "root" else ())
    sub_name = name("测试运营", ("2.5.4.10", pki.utf8("11630000000000000A测试单位")))
    sub_name = sub_name if kind == 0xA0 and "测试单位" in organisation else name("测试运营")
    how = {"more": more if where == "sub" else (), "ca": True, "usage": pki.AUTHORITY}
    made = certificate(sub_name, sm2_key(2), top, **how)  # type: ignore[arg-type]
    sub = Authority(sub_name, sm2_key(2), made)
    subject = name("63000000000001")
    pairs = [
        ("2.5.4.6", der.tlv(0x13, b"CN")),
        ("2.5.4.10", pki.utf8("11630000000000000A测试单位")),
    ]
    subject = der.sequence(*(der.tlv(0x31, der.sequence(der.oid(k), v)) for k, v in pairs))
    if where == "root" and kind == 0xA0 and "测试单位" in organisation:
        # The constraint holds for the authority too, whose name must begin the same way.
        pairs.append(("2.5.4.3", pki.utf8("测试运营")))
        inside = der.sequence(*(der.tlv(0x31, der.sequence(der.oid(k), v)) for k, v in pairs))
        sub = Authority(
            inside, sm2_key(2), certificate(inside, sm2_key(2), top, ca=True, usage=pki.AUTHORITY)
        )
    leaf = certificate(subject, LEAF_KEY, sub)
    other = World(top, sub, leaf, (sub.der,), (top.anchor(),), (crl(top), crl(sub)))
    assert twin_and(other).chain is expected


@pytest.mark.parametrize(
    ("kind", "leaf_name", "expected"),
    [
        (0xA0, None, Chain.ANCHORED),
        (0xA1, None, Chain.ANCHORED),
        (0xA0, b"seal.example.cn", Chain.ANCHORED),
        (0xA0, b"seal.example.org", Chain.CONSTRAINTS),
        (0xA1, b"seal.example.cn", Chain.CONSTRAINTS),
    ],
    ids=["permitted and none", "excluded and none", "permitted", "not permitted", "excluded"],
)
def test_crt_03_a_constraint_of_an_anchor_restricts_names_of_its_own_kind_only(
    kind: int, leaf_name: bytes | None, expected: Chain
) -> None:
    """RFC 5280 §4.2.1.10: an anchor that constrains dNSName says nothing of directory names."""
    host = der.sequence(der.tlv(kind, der.sequence(der.tlv(0x82, b"example.cn"))))
    top = pki.root("测试根", sm2_key(1), more=[extension("2.5.29.30", host, critical=True)])
    sub_name = name("测试运营")
    made = certificate(sub_name, sm2_key(2), top, ca=True, usage=pki.AUTHORITY)
    sub = Authority(sub_name, sm2_key(2), made)
    names = [extension("2.5.29.17", der.sequence(der.tlv(0x82, leaf_name)))] if leaf_name else ()
    leaf = certificate(LEAF_NAME, LEAF_KEY, sub, more=names)
    other = World(top, sub, leaf, (sub.der,), (top.anchor(),), (crl(top), crl(sub)))
    assert twin_and(other).chain is expected


def with_leaf(**how: object) -> World:
    leaf = certificate(LEAF_NAME, LEAF_KEY, world().sub, **how)  # type: ignore[arg-type]
    return replace(world(), leaf=leaf)


UNKNOWN_CRITICAL = extension("1.2.156.10260.99", der.integer(1), critical=True)


@pytest.mark.parametrize(
    "how",
    [
        {"serial": b"\xff"},
        {"serial": 0},
        {"serial": b"\x01" * 21},
        {"version": 0},
        {"inner_algorithm": der.sequence(der.oid(pki.ECDSA_OID))},
        {"more": [UNKNOWN_CRITICAL]},
        {"more": [extension("2.5.29.14", der.octet_string(b"\1" * 20))]},
    ],
    ids=[
        "negative serial",
        "serial zero",
        "serial of 21 octets",
        "version 1",
        "two algorithms",
        "unknown critical extension",
        "extension twice",
    ],
)
def test_crt_09_a_leaf_not_to_rely_on(how: dict[str, object]) -> None:
    fact = twin_and(with_leaf(**how))
    if how.get("version") == 0:
        assert fact.role_finding is RoleFinding.KEY_USAGE_ABSENT
    assert_chain(fact, Chain.MALFORMED)


def test_crt_09_an_unknown_extension_that_is_not_critical_is_fine() -> None:
    private = extension("1.2.156.10260.99", b"what a vendor likes")
    assert twin_and(with_leaf(more=[private])).chain is Chain.ANCHORED


def test_crt_09_an_unreadable_extension_that_informs_is_fine_and_one_that_decides_is_not() -> None:
    informing = extension("2.5.29.31", b"not ASN.1 at all")
    fact = twin_and(with_leaf(more=[informing]))
    assert (fact.chain, fact.revocation.state) == (Chain.ANCHORED, RevocationState.GOOD)
    deciding = extension("2.5.29.30", b"not ASN.1 at all")
    assert_chain(twin_and(with_sub(more=[deciding])), Chain.CONSTRAINTS)


def test_names_that_cannot_be_decoded_are_compared_as_octets() -> None:
    """A provincial authority writes a text where an identifier of bits belongs (2.5.4.45)."""
    odd = name(
        "测试运营", ("2.5.4.45", pki.utf8("B00102")), ("2.5.4.10", der.tlv(0x16, b"\xe6\xb5"))
    )
    made = certificate(odd, sm2_key(2), world().root, ca=True, usage=pki.AUTHORITY, serial=9)
    sub = Authority(odd, sm2_key(2), made)
    leaf = certificate(odd, LEAF_KEY, sub)
    other = World(world().root, sub, leaf, (made,), world().anchors, (crl(world().root), crl(sub)))
    fact = twin_and(other)
    assert (fact.chain, fact.revocation.state) == (Chain.ANCHORED, RevocationState.GOOD)


def test_crt_10_weak_algorithms_are_named() -> None:
    for weak in (pki.rsa_key(oid="1.2.840.113549.1.1.5"), pki.rsa_key(bits=1024)):
        top = pki.root("弱根", weak)
        leaf = certificate(LEAF_NAME, LEAF_KEY, top)
        assert_chain(
            twin_and(World(top, top, leaf, (), (top.anchor(),), (crl(top),))), Chain.WEAK_ALGORITHM
        )


# ---- pathological sets (CRT-05) ----


def test_crt_05_cross_signed_loops_end() -> None:
    left, right = Authority(name("甲"), sm2_key(71)), Authority(name("乙"), sm2_key(72))
    one = pki.subordinate("甲", sm2_key(71), right)
    two = pki.subordinate("乙", sm2_key(72), left)
    leaf = certificate(LEAF_NAME, LEAF_KEY, left)
    other = replace(world(), leaf=leaf, intermediates=(one.der, two.der))
    fact = twin_and(other)
    assert_chain(fact, Chain.NO_ANCHOR)
    assert fact.signature_checks <= 4


def test_crt_05_of_two_paths_one_expired_the_other_is_taken() -> None:
    expired = pki.subordinate("测试运营", sm2_key(2), world().root, until=NOW - YEAR, serial=8)
    for order in ((expired.der, world().sub.der), (world().sub.der, expired.der)):
        fact = twin_and(replace(world(), intermediates=order))
        assert (fact.chain, fact.revocation.state) == (Chain.ANCHORED, RevocationState.GOOD)


def test_crt_05_many_authorities_of_one_name_reach_a_named_limit() -> None:
    crowd = tuple(
        pki.subordinate("测试运营", sm2_key(2), world().root, serial=100 + i, key_ids=False).der
        for i in range(paths.MAX_INTERMEDIATES + 1)
    )
    fact = twin_and(replace(world(), intermediates=crowd))
    assert_chain(fact, Chain.TOO_COMPLEX)
    assert fact.signature_checks == 0


def test_crt_05_a_mesh_stays_within_the_signature_limit() -> None:
    """Eleven authorities that all certified each other, none of them anchored."""
    keys = [sm2_key(200 + i) for i in range(11)]
    authorities = [Authority(name("网"), key) for key in keys]
    mesh = [
        pki.subordinate("网", key, issuer, key_ids=False, serial=i * 16 + j).der
        for i, issuer in enumerate(authorities[:6])
        for j, key in enumerate(keys)
        if i != j
    ]
    leaf = certificate(LEAF_NAME, LEAF_KEY, authorities[0], key_ids=False)
    fact = twin_and(replace(world(), leaf=leaf, intermediates=tuple(mesh[:60])))
    assert_chain(fact, Chain.TOO_COMPLEX)
    assert fact.signature_checks <= paths.MAX_CHECKS + 1


def test_crt_05_two_certificates_for_every_authority_stay_within_the_step_limit() -> None:
    """Fourteen certificates make 128 ways up, each with signatures that are known to hold."""
    keys = [sm2_key(400 + level) for level in range(8)]
    above = [Authority(name(f"第{level}层"), key) for level, key in enumerate(keys)]
    doubled = tuple(
        pki.subordinate(f"第{level}层", keys[level], above[level + 1], serial=serial).der
        for level in range(7)
        for serial in (1, 2)
    )
    leaf = certificate(LEAF_NAME, LEAF_KEY, above[0])
    fact = twin_and(replace(world(), leaf=leaf, intermediates=doubled))
    assert_chain(fact, Chain.TOO_COMPLEX)
    assert fact.signature_checks <= 15


def test_crt_05_depth() -> None:
    def tower(height: int) -> World:
        issuer, made, lists = world().root, [], [crl(world().root)]
        for level in range(height - 1):
            issuer = pki.subordinate(f"第{level}级", sm2_key(300 + level), issuer)
            made.append(issuer.der)
            lists.append(crl(issuer))
        leaf = certificate(LEAF_NAME, LEAF_KEY, issuer)
        return World(world().root, issuer, leaf, tuple(made), world().anchors, tuple(lists))

    assert tower(paths.MAX_DEPTH).judge().revocation.state is RevocationState.GOOD
    assert_chain(twin_and(tower(paths.MAX_DEPTH + 1)), Chain.NO_ANCHOR)


# ---- roles (CRT-06) ----


@pytest.mark.parametrize(
    ("how", "finding"),
    [
        ({"usage": pki.ENCRYPTION}, RoleFinding.ENCRYPTION_CERTIFICATE),
        ({"usage": ("key_agreement",)}, RoleFinding.ENCRYPTION_CERTIFICATE),
        ({"usage": ()}, RoleFinding.NO_SIGNING_USAGE),
        ({"usage": None}, RoleFinding.KEY_USAGE_ABSENT),
        ({"usage": pki.AUTHORITY, "ca": True}, RoleFinding.IS_CA),
        ({"ca": True}, RoleFinding.IS_CA),
        ({"purposes": ["1.3.6.1.5.5.7.3.1"]}, RoleFinding.OTHER_PURPOSE),
        ({"purposes": [pki.TIME_STAMPING, "1.3.6.1.5.5.7.3.4"]}, RoleFinding.OTHER_PURPOSE),
        ({"purposes": ["1.3.6.1.5.5.7.3.9"]}, RoleFinding.OTHER_PURPOSE),
    ],
)
@pytest.mark.parametrize("role", [Role.SIGNER, Role.MAKER])
def test_crt_06_who_may_not_seal(how: dict[str, object], finding: RoleFinding, role: Role) -> None:
    fact = twin_and(with_leaf(**how), role=role)
    assert fact.role_finding is finding
    assert_chain(fact, Chain.WRONG_ROLE)


@pytest.mark.parametrize(
    "how",
    [
        {"usage": ("digital_signature",)},
        {"usage": ("non_repudiation",)},
        {"usage": (*pki.SIGNING, *pki.ENCRYPTION)},
        {"purposes": ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"]},
    ],
)
def test_crt_06_who_may_seal(how: dict[str, object]) -> None:
    fact = with_leaf(**how).judge()
    assert (fact.chain, fact.role_finding) == (Chain.ANCHORED, RoleFinding.FITS)


def test_crt_06_a_time_stamper_says_so_alone_and_critically() -> None:
    tsa = replace(world(), anchors=(world().root.anchor(Purpose.TSA),))
    good = {"purposes": [pki.TIME_STAMPING], "purposes_critical": True}

    def judged(how: dict[str, object]) -> PathFact:
        return replace(tsa, leaf=with_leaf(**how).leaf).judge(purpose=Purpose.TSA)

    assert judged(good).chain is Chain.ANCHORED
    for bad in (
        {**good, "purposes_critical": False},
        {**good, "purposes": [pki.TIME_STAMPING, "1.3.6.1.5.5.7.3.4"]},
        {},
    ):
        fact = judged(bad)
        assert fact.role_finding is RoleFinding.NO_TIME_STAMPING
        assert_chain(fact, Chain.WRONG_ROLE)


# ---- revocation (CRT-07) ----


def with_lists(*lists: bytes) -> World:
    return replace(world(), crls=lists)


def unknown(fact: PathFact) -> RevocationGap | None:
    """Why revocation is unknown on a path that is otherwise fine."""
    assert fact.chain is Chain.ANCHORED
    assert fact.revocation.state is RevocationState.UNKNOWN
    return fact.revocation.why


def test_crt_07_revoked_by_the_list() -> None:
    at = NOW - timedelta(days=30)
    for reason, named in (
        (None, RevocationReason.ABSENT),
        (0, RevocationReason.UNSPECIFIED),
        (1, RevocationReason.KEY_COMPROMISE),
        (6, RevocationReason.CERTIFICATE_HOLD),
        (7, RevocationReason.UNKNOWN),
    ):
        listed = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, at, reason))
        fact = twin_and(with_lists(crl(world().root), listed))
        assert fact.chain is Chain.ANCHORED
        assert fact.revocation.state is RevocationState.REVOKED
        assert (fact.revocation.at, fact.revocation.reason) == (at, named)
        assert fact.revocation.certificate == fact.certificate


def test_crt_07_a_revoked_authority_revokes_what_is_below() -> None:
    listed = crl(world().root, pki.revoked_entry(SUB_SERIAL, NOW - YEAR, 2))
    fact = twin_and(with_lists(listed, crl(world().sub)))
    assert fact.revocation.reason is RevocationReason.CA_COMPROMISE
    assert fact.revocation.certificate == fact.path[1]


def test_crt_07_a_revocation_after_the_moment_is_reported_with_its_date() -> None:
    listed = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - timedelta(days=2)))
    other = with_lists(crl(world().root), listed)
    fact = other.judge(moment=NOW - timedelta(days=90), fresh_at=NOW)
    assert fact.revocation.state is RevocationState.REVOKED
    assert fact.revocation.at == NOW - timedelta(days=2)


def test_crt_07_a_revocation_counts_at_any_age_of_the_list() -> None:
    old = {"this_update": NOW - YEAR, "next_update": NOW - YEAR + timedelta(days=7)}
    listed = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - YEAR, 1), **old)  # type: ignore[arg-type]
    fact = twin_and(with_lists(crl(world().root), listed, crl(world().sub)))
    assert fact.revocation.state is RevocationState.REVOKED


def test_crt_07_a_hold_released_by_a_younger_list_is_over() -> None:
    old = {"this_update": NOW - YEAR, "next_update": NOW - YEAR + timedelta(days=7)}
    held = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - YEAR, 6), **old)  # type: ignore[arg-type]
    assert twin_and(with_lists(crl(world().root), held)).revocation.reason is not None
    fact = with_lists(crl(world().root), held, crl(world().sub)).judge()
    assert fact.revocation.state is RevocationState.GOOD


def test_crt_07_no_lists_and_lists_of_one_authority_only() -> None:
    assert unknown(twin_and(with_lists())) is RevocationGap.NO_LIST
    assert unknown(twin_and(with_lists(crl(world().root)))) is RevocationGap.NO_LIST
    assert unknown(twin_and(with_lists(crl(world().sub)))) is RevocationGap.NO_LIST


def scope(*parts: bytes) -> bytes:
    return extension("2.5.29.28", der.sequence(*parts), critical=True)


INDIRECT = scope(der.tlv(0x84, b"\xff"))
DELTA = extension("2.5.29.27", der.integer(4), critical=True)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"next_update": NOW - timedelta(seconds=1)}, RevocationGap.STALE),
        ({"this_update": NOW + timedelta(hours=1)}, RevocationGap.FROM_FUTURE),
        ({"next_update": None}, RevocationGap.NO_NEXT_UPDATE),
        ({"more": [DELTA]}, RevocationGap.DELTA),
        ({"more": [INDIRECT]}, RevocationGap.INDIRECT),
        ({"more": [scope(der.tlv(0x82, b"\xff"))]}, RevocationGap.PARTIAL),
        ({"more": [scope(der.tlv(0x83, b"\x06\x40"))]}, RevocationGap.PARTIAL),
        ({"more": [scope(der.tlv(0x85, b"\xff"))]}, RevocationGap.PARTIAL),
        ({"more": [UNKNOWN_CRITICAL]}, RevocationGap.UNKNOWN_CRITICAL),
        ({"key": sm2_key(99)}, RevocationGap.BAD_SIGNATURE),
        (
            {"this_update": NOW - 3 * YEAR, "next_update": NOW - 2 * YEAR},
            RevocationGap.STALE,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, RevocationGap) else "",
)
def test_crt_07_a_list_that_says_nothing(how: dict[str, object], why: RevocationGap) -> None:
    listed = crl(world().sub, **how)  # type: ignore[arg-type]
    assert unknown(twin_and(with_lists(crl(world().root), listed))) is why


def test_crt_07_a_partial_list_of_the_certificates_own_point_is_enough() -> None:
    uri = "http://ca.example/part1.crl"
    point = der.tlv(0xA0, der.tlv(0xA0, der.tlv(0x86, uri.encode())))
    partial = crl(world().sub, more=[scope(point)])
    points = [extension("2.5.29.31", pki.crl_points(uri))]
    mine = replace(with_leaf(more=points), crls=(crl(world().root), partial))
    assert mine.judge().revocation.state is RevocationState.GOOD
    assert unknown(twin_and(with_lists(crl(world().root), partial))) is RevocationGap.PARTIAL


def test_crt_07_a_serial_on_the_list_of_another_authority_is_another_certificate() -> None:
    listed = crl(world().root, pki.revoked_entry(LEAF_SERIAL, NOW - YEAR, 1))
    fact = twin_and(with_lists(listed, crl(world().sub)))
    assert fact.revocation.state is RevocationState.GOOD


def test_crt_07_a_list_of_the_same_key_under_another_name_is_of_somebody_else() -> None:
    namesake = Authority(name("另一运营"), sm2_key(2))
    fact = twin_and(with_lists(crl(world().root), crl(namesake, key_id=False)))
    assert unknown(fact) is RevocationGap.NO_LIST


def test_crt_07_an_authority_without_crl_sign() -> None:
    sub = pki.subordinate("测试运营", sm2_key(2), world().root, usage=("key_cert_sign",))
    other = replace(world(), intermediates=(sub.der,))
    assert unknown(twin_and(other)) is RevocationGap.NO_CRL_SIGN


def test_crt_07_remove_from_crl_on_a_complete_list() -> None:
    odd = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - YEAR, 8))
    fact = twin_and(with_lists(crl(world().root), odd))
    assert unknown(fact) is RevocationGap.HELD_AND_REMOVED


def test_crt_07_lists_older_than_the_certificate_or_younger_than_its_end() -> None:
    old = dated("leaf", NOW - 3 * YEAR, NOW - 2 * YEAR)
    fact = old.judge(moment=NOW - 3 * YEAR, fresh_at=NOW)
    assert unknown(fact) is RevocationGap.AFTER_EXPIRY
    kept = extension("2.5.29.60", pki.generalized(NOW - 10 * YEAR))
    lists = (crl(old.root), crl(old.sub, more=[kept]))
    fact = replace(old, crls=lists).judge(moment=NOW - 3 * YEAR, fresh_at=NOW)
    assert fact.revocation.state is RevocationState.GOOD


def test_lists_on_a_certificate_without_distribution_points_are_still_required() -> None:
    """The library's soft modes ignore lists here; `require` and our own reading do not."""
    listed = crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - timedelta(days=1), 1))
    assert not read_certificate(world().leaf).crl_points
    fact = twin_and(with_lists(crl(world().root), listed))
    assert fact.revocation.state is RevocationState.REVOKED


def test_the_validator_reads_the_lists_apart_from_us() -> None:
    """Our index is blinded here; the validator still finds the serial, and good is not said."""
    listed = read_crl(crl(world().sub, pki.revoked_entry(LEAF_SERIAL, NOW - YEAR, 1)))
    arguments = (
        read_certificate(world().leaf),
        [read_certificate(world().sub.der)],
        world().anchors,
    )
    how = {"moment": NOW, "purpose": Purpose.LICENSE_SEAL}
    root_list = read_crl(crl(world().root))
    honest = validate_path(*arguments, [root_list, listed], **how)  # type: ignore[arg-type]
    assert honest.revocation.state is RevocationState.REVOKED
    blinded = replace(listed, entries={})
    fact = validate_path(*arguments, [root_list, blinded], **how)  # type: ignore[arg-type]
    assert unknown(fact) is RevocationGap.NOT_CONFIRMED


def test_times_without_zone_and_lists_fresh_before_the_moment_are_errors_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zone"):
        world().judge(moment=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="not before moment"):
        world().judge(fresh_at=NOW - YEAR)


# ---- what is remembered ----


def test_what_is_remembered_changes_no_answer() -> None:
    worlds = (world(), with_lists(), with_leaf(usage=pki.ENCRYPTION), three_levels(first=0))
    for one in worlds:
        forget()
        cold = one.judge()
        assert one.judge() == cold


def test_only_what_succeeded_is_remembered() -> None:
    changed = replace(world(), leaf=world().leaf[:-1] + bytes((world().leaf[-1] ^ 1,)))
    forget()
    for _ in range(2):
        assert changed.judge().chain is Chain.BAD_SIGNATURE
    assert world().judge().chain is Chain.ANCHORED
    assert changed.judge().chain is Chain.BAD_SIGNATURE


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    memory = Remembered(limit=2)
    for one in (b"1", b"2", b"3"):
        memory.add(one)
    assert [one in memory for one in (b"1", b"2", b"3")] == [False, True, True]
    assert remembered.fact(b"a", b"bc") != remembered.fact(b"ab", b"c")


def forget() -> None:
    paths._SIGNATURES.clear()
    paths._PATHS.clear()


# ---- the driver ----


def test_the_validator_checks_signatures_itself() -> None:
    def refuse(*_: object) -> None:
        raise InvalidSignature("as if it did not hold")

    chain = tuple(read_certificate(c) for c in (world().leaf, world().sub.der, world().root.der))
    validator.check_path(chain, NOW, lambda *_: None)
    with pytest.raises(validator.PathRefused, match="PathValidationError"):
        validator.check_path(chain, NOW, refuse)


def test_limits_pass_through_the_validator() -> None:
    def exhausted(*_: object) -> None:
        raise validator.Exhausted

    chain = tuple(read_certificate(c) for c in (world().leaf, world().sub.der, world().root.der))
    with pytest.raises(validator.Exhausted):
        validator.check_path(chain, NOW, exhausted)


def test_a_coroutine_that_waits_is_refused() -> None:
    class Wait:
        def __await__(self):
            yield

    async def waits() -> int:
        await Wait()
        return 1

    async def runs() -> int:
        return 1

    assert validator.drive(runs()) == 1
    with pytest.raises(validator.Suspended):
        validator.drive(waits())
