"""Timestamps judged: present and wrong fails, absent or unknown does not (threats OFD-21).

One good sealed file with a token over its signature value; each vector changes one thing of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from app.checks.measure import measure
from app.domain.certificate import Chain, Crl, Purpose, RevocationReason
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Facts, SignatureFacts
from app.domain.license import ParsedLicense
from app.domain.proven import TimeSource, signing_time
from app.domain.reasons import Reason
from app.domain.sealed import Arithmetic, SealedFacts, TimestampFacts
from app.domain.trust import Authorities, Trust
from app.domain.verdict import Broken, Gap, Sound
from app.services.judgement import look
from sandbox import der
from tests import cms_maker as cm
from tests.checks import scene
from tests.checks.test_measure_seals import NOW, authorities, license
from tests.checks.test_signed_data import known, state, trust
from tests.cms_maker import Tsa
from tests.pki import (
    SIGNING,
    TIME_STAMPING,
    Authority,
    certificate,
    crl,
    generalized,
    name,
    revoked_entry,
    root,
    sm2_key,
)

MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=365)
ROOT = root("时间戳根", sm2_key(61), since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
OTHER_ROOT = root("未登记的时间戳根", sm2_key(62), since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
KEY = sm2_key(63)
SERIAL = 4242


def leaf(by: Authority = ROOT, **how: object) -> bytes:
    options: dict[str, object] = {
        "serial": SERIAL,
        "since": NOW - 2 * YEAR,
        "until": NOW + 2 * YEAR,
        "purposes": [TIME_STAMPING],
        "purposes_critical": True,
        "usage": SIGNING,
        **how,
    }
    return certificate(name("时间戳服务"), KEY, by, **options)  # type: ignore[arg-type]


@cache
def document() -> ParsedLicense:
    return license()


def claimed() -> datetime:
    signature = document().sealings[0].signature
    assert signature is not None
    assert signature.time is not None
    return signature.time


def stamped(tsa: Tsa, over: bytes | None = None) -> ParsedLicense:
    (sealing,) = document().sealings
    assert sealing.signature is not None
    token = tsa.token(sealing.signature.value if over is None else over)
    signature = replace(sealing.signature, timestamp=token)
    return replace(document(), sealings=(replace(sealing, signature=signature),))


def tsa(certificate_: bytes | None = None, **changes: object) -> Tsa:
    good = Tsa(KEY, certificate_ or leaf(), time=generalized(claimed() + MINUTE))
    return replace(good, **changes)  # type: ignore[arg-type]


def list_of(*entries: bytes) -> Crl:
    return known(crl(ROOT, *entries, this_update=NOW - DAY, next_update=NOW + DAY))


def with_tsa(lists: tuple[Crl, ...] | None = None) -> Trust:
    have = authorities()
    return replace(
        trust(document()),
        authorities=Authorities(
            anchors=(*have.anchors, ROOT.anchor(Purpose.TSA, since=NOW - 9 * YEAR)),
            intermediates=have.intermediates,
            lists=(*have.lists, *((list_of(),) if lists is None else lists)),
        ),
    )


def facts_of(license_: ParsedLicense, trusted: Trust | None = None) -> Facts:
    return measure(license_, trusted or with_tsa(), now=NOW)


def source(facts: Facts) -> TimeSource:
    (s,) = facts.document.signatures
    assert s.sealed is not None
    return signing_time(s.sealed.timestamp, s.signed_at, facts.now).source


def said(facts: Facts, check: CheckName) -> tuple[Outcome, Reason | None, str]:
    (item,) = [e for e in look(facts).evidence if e.check is check]
    return item.outcome, item.reason, item.detail


def test_untouched_the_time_is_proven() -> None:
    facts = facts_of(stamped(tsa()))
    assert state(facts) == Sound()
    assert source(facts) is TimeSource.TSA
    assert said(facts, CheckName.TIMESTAMP_HOLDS) == (Outcome.PASSED, None, "")
    (s,) = facts.document.signatures
    assert s.sealed is not None
    assert s.sealed.signer is not None
    assert s.sealed.signer.then.moment == claimed() + MINUTE


def test_absent_is_not_wrong() -> None:
    facts = facts_of(document())
    assert state(facts) == Sound()
    assert source(facts) is TimeSource.CLAIMED
    assert said(facts, CheckName.TIMESTAMP_HOLDS)[0] is Outcome.NOT_APPLICABLE


def _another(maker: cm.CmsMaker) -> list[bytes]:
    return [*maker.usual(), cm.certificate_v2(leaf(serial=9))]


def _unnamed(maker: cm.CmsMaker) -> list[bytes]:
    return maker.usual()


WRONG: dict[str, tuple[Callable[[], ParsedLicense], str]] = {
    "another signature's token": (lambda: stamped(tsa(), b"another value"), "something else"),
    "an imprint made up": (lambda: stamped(tsa(imprint=bytes(32))), "something else"),
    "an imprint by SHA-1": (lambda: stamped(tsa(imprint_digest=cm.SHA1)), "sha1"),
    "a value that does not hold": (
        lambda: stamped(tsa(signed=lambda m: m + b"x")), "does not verify"),
    "a certificate not named": (lambda: stamped(tsa(attributes=_unnamed)), "signingCertificate"),
    "another certificate named": (lambda: stamped(tsa(attributes=_another)), "another"),
    "a service expired at genTime": (
        lambda: stamped(tsa(leaf(until=claimed() - DAY))), "outside its dates"),
    "a service not yet valid at genTime": (
        lambda: stamped(tsa(leaf(since=claimed() + DAY))), "outside its dates"),
    "no purpose": (lambda: stamped(tsa(leaf(purposes=[]))), "no_time_stamping"),
    "a purpose that is not critical": (
        lambda: stamped(tsa(leaf(purposes_critical=False))), "no_time_stamping"),
    "other purposes beside": (
        lambda: stamped(tsa(leaf(purposes=[TIME_STAMPING, "1.3.6.1.5.5.7.3.4"]))),
        "no_time_stamping",
    ),
    "a signer's certificate": (lambda: stamped(tsa(leaf(usage=["key_agreement"]))), "encryption"),
    "genTime before the signing": (
        lambda: stamped(tsa(time=generalized(claimed() - 2 * MINUTE))), "before"),
    "genTime in the future": (lambda: stamped(tsa(time=generalized(NOW + DAY))), "future"),
    "octets that are no token": (
        lambda: replace(document(), sealings=(_with_token(b"\x01\x02\x03"),)), "longer"),
    "a container without signers": (
        lambda: replace(document(), sealings=(_with_token(_nobody()),)), "0 signers"),
}  # fmt: skip


def _with_token(token: bytes):  # type: ignore[no-untyped-def]
    (sealing,) = document().sealings
    assert sealing.signature is not None
    return replace(sealing, signature=replace(sealing.signature, timestamp=token))


def _nobody() -> bytes:
    made = tsa()
    return cm.CmsMaker(
        KEY, made.certificate, family=cm.SIGNED, type=cm.TST_INFO, inside=made.info(b""), signers=0
    ).make()


@pytest.mark.parametrize("case", WRONG)
def test_present_and_wrong_fails(case: str) -> None:
    assert state(facts_of(stamped(tsa()))) == Sound()
    bent, why = WRONG[case]
    facts = facts_of(bent())
    assert state(facts) == Broken(Reason.TIMESTAMP_INVALID)
    assert why in said(facts, CheckName.TIMESTAMP_HOLDS)[2]
    assert source(facts) is TimeSource.CLAIMED


ORDERLY, DISORDERLY = (0, 3, 4, 5), (None, 1, 2, 6, 7, 8, 9, 10, 99)


@pytest.mark.parametrize("reason", DISORDERLY)
def test_attack_a_service_revoked_for_no_harmless_reason_proves_no_time(
    reason: int | None,
) -> None:
    """RFC 3161 §4 item 1: with no reason given, all tokens are void; those named leave the earlier
    ones good. Who stole the key of the service can date back as he likes.
    """
    twin = facts_of(stamped(tsa()), with_tsa((list_of(revoked_entry(SERIAL, NOW - DAY, 0)),)))
    assert source(twin) is TimeSource.TSA
    entry = revoked_entry(SERIAL, NOW - DAY, reason)
    facts = facts_of(stamped(tsa()), with_tsa((list_of(entry),)))
    assert source(facts) is TimeSource.CLAIMED
    outcome, why, detail = said(facts, CheckName.TIMESTAMP_HOLDS)
    assert (outcome, why) == (Outcome.NOT_APPLICABLE, None)
    assert "a claim" in detail


def test_attack_a_harmless_reason_on_one_list_hides_no_other_on_another() -> None:
    """Superseded first, found compromised later: the gravest that anybody says counts."""
    first = revoked_entry(SERIAL, NOW - 3 * DAY, 4)
    early = crl(ROOT, first, this_update=NOW - 2 * DAY, next_update=NOW - DAY)
    for later, source_ in ((4, TimeSource.TSA), (1, TimeSource.CLAIMED)):
        both = (known(early), list_of(revoked_entry(SERIAL, NOW - DAY, later)))
        assert source(facts_of(stamped(tsa()), with_tsa(both))) is source_
        assert source(facts_of(stamped(tsa()), with_tsa(both[::-1]))) is source_


@pytest.mark.parametrize("reason", ORDERLY)
@pytest.mark.parametrize(("ago", "holds"), [(DAY, True), (2 * YEAR - DAY, False)])
def test_a_service_closed_later_has_stamped(ago: timedelta, holds: bool, reason: int) -> None:
    """RFC 3161 §4: in order (0, 3, 4, 5), and earlier tokens stay as they are."""
    entry = revoked_entry(SERIAL, NOW - ago, reason)
    facts = facts_of(stamped(tsa()), with_tsa((list_of(entry),)))
    assert state(facts) == (Sound() if holds else Broken(Reason.TIMESTAMP_INVALID))
    assert (source(facts) is TimeSource.TSA) is holds


@pytest.mark.parametrize(
    ("made", "lists"),
    [
        (lambda: stamped(tsa(leaf(OTHER_ROOT))), None),
        (lambda: stamped(tsa()), ()),
    ],
    ids=["nobody registered its authority", "nothing is known of its revocation"],
)
def test_what_proves_nothing_is_no_fault(
    made: Callable[[], ParsedLicense], lists: tuple[Crl, ...] | None
) -> None:
    facts = facts_of(made(), with_tsa(lists))
    assert state(facts) == Sound()
    assert source(facts) is TimeSource.CLAIMED
    outcome, reason, detail = said(facts, CheckName.TIMESTAMP_HOLDS)
    assert (outcome, reason) == (Outcome.NOT_APPLICABLE, None)
    assert "a claim" in detail


def test_an_authority_for_seals_is_none_for_time() -> None:
    have = with_tsa()
    anchors = tuple(
        replace(a, purposes=frozenset({Purpose.LICENSE_SEAL}))
        if Purpose.TSA in a.purposes and a.der == ROOT.der
        else a
        for a in have.authorities.anchors
    )
    changed = replace(have, authorities=replace(have.authorities, anchors=anchors))
    assert source(facts_of(stamped(tsa()), changed)) is TimeSource.CLAIMED


def test_accuracy_counts_for_the_order() -> None:
    before = generalized(claimed() - MINUTE - timedelta(seconds=20))
    assert state(facts_of(stamped(tsa(time=before)))) == Broken(Reason.TIMESTAMP_INVALID)
    exact = tsa(time=before, accuracy=der.sequence(der.integer(30)))
    assert state(facts_of(stamped(exact))) == Sound()


# ---- what a proven time does, and a claimed one does not

PROVEN = TimestampFacts(
    value=Arithmetic.HOLDS,
    detail="",
    at=scene.SIGNED_AT + MINUTE,
    accuracy=timedelta(0),
    tsa=scene.CERTIFICATE,
)
T = scene.SIGNED_AT + MINUTE


def signed(**changes: object) -> SignatureFacts:
    """The good seal with a proven time; `changes` are to its sealed facts."""
    sealed = replace(scene.SEALED, timestamp=PROVEN, **changes)  # type: ignore[arg-type]
    return replace(scene.BY_SEAL, sealed=sealed)


def judged(one: SignatureFacts, check: CheckName) -> str:
    facts = scene.document(scene.FILE, signatures=(one,))
    (item,) = [e for e in look(facts).evidence if e.check is check]
    return f"{item.outcome} {item.reason or ''}".strip()


def signer(**changes: object) -> dict[str, object]:
    return {"signer": replace(scene.CERTIFICATE, **changes)}  # type: ignore[arg-type]


def without(one: SignatureFacts) -> SignatureFacts:
    assert isinstance(one.sealed, SealedFacts)
    return replace(one, sealed=replace(one.sealed, timestamp=None))


MATRIX = [
    # what is changed, the check, with a proven time, with a claimed one
    ({}, CheckName.SIGNED_IN_WINDOW, "passed", "passed"),
    ({}, CheckName.KEY_LIVE, "passed", "passed"),
    (signer(not_after=T), CheckName.SIGNED_IN_WINDOW, "passed", "passed"),
    (
        signer(not_after=T - timedelta(seconds=1)),
        CheckName.SIGNED_IN_WINDOW,
        "failed signed_outside_window",
        "passed",
    ),
    (
        signer(not_before=T),
        CheckName.SIGNED_IN_WINDOW,
        "passed",
        "failed signed_outside_window",
    ),
    (
        signer(not_before=T + timedelta(seconds=1)),
        CheckName.SIGNED_IN_WINDOW,
        "failed signed_outside_window",
        "failed signed_outside_window",
    ),
    (
        signer(today=scene.path(revocation=scene.revoked(T + timedelta(seconds=1)))),
        CheckName.KEY_LIVE,
        "passed",
        "indeterminate key_revoked_since",
    ),
    (
        signer(today=scene.path(revocation=scene.revoked(T))),
        CheckName.KEY_LIVE,
        "failed signed_after_revocation",
        "indeterminate key_revoked_since",
    ),
    (
        signer(today=scene.path(revocation=scene.revoked(scene.SIGNED_AT))),
        CheckName.KEY_LIVE,
        "failed signed_after_revocation",
        "failed signed_after_revocation",
    ),
    (
        signer(today=scene.path(chain=Chain.EXPIRED)),
        CheckName.KEY_LIVE,
        "passed",
        "indeterminate key_expired_since",
    ),
    (
        signer(then=scene.path(revocation=scene.UNKNOWN), today=scene.path(chain=Chain.EXPIRED)),
        CheckName.KEY_LIVE,
        "indeterminate key_expired_since",
        "indeterminate key_expired_since",
    ),
    (
        {"seal": replace(scene.SEAL, valid_until=T - timedelta(seconds=1))},
        CheckName.SEAL_IN_WINDOW,
        "failed seal_not_valid_at_time",
        "indeterminate seal_ended_since",
    ),
    (
        {"seal": replace(scene.SEAL, valid_from=T)},
        CheckName.SEAL_IN_WINDOW,
        "passed",
        "failed seal_not_valid_at_time",
    ),
]


@pytest.mark.parametrize(("changes", "check", "proven", "claimed"), MATRIX)
def test_proven_before_claimed(
    changes: dict[str, object], check: CheckName, proven: str, claimed: str
) -> None:
    one = signed(**changes)
    assert judged(one, check) == proven
    assert judged(without(one), check) == claimed


def test_attack_a_revoked_signer_backed_by_a_service_nobody_vouches_for_any_more() -> None:
    """Signer and timestamp service revoked: only a service that ended in order proves the time."""
    revoked = signer(today=scene.path(revocation=scene.revoked(T + timedelta(days=1))))
    for reason, told in (
        (RevocationReason.SUPERSEDED, "passed"),
        (RevocationReason.ABSENT, "indeterminate key_revoked_since"),
        (RevocationReason.CERTIFICATE_HOLD, "indeterminate key_revoked_since"),
        (RevocationReason.PRIVILEGE_WITHDRAWN, "indeterminate key_revoked_since"),
        (RevocationReason.UNKNOWN, "indeterminate key_revoked_since"),
    ):
        ended = replace(scene.revoked(T + timedelta(hours=1)), reason=reason)
        for where in ("then", "today"):
            tsa_ = replace(scene.CERTIFICATE, **{where: scene.path(revocation=ended)})
            one = signed(**revoked)
            assert one.sealed is not None
            stamp = replace(PROVEN, tsa=tsa_)
            one = replace(one, sealed=replace(one.sealed, timestamp=stamp))
            assert judged(one, CheckName.KEY_LIVE) == told


def test_attack_a_seal_out_of_date_used_today_with_an_old_time() -> None:
    """Its period is over; that it was used before is only its own word (GB/T 38540-2020 §6.3)."""
    now = scene.FILE.now
    ended = replace(scene.SEAL, valid_until=now - timedelta(seconds=1))
    one = replace(scene.BY_SEAL, sealed=replace(scene.SEALED, seal=ended))
    facts = scene.document(scene.FILE, signatures=(one,))
    assert isinstance(state(facts), Gap)
    assert judged(one, CheckName.SEAL_IN_WINDOW) == "indeterminate seal_ended_since"
    live = replace(one, sealed=replace(scene.SEALED, seal=replace(ended, valid_until=now)))
    assert judged(live, CheckName.SEAL_IN_WINDOW) == "passed"
    assert judged(signed(seal=ended), CheckName.SEAL_IN_WINDOW) == "passed"
    for seen, told in (
        (ended.valid_until, "passed"),
        (ended.valid_until + timedelta(seconds=1), "indeterminate seal_ended_since"),
    ):
        known_ = scene.trust(facts, first_seen=seen)
        assert scene.one(known_, CheckName.SEAL_IN_WINDOW) == told


def test_a_proven_time_needs_no_claimed_one() -> None:
    one = replace(signed(), signed_at=None)
    for check in (CheckName.SIGNED_IN_WINDOW, CheckName.SEAL_IN_WINDOW, CheckName.KEY_LIVE):
        assert judged(one, check) == "passed"
    alone = without(one)
    assert judged(alone, CheckName.SEAL_IN_WINDOW) == "indeterminate signing_time_missing"
    assert isinstance(state(scene.document(scene.FILE, signatures=(alone,))), Gap)


def test_a_token_under_the_signature_proves_nothing() -> None:
    """TimeInfo of GM/T 0031-2014: what is signed was stamped before it was signed."""
    inside = replace(PROVEN, inside=True)
    one = signed()
    assert one.sealed is not None
    one = replace(one, sealed=replace(one.sealed, timestamp=inside))
    facts = scene.document(scene.FILE, signatures=(one,))
    assert source(facts) is TimeSource.CLAIMED
    assert judged(one, CheckName.TIMESTAMP_HOLDS) == "not_applicable"
    broken = replace(inside, value=Arithmetic.FAILS)
    sealed = replace(scene.SEALED, timestamp=broken)
    assert judged(replace(one, sealed=sealed), CheckName.TIMESTAMP_HOLDS) == (
        "failed timestamp_invalid"
    )


# ---- the seal's own timestamp (GM/T 0031-2025)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(0), "passed"),
        (MINUTE, "passed"),
        (-timedelta(seconds=1), "failed timestamp_invalid"),
    ],
)
def test_a_seal_is_stamped_when_it_is_made_or_later(after: timedelta, told: str) -> None:
    stamp = replace(PROVEN, at=scene.MADE_AT + after)
    one = signed(seal=replace(scene.SEAL, timestamp=stamp))
    assert judged(one, CheckName.SEAL_HOLDS) == told
