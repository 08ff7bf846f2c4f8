"""As what a signer counts: by its key or organisation, the mandates given, and what is missing."""

from dataclasses import replace

import pytest

from app.checks import covered_facts, required_roles
from app.checks.roles import is_copy, path_found, windows_of
from app.domain.certificate import NOBODY, Chain, Named, NameGap
from app.domain.evidence import CheckName, Role
from app.domain.facts import Facts, SignatureFacts
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import Fact, KeyId
from app.domain.trust import Kind, Mandate, Window
from tests.checks import scene
from tests.checks.scene import BY_KEY, BY_SEAL, CERTIFICATE, FILE, SEALED, TOKEN, one, path, says
from tests.world import DAY, DELEGATE, ISSUER, NOW, OPEN, OTHER, TRUST

CN = CheckName
FILLED = CN.ROLES_FILLED
THREE = frozenset({Role.ISSUER, Role.COUNTERSIGNER})


def signed_by(name: str, facts: Facts = TOKEN) -> Facts:
    return scene.signature(facts, key_id=KeyId(name))


def roles(facts: Facts) -> list[str]:
    """Of each signature, as its evidence says."""
    return [line.partition("/")[2].partition(":")[0] for line in says(facts, CN.SIGNATURE_HOLDS)]


def nameless(label: str = "0:1") -> SignatureFacts:
    by = replace(CERTIFICATE, then=path(named=NOBODY))
    return replace(BY_SEAL, label=label, sealed=replace(SEALED, signer=by))


def unanchored(label: str = "0:1") -> SignatureFacts:
    by = replace(CERTIFICATE, then=path(chain=Chain.NO_ANCHOR))
    return replace(BY_SEAL, label=label, sealed=replace(SEALED, signer=by))


def alone(signature: SignatureFacts) -> Facts:
    return scene.document(FILE, signatures=(signature,))


def asked(facts: Facts, *kinds: Kind) -> Facts:
    """A type that asks for a countersigner, and mandates for OTHER."""
    typed = scene.type_of(facts, roles=THREE)
    return scene.mandates(typed, *(scene.mandate(kind) for kind in kinds))


MANDATED = signed_by("other")
ROLES: list[tuple[str, Facts, list[str]]] = [
    ("the issuer's key", TOKEN, ["issuer"]),
    ("the issuer's seal", FILE, ["issuer"]),
    ("a delegate for originals", signed_by("delegate"), ["issuer"]),
    ("the platform", signed_by("platform"), ["copier"]),
    ("one known, without mandate", signed_by("other"), ["extra"]),
    ("one mandated for answers", scene.mandates(MANDATED, scene.mandate(Kind.ANSWER)), ["extra"]),
    ("for another type", scene.mandates(MANDATED, scene.mandate(Kind.ORIGINAL, types=frozenset({TypeCode("x")}))), ["extra"]),
    ("mandate of somebody else", scene.mandates(MANDATED, scene.mandate(Kind.ORIGINAL, DELEGATE)), ["extra"]),
    ("countersigner nobody asks for", scene.mandates(MANDATED, scene.mandate(Kind.COUNTERSIGN)), ["extra"]),
    ("countersigner asked for", asked(MANDATED, Kind.COUNTERSIGN), ["countersigner"]),
    ("best of several mandates", asked(MANDATED, Kind.COUNTERSIGN, Kind.COPY, Kind.ORIGINAL), ["issuer"]),
    ("copy before countersign", asked(MANDATED, Kind.COUNTERSIGN, Kind.ANSWER, Kind.COPY), ["copier"]),
    ("stranger where the issuer is missing", signed_by("nobody"), ["candidate"]),
    ("stranger beside the issuer", scene.also(TOKEN, replace(BY_KEY, label="2", key_id=KeyId("nobody"))), ["issuer", "extra"]),
    ("no issuer in the document", scene.document(TOKEN, issuer=None), ["extra"]),
    (
        "a delegate for a document without issuer",
        scene.document(signed_by("delegate"), issuer=None),
        ["extra"],
    ),
    (
        "a stranger for nobody in particular",
        scene.document(signed_by("nobody"), issuer=None),
        ["candidate"],
    ),
    ("unanchored seal", alone(unanchored()), ["candidate"]),
    ("nameless seal", alone(nameless()), ["candidate"]),
    ("nameless seal beside the issuer's", scene.also(FILE, nameless("0:2")), ["issuer", "extra"]),
    ("seal of a body not registered", scene.trust(FILE, owners={}), ["extra"]),
    ("seal whose signer is unreadable", scene.sealed(signer=None), ["candidate"]),
    ("a code nobody vouches for", scene.signer(then=path(named=Named(gap=NameGap.NOT_VERIFIED))), ["candidate"]),
    ("named for another body", scene.signer(then=path(named=Named("x", None))), ["extra"]),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [r[1:] for r in ROLES], ids=[r[0] for r in ROLES])
def test_role(facts: Facts, expected: list[str]) -> None:
    assert roles(facts) == expected


FILLED_ROWS: list[tuple[str, Facts, str]] = [
    ("untouched", TOKEN, "passed"),
    ("untouched file", FILE, "passed"),
    ("nothing signed", scene.document(FILE, signatures=()), "not_applicable"),
    ("issuer unknown", scene.trust(signed_by("nobody"), issuer=None), "indeterminate issuer_unknown"),
    ("key unknown", signed_by("nobody"), "indeterminate key_unknown"),
    ("no anchor", alone(unanchored()), "indeterminate no_anchor"),
    ("a stranger's key and a stranger's seal", scene.document(FILE, signatures=(unanchored(), replace(BY_KEY, key_id=KeyId("nobody")))), "indeterminate key_unknown"),
    ("nameless", alone(nameless()), "indeterminate signer_unidentified"),
    ("nameless beside somebody else", scene.also(scene.trust(FILE, owners={}), nameless("0:2")), "indeterminate signer_unidentified"),
    ("somebody else", signed_by("other"), "failed signer_not_issuer"),
    ("somebody else's seal", scene.trust(FILE, owners={}), "failed signer_not_issuer"),
    ("no issuer in the document", scene.document(TOKEN, issuer=None), "failed signer_not_issuer"),
    ("countersigner missing", asked(TOKEN), "failed role_missing"),
    ("countersigner there", scene.also(asked(TOKEN, Kind.COUNTERSIGN), replace(BY_KEY, label="2", key_id=KeyId("other"))), "passed"),
    ("copier alone", signed_by("platform"), "passed"),
    ("countersigner alone", asked(MANDATED, Kind.COUNTERSIGN), "failed signer_not_issuer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"), [r[1:] for r in FILLED_ROWS], ids=[r[0] for r in FILLED_ROWS]
)
def test_roles_filled(facts: Facts, expected: str) -> None:
    assert one(facts, FILLED) == expected


def test_who_has_to_sign() -> None:
    assert required_roles(TOKEN) == {Role.ISSUER}
    assert required_roles(scene.trust(TOKEN, type=None)) == {Role.ISSUER}
    assert required_roles(asked(TOKEN)) == THREE
    assert required_roles(scene.type_of(TOKEN, roles=frozenset())) == {Role.ISSUER}
    copy = signed_by("platform")
    assert required_roles(copy) == {Role.COPIER}
    countersigned_copy = scene.type_of(copy, roles=THREE)
    assert required_roles(countersigned_copy) == {Role.COPIER, Role.COUNTERSIGNER}
    both = scene.also(TOKEN, replace(BY_KEY, label="2", key_id=KeyId("platform")))
    assert required_roles(both) == {Role.ISSUER}


def test_a_copy_is_one_by_its_layer_or_by_its_signer() -> None:
    assert not is_copy(TOKEN)
    assert is_copy(scene.document(TOKEN, is_copy=True))
    assert is_copy(signed_by("platform"))
    assert is_copy(scene.also(TOKEN, replace(BY_KEY, label="2", key_id=KeyId("platform"))))


def test_covered_is_what_those_signed_who_had_to() -> None:
    some = frozenset({Fact.NUMBER})
    assert covered_facts(scene.signature(TOKEN, covers=some)) == some
    for stranger in ("nobody", "other"):
        beside = replace(BY_KEY, label="2", key_id=KeyId(stranger))
        assert covered_facts(signed_by(stranger)) == frozenset()
        assert covered_facts(scene.also(scene.signature(TOKEN, covers=some), beside)) == some
    copier = replace(BY_KEY, label="2", key_id=KeyId("platform"), covers=frozenset({Fact.DATES}))
    assert covered_facts(scene.also(scene.signature(TOKEN, covers=some), copier)) == {
        Fact.NUMBER,
        Fact.DATES,
    }


def test_a_delegate_acts_within_its_key_and_its_mandate() -> None:
    def windows(facts: Facts) -> tuple[Window, ...]:
        return windows_of(facts.document.signatures[0], facts)

    own = TRUST.keys[KeyId("issuer")].window
    mine = Window(NOW - DAY, None)
    assert windows(TOKEN) == (own,)
    assert windows(FILE) == ()
    delegate = scene.mandates(
        signed_by("delegate"), scene.mandate(Kind.ORIGINAL, DELEGATE, window=mine)
    )
    assert windows(delegate) == (OPEN, mine)
    assert windows(signed_by("other")) == (OPEN,)
    # A mandate that gives no role bounds nothing.
    unneeded = scene.mandate(Kind.COUNTERSIGN, window=mine)
    assert windows(scene.mandates(signed_by("other"), unneeded)) == (OPEN,)
    # The issuer needs no mandate, whoever wrote one for it.
    assert windows(scene.mandates(TOKEN, scene.mandate(Kind.COPY, ISSUER, window=mine))) == (own,)
    sealed = scene.document(FILE, signatures=(scene.others_seal(),))
    assert windows(scene.mandates(sealed, scene.mandate(Kind.ORIGINAL, OTHER, window=mine))) == (
        mine,
    )
    assert windows(signed_by("nobody")) == ()


LAPSED = Window(NOW - 900 * DAY, NOW - 800 * DAY)


def doubly(*given: Mandate, **changes: object) -> Facts:
    """Another body's seal under these mandates."""
    by = scene.others_seal("0:1")
    file = scene.document(FILE, signatures=(replace(by, **changes),))  # type: ignore[arg-type]
    return scene.mandates(file, *given)


def test_of_two_mandates_the_one_in_force_when_it_signed_counts() -> None:
    """A better kind that had lapsed gives no role, and a later one none to what came before."""
    lapsed = scene.mandate(Kind.ORIGINAL, window=LAPSED)
    copying = scene.mandate(Kind.COPY)
    for given in ((lapsed, copying), (copying, lapsed)):
        now = doubly(*given)
        assert roles(now) == ["copier"]
        assert windows_of(now.document.signatures[0], now) == (copying.window,)
        then = doubly(*given, signed_at=NOW - 850 * DAY)
        assert roles(then) == ["issuer"]
        assert windows_of(then.document.signatures[0], then) == (lapsed.window,)
    renewed = scene.mandate(Kind.ORIGINAL, window=Window(NOW - 100 * DAY, None))
    for given in ((lapsed, renewed), (renewed, lapsed)):
        again = doubly(*given)
        assert windows_of(again.document.signatures[0], again) == (renewed.window,)


def test_without_a_time_the_mandate_is_that_of_the_first_record_or_of_today() -> None:
    given = scene.mandate(Kind.ORIGINAL, window=LAPSED), scene.mandate(Kind.COPY)
    timeless = doubly(*given, signed_at=None)
    assert roles(timeless) == ["copier"]
    assert roles(scene.trust(timeless, first_seen=NOW - 850 * DAY)) == ["issuer"]


def test_where_every_mandate_lapsed_the_best_is_told() -> None:
    given = [scene.mandate(kind, window=LAPSED) for kind in (Kind.COPY, Kind.ORIGINAL)]
    assert roles(doubly(*given)) == ["issuer"]  # and SIGNED_IN_WINDOW fails
    assert one(doubly(*given), CN.SIGNED_IN_WINDOW) == "failed signed_outside_window"


def test_a_path_is_found_where_every_signature_up_to_an_anchor_holds() -> None:
    found = {Chain.ANCHORED, Chain.EXPIRED, Chain.NOT_YET_VALID, Chain.WRONG_ROLE}
    assert {chain for chain in Chain if path_found(path(chain=chain))} == found


def test_an_organisation_counts_only_under_an_anchor() -> None:
    assert roles(alone(unanchored())) == ["candidate"]
    unowned = scene.trust(FILE, owners={scene.ORGANISATION: IssuerCode("x")})
    assert roles(unowned) == ["extra"]
