"""Each check of a seal: what it says of the good one, of every spoiling, and of no seal at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.checks import CHECKS, examine
from app.domain.certificate import Chain, RoleFinding
from app.domain.evidence import WHOLE, CheckName, Evidence, Outcome, Role
from app.domain.facts import Facts, Value
from app.domain.license import LicenseFormat
from app.domain.ofd import SHOWN_KINDS, PartKind
from app.domain.scheme import Digest
from app.domain.sealed import Arithmetic, Clocks, Sameness
from app.domain.trust import Gap, Issuer, Kind
from app.domain.verdict import Sound
from app.policy import SEALED as POLICY
from app.policy import judge
from tests.checks import scene
from tests.checks.scene import (
    BY_KEY,
    FILE,
    MADE_AT,
    NOW,
    SIGNED_AT,
    TOKEN,
    UNKNOWN,
    one,
    path,
    says,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CN = CheckName
OF_SEALS = [
    CN.ALGORITHMS_AGREE, CN.DATA_HASH_HOLDS, CN.SCOPE_NAMED, CN.REFERENCES_HOLD, CN.SEAL_HOLDS,
    CN.SEAL_MAKER_TRUSTED, CN.SEAL_IN_WINDOW, CN.SIGNER_IN_SEAL, CN.SEAL_FILE_SAME,
    CN.CERTIFICATE_FITS, CN.TIMES_AGREE,
]  # fmt: skip
OF_FILES = [CN.CONTENT_COVERED, CN.ONE_DOCUMENT, CN.NOTHING_HIDDEN]


def test_untouched() -> None:
    """The twin of every negative below."""
    outcomes = {item.check: item.outcome for item in examine(FILE)}
    assert {c for c, o in outcomes.items() if o is Outcome.PASSED} >= {*OF_SEALS, *OF_FILES}
    assert not set(outcomes.values()) & {Outcome.FAILED, Outcome.INDETERMINATE}
    by_the_shell = [Evidence(c, WHOLE, Outcome.PASSED) for c in (CN.WELL_FORMED, CN.BOUND)]
    assert judge([*examine(FILE), *by_the_shell], POLICY) == Sound()


@pytest.mark.parametrize("check", OF_SEALS)
def test_a_signature_by_key_has_no_seal_to_ask_about(check: CheckName) -> None:
    assert says(TOKEN, check) == ["not_applicable @1/issuer: "]
    both = scene.also(FILE, replace(BY_KEY, label="2"))
    assert [line.partition(" ")[0] for line in says(both, check)] == ["passed", "not_applicable"]


@pytest.mark.parametrize("check", OF_FILES)
def test_a_token_has_no_parts(check: CheckName) -> None:
    assert says(TOKEN, check) == ["not_applicable @document/document: "]


GOOD_WORDS = {
    CN.ALGORITHMS_AGREE: "SM2-SM3",
    CN.REFERENCES_HOLD: "7 parts",
}


@pytest.mark.parametrize("check", OF_SEALS)
def test_of_the_good_seal(check: CheckName) -> None:
    detail = (
        scene.BY_SEAL.scheme.value if check is CN.ALGORITHMS_AGREE else GOOD_WORDS.get(check, "")
    )
    assert says(FILE, check) == [f"passed @0:1/issuer: {detail}"]


SPOILT: list[tuple[CheckName, Facts, str]] = [
    (CN.ALGORITHMS_AGREE, scene.sealed(mismatched_algorithms=("SignatureMethod",)), "failed algorithm_mismatch"),
    (CN.DATA_HASH_HOLDS, scene.sealed(data_hash=Arithmetic.FAILS), "failed data_hash_differs"),
    (CN.DATA_HASH_HOLDS, scene.sealed(data_hash=Arithmetic.UNREADABLE), "failed data_hash_differs"),
    (CN.SCOPE_NAMED, scene.sealed(scope=Sameness.DIFFERS), "failed scope_differs"),
    (CN.SCOPE_NAMED, scene.sealed(scope=Sameness.ABSENT), "failed scope_differs"),
    (CN.REFERENCES_HOLD, scene.coverage(changed=("a",)), "failed content_changed"),
    (CN.REFERENCES_HOLD, scene.coverage(missing=1), "failed content_changed"),
    (CN.REFERENCES_HOLD, scene.coverage(changed=("a",), weak=True), "failed content_changed"),
    (CN.REFERENCES_HOLD, scene.coverage(weak=True), "failed weak_algorithm"),
    (CN.REFERENCES_HOLD, scene.coverage(weak=True, covered=0, unchecked=("a",)), "failed weak_algorithm"),
    (CN.REFERENCES_HOLD, scene.coverage(covered=0), "failed not_covered"),
    (CN.REFERENCES_HOLD, scene.coverage(unchecked=("a",), digest=None), "indeterminate signature_unsupported"),
    (CN.SEAL_HOLDS, scene.seal(value=Arithmetic.FAILS), "failed seal_invalid"),
    (CN.SEAL_HOLDS, scene.seal(value=Arithmetic.UNREADABLE), "failed seal_invalid"),
    (CN.SEAL_HOLDS, scene.seal(value=Arithmetic.WEAK), "failed weak_algorithm"),
    (CN.SEAL_MAKER_TRUSTED, scene.seal(maker=None), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.seal(maker=None, value=Arithmetic.UNSUPPORTED), "indeterminate beyond_limits"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(not_before=MADE_AT + SECOND), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(not_after=MADE_AT - SECOND), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(not_before=MADE_AT, not_after=MADE_AT), "passed"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(chain=Chain.NO_ANCHOR)), "indeterminate seal_maker_unknown"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(chain=Chain.BAD_SIGNATURE)), "indeterminate seal_maker_unknown"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(chain=Chain.WRONG_ROLE)), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(chain=Chain.EXPIRED)), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(chain=Chain.NOT_YET_VALID)), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(revocation=UNKNOWN)), "indeterminate revocation_unavailable"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(revocation=scene.revoked(MADE_AT))), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(revocation=scene.revoked(MADE_AT - SECOND))), "failed seal_maker_invalid"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(then=path(revocation=scene.revoked(MADE_AT + SECOND))), "indeterminate seal_maker_ended_since"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(today=path(revocation=scene.revoked(MADE_AT + SECOND))), "indeterminate seal_maker_ended_since"),
    (CN.SEAL_MAKER_TRUSTED, scene.trust(scene.maker(then=path(revocation=scene.revoked(NOW))), first_seen=NOW - SECOND), "passed"),
    (CN.SEAL_MAKER_TRUSTED, scene.trust(scene.maker(then=path(revocation=scene.revoked(NOW))), first_seen=NOW), "indeterminate seal_maker_ended_since"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(today=path(chain=Chain.NO_ANCHOR)), "indeterminate seal_maker_ended_since"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(today=path(chain=Chain.ANCHOR_OUT_OF_WINDOW)), "indeterminate seal_maker_ended_since"),
    (CN.SEAL_MAKER_TRUSTED, scene.maker(today=path(chain=Chain.EXPIRED)), "passed"),
    (CN.SEAL_MAKER_TRUSTED, scene.seal(made_by_signer=True), "indeterminate seal_maker_unknown"),
    (CN.SEAL_IN_WINDOW, scene.signature(FILE, signed_at=None), "indeterminate signing_time_missing"),
    (CN.SEAL_IN_WINDOW, scene.seal(valid_from=SIGNED_AT + SECOND), "failed seal_not_valid_at_time"),
    (CN.SEAL_IN_WINDOW, scene.seal(valid_until=SIGNED_AT - SECOND), "failed seal_not_valid_at_time"),
    (CN.SEAL_IN_WINDOW, scene.seal(valid_from=SIGNED_AT, valid_until=SIGNED_AT), "indeterminate seal_ended_since"),
    (CN.SEAL_IN_WINDOW, scene.trust(scene.seal(valid_from=SIGNED_AT, valid_until=SIGNED_AT), first_seen=SIGNED_AT), "passed"),
    (CN.SEAL_IN_WINDOW, scene.seal(valid_from=SIGNED_AT, valid_until=NOW), "passed"),
    (CN.SEAL_IN_WINDOW, scene.seal(created=SIGNED_AT + MINUTE), "passed"),
    (CN.SEAL_IN_WINDOW, scene.seal(created=SIGNED_AT + MINUTE + SECOND), "failed seal_not_valid_at_time"),
    (CN.SIGNER_IN_SEAL, scene.sealed(listed=False), "failed signer_not_in_seal"),
    (CN.SEAL_FILE_SAME, scene.sealed(seal_file=Sameness.DIFFERS), "failed seal_file_differs"),
    (CN.SEAL_FILE_SAME, scene.sealed(seal_file=Sameness.ABSENT), "not_applicable"),
    (CN.CERTIFICATE_FITS, scene.sealed(signer=None), "failed certificate_unfit"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.WRONG_ROLE, role_finding=RoleFinding.IS_CA)), "failed certificate_unfit"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.CONSTRAINTS)), "failed certificate_unfit"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.MALFORMED)), "failed certificate_unfit"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.EXPIRED)), "failed signed_outside_window"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.NOT_YET_VALID)), "failed signed_outside_window"),
    (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.WEAK_ALGORITHM)), "failed weak_algorithm"),
    *(
        (CN.CERTIFICATE_FITS, scene.signer(then=path(chain=chain)), "not_applicable")
        for chain in (Chain.NO_ANCHOR, Chain.BAD_SIGNATURE, Chain.ANCHOR_OUT_OF_WINDOW, Chain.TOO_COMPLEX)
    ),
    (CN.TIMES_AGREE, scene.sealed(clocks=Clocks.EIGHT_HOURS), "passed"),
    (CN.TIMES_AGREE, scene.sealed(clocks=Clocks.DIFFERS), "failed times_disagree"),
    (CN.TIMES_AGREE, scene.sealed(clocks=Clocks.ABSENT), "not_applicable"),
    (CN.ONE_DOCUMENT, scene.document(FILE, package=replace(scene.PACKAGE, encrypted=True, ambiguous=True)), "indeterminate encrypted"),
    (CN.ONE_DOCUMENT, scene.document(FILE, package=replace(scene.PACKAGE, ambiguous=True)), "failed ambiguous_document"),
    (CN.NOTHING_HIDDEN, scene.coverage(unreferenced=("a.bin",)), "failed hidden_content"),
    (CN.NOTHING_HIDDEN, scene.document(FILE, package=replace(scene.PACKAGE, hidden=("a.bin",))), "passed"),  # the seal signed it
    (CN.NOTHING_HIDDEN, scene.document(FILE, package=replace(scene.PACKAGE, hidden=("a.bin",)), signatures=()), "failed hidden_content"),
    (CN.NOTHING_HIDDEN, scene.document(FILE, signatures=()), "passed"),
    (CN.CONTENT_COVERED, scene.document(FILE, signatures=()), "not_applicable"),
    (CN.CONTENT_COVERED, scene.document(FILE, format=LicenseFormat.JWS), "not_applicable"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "expected"), SPOILT, ids=range(len(SPOILT)))
def test_spoilt(check: CheckName, facts: Facts, expected: str) -> None:
    assert one(FILE, check) == "passed"
    assert one(facts, check) == expected


def test_details_name_places_and_counts() -> None:
    def detail(check: CheckName, facts: Facts) -> str:
        return says(facts, check)[0].partition(": ")[2]

    assert detail(CN.ALGORITHMS_AGREE, scene.sealed(mismatched_algorithms=("x", "y"))) == "x, y"
    assert (
        detail(CN.REFERENCES_HOLD, scene.coverage(changed=("a", "b"), missing=3))
        == "2 changed, 3 missing"
    )
    assert detail(CN.REFERENCES_HOLD, scene.coverage(weak=True, digest=Digest.SM3)) == str(
        Digest.SM3
    )
    assert detail(CN.SCOPE_NAMED, scene.sealed(scope=Sameness.ABSENT)) == "absent"
    assert detail(CN.SEAL_HOLDS, scene.seal(value=Arithmetic.WEAK, value_detail="sha1")) == "sha1"
    assert detail(CN.SEAL_HOLDS, scene.seal(value=Arithmetic.FAILS, value_detail="no")) == "no"
    unfit = scene.signer(then=path(chain=Chain.WRONG_ROLE, role_finding=RoleFinding.IS_CA))
    assert detail(CN.CERTIFICATE_FITS, unfit) == "is_ca"
    assert (
        detail(CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.CONSTRAINTS)))
        == "constraints"
    )
    assert detail(CN.CERTIFICATE_FITS, scene.signer(then=path(chain=Chain.EXPIRED))) == "expired"
    bodies = scene.document(FILE, package=replace(scene.PACKAGE, ambiguous=True, bodies=2))
    assert detail(CN.ONE_DOCUMENT, bodies) == "2 bodies"
    nine = tuple("abcdefghi")
    assert (
        detail(CN.NOTHING_HIDDEN, scene.coverage(unreferenced=nine)) == "9: a, b, c, d, e, f, g, h"
    )
    many = scene.coverage(uncovered={PartKind.PAGE: nine})
    assert detail(CN.CONTENT_COVERED, many) == "a, b, c, d, e, f, g, h"


# ---- coverage: whose, and of what

COVERED = SHOWN_KINDS | {PartKind.ATTACHMENT, PartKind.ATTACHMENT_LIST, PartKind.COVER}


@pytest.mark.parametrize("kind", PartKind)
def test_what_is_shown_or_opened_has_to_be_covered(kind: PartKind) -> None:
    expected = "failed not_covered" if kind in COVERED else "passed"
    assert one(scene.coverage(uncovered={kind: ("p",)}), CN.CONTENT_COVERED) == expected


@pytest.mark.parametrize("kind", sorted(COVERED))
def test_an_issuers_profile_leaves_open_what_no_page_shows_and_nothing_else(kind: PartKind) -> None:
    """签章范围: registered, of its own seals; the same file without the registration is refused."""
    open_file = scene.coverage(uncovered={kind: ("p", "q")})
    tolerant = scene.trust(open_file, issuer=tolerating(open_file))
    assert one(open_file, CN.CONTENT_COVERED) == "failed not_covered"
    if kind in {PartKind.ATTACHMENT, PartKind.ATTACHMENT_LIST}:
        left = "passed @document/document: left open by the issuer's profile: 2"
        assert says(tolerant, CN.CONTENT_COVERED) == [left]
    else:
        assert one(tolerant, CN.CONTENT_COVERED) == "failed not_covered"


def test_a_profile_excuses_only_the_issuers_own_seal() -> None:
    """A countersigner that leaves the attachment open, and the platform that made a copy, do not."""
    open_one = replace(scene.COVERAGE, uncovered={PartKind.ATTACHMENT: ("a",)})
    asked = scene.type_of(FILE, roles=frozenset({Role.ISSUER, Role.COUNTERSIGNER}))
    cosigned = scene.mandates(asked, scene.mandate(Kind.COUNTERSIGN))
    tolerant = scene.trust(cosigned, issuer=tolerating(cosigned))
    assert one(scene.also(tolerant, scene.others_seal()), CN.CONTENT_COVERED) == "passed"
    half = scene.also(tolerant, scene.others_seal(coverage=open_one))
    assert one(half, CN.CONTENT_COVERED) == "failed not_covered"
    stranger = scene.trust(scene.sealed(coverage=open_one), owners={}, issuer=tolerating(FILE))
    assert one(stranger, CN.CONTENT_COVERED) == "failed not_covered"


def tolerating(facts: Facts) -> Issuer:
    assert facts.trust.issuer is not None
    return replace(facts.trust.issuer, tolerated_gaps=frozenset(Gap))


def test_two_seals_of_one_role_cover_together() -> None:
    open_a = replace(scene.COVERAGE, uncovered={PartKind.PAGE: ("a",)})
    open_b = replace(scene.COVERAGE, uncovered={PartKind.PAGE: ("b",)})
    delegate = scene.mandates(FILE, scene.mandate(Kind.ORIGINAL))
    first = scene.sealed(delegate, coverage=open_a)
    assert one(first, CN.CONTENT_COVERED) == "failed not_covered"
    together = scene.also(first, scene.others_seal(coverage=open_b))
    assert one(together, CN.CONTENT_COVERED) == "passed"
    both_open = scene.also(first, scene.others_seal(coverage=open_a))
    assert one(both_open, CN.CONTENT_COVERED) == "failed not_covered"


def test_each_required_role_covers_by_itself_and_a_stranger_for_nobody() -> None:
    asked = scene.type_of(FILE, roles=frozenset({Role.ISSUER, Role.COUNTERSIGNER}))
    cosigned = scene.mandates(asked, scene.mandate(Kind.COUNTERSIGN))
    open_a = replace(scene.COVERAGE, uncovered={PartKind.PAGE: ("a",)})
    assert one(scene.also(cosigned, scene.others_seal()), CN.CONTENT_COVERED) == "passed"
    half = scene.also(cosigned, scene.others_seal(coverage=open_a))
    assert one(half, CN.CONTENT_COVERED) == "failed not_covered"
    stranger = scene.also(FILE, scene.others_seal(coverage=open_a))
    assert says(stranger, CN.SEAL_HOLDS)[1].startswith("passed @0:2/extra")
    assert one(stranger, CN.CONTENT_COVERED) == "passed"
    covers_all = scene.also(scene.sealed(coverage=open_a), scene.others_seal())
    assert one(covers_all, CN.CONTENT_COVERED) == "failed not_covered"


def test_where_only_strangers_sealed_their_cover_is_told() -> None:
    open_a = replace(scene.COVERAGE, uncovered={PartKind.PAGE: ("a",)})
    stranger = scene.trust(scene.sealed(coverage=open_a), owners={})
    assert one(stranger, CN.CONTENT_COVERED) == "failed not_covered"
    assert one(scene.trust(FILE, owners={}), CN.CONTENT_COVERED) == "passed"


def test_hidden_is_what_no_needed_seal_signed() -> None:
    hides = replace(scene.COVERAGE, unreferenced=("x", "y"))
    signs_x = replace(scene.COVERAGE, unreferenced=("y",))
    both = scene.also(scene.sealed(coverage=hides), scene.others_seal(coverage=signs_x))
    delegate = scene.mandates(both, scene.mandate(Kind.ORIGINAL))
    assert says(delegate, CN.NOTHING_HIDDEN) == ["failed hidden_content @document/document: 1: y"]
    assert says(both, CN.NOTHING_HIDDEN) == ["failed hidden_content @document/document: 2: x, y"]


def test_an_unreadable_seal_hides_nothing_more() -> None:
    unread = scene.signature(FILE, sealed=None, value=Value.UNREADABLE)
    hidden = scene.document(unread, package=replace(scene.PACKAGE, hidden=("x",)))
    assert one(unread, CN.NOTHING_HIDDEN) == "passed"
    assert one(hidden, CN.NOTHING_HIDDEN) == "failed hidden_content"


def test_every_check_has_its_own_question_in_both_languages() -> None:
    assert len({check.question for check in CHECKS}) == len(CHECKS)
    assert len({check.question_zh for check in CHECKS}) == len(CHECKS)
