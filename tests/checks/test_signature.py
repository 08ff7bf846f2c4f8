"""Each check of a signature, by registered key and by certificate; boundaries to the second."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.certificate import Chain
from app.domain.evidence import CheckName
from app.domain.facts import Facts, Value
from app.domain.identifier import TypeCode
from app.domain.license import KeyId
from app.domain.trust import Kind, Window
from tests.checks import scene
from tests.checks.scene import (
    BY_KEY,
    FILE,
    NO_PATH,
    NOW,
    SIGNED_AT,
    TOKEN,
    UNKNOWN,
    one,
    path,
    revoked,
    says,
)
from tests.world import DAY, DELEGATE, OPEN

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CN = CheckName
ASKED = [CN.SIGNER_KNOWN, CN.SIGNATURE_HOLDS, CN.SIGNED_IN_WINDOW, CN.KEY_LIVE, CN.KEY_FOR_TYPE]
CLAIMED, SEEN = "time: claimed", "time: first seen by this node"
EXPIRED = Window(NOW - 900 * DAY, NOW)
LONG_AGO = NOW - 300 * DAY


def seen(facts: Facts, at: object = LONG_AGO) -> Facts:
    return scene.trust(facts, first_seen=at)


def unknown_key(facts: Facts = TOKEN) -> Facts:
    return scene.signature(facts, key_id=KeyId("nobody"))


def by_delegate(within: Window = OPEN, **changes: object) -> Facts:
    """Signed by the delegate's key, under a mandate of that window."""
    signed = scene.signature(TOKEN, key_id=KeyId("delegate"), signer=DELEGATE)
    given = scene.mandate(Kind.ORIGINAL, DELEGATE, window=within)
    return scene.mandates(scene.key(signed, "delegate", **changes), given)


@pytest.mark.parametrize("check", ASKED)
def test_untouched(check: CheckName) -> None:
    detail = CLAIMED if check is CN.SIGNED_IN_WINDOW else ""
    assert says(TOKEN, check) == [f"passed @1/issuer: {detail}"]
    assert says(FILE, check) == [f"passed @0:1/issuer: {detail}"]
    assert one(by_delegate(), check) == "passed"


expired_chain = path(chain=Chain.EXPIRED, revocation=NO_PATH)
ROWS: list[tuple[CheckName, Facts, str]] = [
    # ---- who is it?
    (CN.SIGNER_KNOWN, unknown_key(), "indeterminate key_unknown"),
    (CN.SIGNER_KNOWN, scene.trust(unknown_key(), issuer=None), "indeterminate issuer_unknown"),
    (CN.SIGNER_KNOWN, scene.trust(TOKEN, issuer=None), "passed"),
    (CN.SIGNER_KNOWN, scene.sealed(signer=None), "indeterminate no_anchor"),
    (CN.SIGNER_KNOWN, scene.signer(then=path(chain=Chain.WRONG_ROLE)), "passed"),
    (CN.SIGNER_KNOWN, scene.signer(then=path(chain=Chain.EXPIRED)), "passed"),
    (CN.SIGNER_KNOWN, scene.signer(then=path(chain=Chain.NOT_YET_VALID)), "passed"),
    *(
        (CN.SIGNER_KNOWN, scene.signer(then=path(chain=chain)), "indeterminate no_anchor")
        for chain in (
            Chain.NO_ANCHOR, Chain.BAD_SIGNATURE, Chain.ANCHOR_OUT_OF_WINDOW, Chain.CONSTRAINTS,
            Chain.MALFORMED, Chain.WEAK_ALGORITHM, Chain.TOO_COMPLEX,
        )
    ),
    # ---- what did the mathematics say?
    (CN.SIGNATURE_HOLDS, scene.signature(TOKEN, value=Value.FAILS), "failed signature_invalid"),
    (CN.SIGNATURE_HOLDS, scene.signature(TOKEN, value=Value.SCHEME_DIFFERS), "failed scheme_mismatch"),
    (CN.SIGNATURE_HOLDS, scene.signature(FILE, value=Value.WEAK), "failed weak_algorithm"),
    (CN.SIGNATURE_HOLDS, scene.signature(FILE, value=Value.UNREADABLE), "failed signature_unreadable"),
    (CN.SIGNATURE_HOLDS, scene.signature(FILE, value=Value.UNSUPPORTED), "indeterminate signature_unsupported"),
    (CN.SIGNATURE_HOLDS, scene.signature(FILE, value=Value.BEYOND_LIMITS), "indeterminate beyond_limits"),
    (CN.SIGNATURE_HOLDS, scene.signature(TOKEN, value=Value.UNMEASURED), "not_applicable"),
    # ---- when was it signed?
    (CN.SIGNED_IN_WINDOW, unknown_key(), "not_applicable"),
    (CN.SIGNED_IN_WINDOW, scene.signature(TOKEN, signed_at=NOW + MINUTE), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.signature(TOKEN, signed_at=NOW + MINUTE + SECOND), "failed signed_in_future"),
    (CN.SIGNED_IN_WINDOW, seen(TOKEN, SIGNED_AT - MINUTE), "passed"),
    (CN.SIGNED_IN_WINDOW, seen(TOKEN, SIGNED_AT - MINUTE - SECOND), "failed signed_in_future"),
    (CN.SIGNED_IN_WINDOW, seen(TOKEN, NOW + DAY), "passed"),
    (CN.SIGNED_IN_WINDOW, seen(scene.signature(TOKEN, signed_at=NOW + 2 * MINUTE), NOW + DAY), "failed signed_in_future"),
    (CN.SIGNED_IN_WINDOW, scene.key(window=Window(SIGNED_AT, None)), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.key(window=Window(SIGNED_AT + SECOND, None)), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, scene.key(window=Window(LONG_AGO, SIGNED_AT + SECOND)), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.key(window=Window(LONG_AGO, SIGNED_AT)), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, by_delegate(Window(SIGNED_AT, None)), "passed"),
    (CN.SIGNED_IN_WINDOW, by_delegate(Window(SIGNED_AT + SECOND, None)), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, scene.signature(TOKEN, signed_at=None), "indeterminate signing_time_missing"),
    (CN.SIGNED_IN_WINDOW, seen(scene.signature(TOKEN, signed_at=None)), "passed"),
    (CN.SIGNED_IN_WINDOW, seen(scene.key(scene.signature(TOKEN, signed_at=None), window=Window(LONG_AGO + SECOND, None))), "indeterminate signing_time_missing"),
    (CN.SIGNED_IN_WINDOW, scene.signer(not_before=SIGNED_AT, not_after=SIGNED_AT), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.signer(not_before=SIGNED_AT + SECOND), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, scene.signer(not_after=SIGNED_AT - SECOND), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, scene.sealed(signer=None), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.signer(then=path(chain=Chain.NO_ANCHOR)), "passed"),
    (CN.SIGNED_IN_WINDOW, scene.signer(scene.signer(not_after=SIGNED_AT - SECOND), then=path(chain=Chain.NO_ANCHOR)), "failed signed_outside_window"),
    (CN.SIGNED_IN_WINDOW, scene.signature(FILE, signed_at=None), "indeterminate signing_time_missing"),
    (CN.SIGNED_IN_WINDOW, seen(scene.signature(FILE, signed_at=None)), "passed"),
    (CN.SIGNED_IN_WINDOW, seen(scene.signature(scene.signer(not_before=LONG_AGO + SECOND), signed_at=None)), "indeterminate signing_time_missing"),
    (CN.SIGNED_IN_WINDOW, seen(scene.signature(scene.sealed(signer=None), signed_at=None)), "passed"),
    # ---- is the key good today?
    (CN.KEY_LIVE, unknown_key(), "not_applicable"),
    (CN.KEY_LIVE, scene.key(status_good_until=None), "indeterminate revocation_unavailable"),
    (CN.KEY_LIVE, scene.key(status_good_until=NOW - SECOND), "indeterminate revocation_unavailable"),
    (CN.KEY_LIVE, scene.key(status_good_until=NOW), "passed"),
    (CN.KEY_LIVE, scene.key(window=EXPIRED), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, seen(scene.key(window=EXPIRED)), "passed"),
    (CN.KEY_LIVE, seen(scene.key(window=EXPIRED), NOW), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, by_delegate(EXPIRED), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, by_delegate(OPEN, window=EXPIRED), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, scene.key(revoked_at=SIGNED_AT), "failed signed_after_revocation"),
    (CN.KEY_LIVE, scene.key(revoked_at=SIGNED_AT + SECOND), "indeterminate key_revoked_since"),
    (CN.KEY_LIVE, scene.key(scene.signature(TOKEN, signed_at=None), revoked_at=SIGNED_AT), "indeterminate key_revoked_since"),
    (CN.KEY_LIVE, seen(scene.key(revoked_at=NOW - DAY)), "passed"),
    (CN.KEY_LIVE, seen(scene.key(revoked_at=LONG_AGO + SECOND)), "failed signed_after_revocation"),
    (CN.KEY_LIVE, seen(scene.key(revoked_at=NOW - DAY), NOW - DAY), "indeterminate key_revoked_since"),
    (CN.KEY_LIVE, seen(scene.key(revoked_at=NOW - DAY), NOW - DAY - SECOND), "passed"),
    (CN.KEY_LIVE, seen(scene.key(revoked_at=NOW - DAY, window=Window(LONG_AGO + SECOND, None))), "indeterminate key_revoked_since"),
    # ---- and the certificate?
    (CN.KEY_LIVE, scene.sealed(signer=None), "not_applicable"),
    (CN.KEY_LIVE, scene.signer(then=path(chain=Chain.NO_ANCHOR)), "not_applicable"),
    (CN.KEY_LIVE, scene.signer(then=path(revocation=revoked(SIGNED_AT))), "failed signed_after_revocation"),
    (CN.KEY_LIVE, scene.signer(today=path(revocation=revoked(SIGNED_AT))), "failed signed_after_revocation"),
    (CN.KEY_LIVE, scene.signer(today=path(revocation=revoked(NOW - DAY))), "indeterminate key_revoked_since"),
    (CN.KEY_LIVE, scene.signer(then=path(revocation=revoked(SIGNED_AT)), today=path(revocation=revoked(NOW - DAY))), "failed signed_after_revocation"),
    (CN.KEY_LIVE, scene.signer(then=path(revocation=revoked(NOW - DAY)), today=path(revocation=revoked(SIGNED_AT))), "failed signed_after_revocation"),
    (CN.KEY_LIVE, seen(scene.signer(today=path(revocation=revoked(NOW - DAY)))), "passed"),
    (CN.KEY_LIVE, scene.signer(today=path(revocation=UNKNOWN)), "indeterminate revocation_unavailable"),
    (CN.KEY_LIVE, scene.signer(then=path(revocation=UNKNOWN)), "passed"),
    (CN.KEY_LIVE, scene.signer(today=expired_chain), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, seen(scene.signer(today=expired_chain)), "passed"),
    (CN.KEY_LIVE, seen(scene.signer(today=expired_chain, then=path(revocation=UNKNOWN))), "indeterminate key_expired_since"),
    (CN.KEY_LIVE, seen(scene.signer(today=expired_chain, not_before=LONG_AGO + SECOND)), "indeterminate key_expired_since"),
    # ---- may it sign this?
    (CN.KEY_FOR_TYPE, unknown_key(), "not_applicable"),
    (CN.KEY_FOR_TYPE, scene.document(unknown_key(), type=None), "not_applicable"),
    (CN.KEY_FOR_TYPE, scene.document(TOKEN, type=None), "indeterminate type_unknown"),
    (CN.KEY_FOR_TYPE, scene.document(FILE, type=None), "indeterminate type_unknown"),
    (CN.KEY_FOR_TYPE, scene.key(types=frozenset()), "failed key_not_for_type"),
    (CN.KEY_FOR_TYPE, scene.key(types=frozenset({TypeCode("other")})), "failed key_not_for_type"),
    (CN.KEY_FOR_TYPE, scene.trust(FILE, owners={}), "not_applicable"),
    (CN.KEY_FOR_TYPE, scene.trust(FILE, owners={}, owners_otherwise={scene.ORGANISATION: scene.ISSUER}), "failed key_not_for_type"),
    (CN.KEY_FOR_TYPE, scene.trust(FILE, owners_otherwise={scene.ORGANISATION: scene.ISSUER}), "passed"),
    (CN.KEY_FOR_TYPE, scene.mandates(scene.signature(TOKEN, key_id=KeyId("other"))), "passed"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "expected"), ROWS, ids=range(len(ROWS)))
def test_row(check: CheckName, facts: Facts, expected: str) -> None:
    assert one(facts, check) == expected


def test_a_mandate_ends_while_the_certificate_lives() -> None:
    delegate = scene.others_seal("0:1")
    alone = scene.document(FILE, signatures=(delegate,))
    given = scene.mandates(alone, scene.mandate(Kind.ORIGINAL))
    ended = scene.mandates(alone, scene.mandate(Kind.ORIGINAL, window=EXPIRED))
    assert one(given, CN.KEY_LIVE) == "passed"
    assert one(ended, CN.KEY_LIVE) == "indeterminate key_expired_since"
    assert one(seen(ended), CN.KEY_LIVE) == "passed"
    later = scene.mandates(
        alone, scene.mandate(Kind.ORIGINAL, window=Window(SIGNED_AT + SECOND, None))
    )
    assert one(later, CN.SIGNED_IN_WINDOW) == "failed signed_outside_window"
    assert one(later, CN.KEY_LIVE) == "passed"


def test_details_say_where_the_time_is_from_and_what_the_chain_is() -> None:
    def detail(facts: Facts, check: CheckName) -> str:
        return says(facts, check)[0].partition(": ")[2]

    assert detail(seen(scene.key(window=EXPIRED)), CN.KEY_LIVE) == SEEN
    assert detail(seen(scene.key(revoked_at=NOW - DAY)), CN.KEY_LIVE) == SEEN
    assert detail(seen(scene.signer(today=expired_chain)), CN.KEY_LIVE) == SEEN
    assert detail(seen(scene.signature(TOKEN, signed_at=None)), CN.SIGNED_IN_WINDOW) == SEEN
    assert detail(scene.signer(today=expired_chain), CN.KEY_LIVE) == "expired"
    assert detail(scene.signer(today=path(revocation=UNKNOWN)), CN.KEY_LIVE) == "no_list"
    assert detail(scene.signer(then=path(chain=Chain.NO_ANCHOR)), CN.SIGNER_KNOWN) == "no_anchor"
    assert detail(scene.sealed(signer=None), CN.SIGNER_KNOWN) == "certificate unreadable"
    for value in (
        Value.FAILS,
        Value.SCHEME_DIFFERS,
        Value.WEAK,
        Value.UNREADABLE,
        Value.UNSUPPORTED,
    ):
        told = scene.signature(TOKEN, value=value, detail="why")
        assert detail(told, CN.SIGNATURE_HOLDS) == "why"


def test_an_unreadable_seal_keeps_its_key_to_itself() -> None:
    unread = scene.signature(FILE, sealed=None, key_id=KeyId("unread"), value=Value.UNREADABLE)
    assert one(unread, CN.SIGNER_KNOWN) == "indeterminate key_unknown"
    assert one(unread, CN.KEY_LIVE) == "not_applicable"


def test_a_seal_never_borrows_a_registered_key_of_the_same_name() -> None:
    named = scene.signature(FILE, key_id=KeyId("issuer"))
    narrow = scene.key(named, types=frozenset(), status_good_until=None)
    assert one(narrow, CN.KEY_FOR_TYPE) == "passed"
    assert one(narrow, CN.KEY_LIVE) == "passed"
    assert says(narrow, CN.SIGNED_IN_WINDOW) == [f"passed @0:1/issuer: {CLAIMED}"]


def test_every_signature_is_asked_in_its_role() -> None:
    two = scene.also(TOKEN, replace(BY_KEY, label="2", key_id=KeyId("nobody")))
    for check in ASKED:
        labels = [line.partition(" @")[2].partition(":")[0] for line in says(two, check)]
        assert labels == ["1/issuer", "2/extra"]
