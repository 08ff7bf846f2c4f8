"""What a sealed file would take to be trusted; and how little anybody is believed for it."""

import hashlib
from dataclasses import replace

import pytest

from app.crypto.certificates import read_certificate
from app.crypto.revocation import read_crl
from app.domain.errors import Malformed, Refused
from app.domain.evidence import Outcome
from app.domain.reasons import Reason
from app.domain.trust import NO_AUTHORITIES
from app.domain.verdict import Sound
from app.domain.verification import Digests
from app.formats import detect
from app.registry.authorities import read_authorities
from app.registry.making.changes import Action, Kind
from app.registry.mapping import NOTHING
from app.reports.unknown_authority import unknown_authority
from app.services.enclosed import issued
from app.services.learned import Missing
from app.services.learned_words import lines, unknown_of
from app.services.learning import learn
from app.services.verify import question_of
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.trust import authorities as document
from tests.corpus import manifest
from tests.trust.conftest import NOW

LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def file(world):
    return world.ofd(world.pick("university"), "bank")


@pytest.fixture(scope="module")
def authorities(world):
    made = world.authorities
    return {
        "issuers": [
            read_certificate(each.certificate)
            for each in (made.root, made.issuing, made.maker_root, made.making)
        ],
        "lists": [
            read_crl(der)
            for der in (made.root_crl, made.issuing_crl, made.maker_root_crl, made.making_crl)
        ],
    }


def learned(content, *, known=NOTHING, sections=None, now=NOW, **beside):
    license = detect(content).parse(content)
    digests = Digests(hashlib.sha256(content).digest(), bytes(32))
    question = question_of(license, digests)
    return learn(license, question, known, sections or {}, now=now, **beside)


def kinds(found):
    return [(change.action, change.kind) for change in found.changes]


ADDED = [
    (Action.ADD, kind)
    for kind in (
        *([Kind.ANCHOR] * 2 + [Kind.INTERMEDIATE] * 2 + [Kind.CRL] * 4),
        Kind.TYPE,
        Kind.ISSUER,
    )
]


def test_with_chain_and_lists_only_the_answer_would_be_missing(file, authorities):
    found = learned(file, **authorities)
    assert kinds(found) == ADDED
    assert found.authentic
    assert isinstance(found.state, Sound)
    assert not found.after
    assert [missing for missing, _ in found.missing] == [Missing.ENDPOINT]
    assert {e.reason for e in found.before} >= {Reason.NO_ANCHOR, Reason.ISSUER_UNKNOWN}


def test_the_root_is_the_anchor_and_the_others_are_trusted_for_nothing(file, authorities, world):
    found = learned(file, **authorities)
    root, issuing, maker_root, making = authorities["issuers"]
    assert found.compare == (root, maker_root, issuing, making)
    signers, makers = (change.entry for change in found.changes[:2])
    assert signers["purposes"] == ["license-seal"]
    assert makers["purposes"] == ["seal-maker"]
    for anchor in (signers, makers):
        assert "egov_ca" not in anchor
        assert "region" not in anchor
        assert "organisation_verified" not in anchor


def test_a_maker_by_the_signers_authority_is_drafted_itself(authorities, world):
    """That authority is drafted for signers alone: else each of them could make seals."""
    shared = OFD_ATTACKS["maker_under_signers_authority"].make(world)
    issuers, lists = authorities["issuers"][:2], authorities["lists"][:2]
    found = learned(shared, issuers=issuers, lists=lists)
    anchors = [c.entry["purposes"] for c in found.changes if c.kind is Kind.ANCHOR]
    assert anchors == [["license-seal"], ["seal-maker"]]
    maker = found.stamps[0].certificates[1].certificate
    assert found.compare == (*issuers, maker)
    assert isinstance(found.state, Sound)


def test_a_code_in_o_is_not_believed_for_a_draft(authorities, world):
    """Whether an authority verifies O is for people to find out."""
    forged = OFD_ATTACKS["owner_chosen_by_the_subject"].make(world)
    free = read_certificate(world.authorities.free_root.certificate)
    _, _, maker_root, making = authorities["issuers"]
    found = learned(forged, issuers=[free, maker_root, making])
    assert Missing.VERIFIED_ORGANISATION in {what for what, _ in found.missing}
    assert not isinstance(found.state, Sound)
    assert "organisation_verified" not in str(found.changes)


def test_a_file_alone_drafts_no_authority(file):
    found = learned(file)
    assert kinds(found) == [(Action.ADD, Kind.TYPE), (Action.ADD, Kind.ISSUER)]
    assert not found.authentic
    missing = [what for what, _ in found.missing]
    assert missing == [Missing.AUTHORITY] * 2 + [Missing.ENDPOINT]
    assert {e.reason for e in found.after if e.check == "signer_known"} == {Reason.NO_ANCHOR}


def test_without_lists_revocation_stays_open(file, authorities):
    found = learned(file, issuers=authorities["issuers"])
    assert not found.authentic
    assert Missing.REVOCATION_LIST in {what for what, _ in found.missing}


def test_learning_changes_nothing_that_is_known(file, authorities):
    found = learned(file, **authorities)
    assert NOTHING.authorities is NO_AUTHORITIES
    assert {e.outcome for e in found.before} == {Outcome.INDETERMINATE}
    again = learned(file, **authorities)
    assert {e.reason for e in again.before} == {e.reason for e in found.before}


# ---- what has nothing to do with the file


@pytest.mark.parametrize("name", ["mist_root", "impostor", "time_root", "past_root"])
def test_an_authority_that_did_not_issue_is_refused(name, file, authorities, world):
    """The impostor bears the very name of the issuing authority, and has another key."""
    other = read_certificate(getattr(world.authorities, name).certificate)
    with pytest.raises(Refused, match="issued none of the certificates") as caught:
        learned(file, issuers=[*authorities["issuers"], other], lists=authorities["lists"])
    assert other.sha256 in str(caught.value)
    assert kinds(learned(file, **authorities)) == ADDED


@pytest.mark.parametrize("what", ["name", "right", "signature", "key id"])
def test_name_right_key_id_and_signature_must_all_fit(what, authorities, file, world):
    """The issuing authority's own certificate, spoilt in the one respect; no other check helps."""
    root, issuing = authorities["issuers"][:2]
    impostor = read_certificate(world.authorities.impostor.certificate)
    spoilt = {
        "name": lambda: replace(issuing, sha256="1" * 64, subject_raw=root.subject_raw),
        "right": lambda: replace(issuing, sha256="1" * 64, is_ca=False),
        "signature": lambda: replace(impostor, key_id=issuing.key_id),
        "key id": lambda: replace(issuing, sha256="1" * 64, key_id=bytes(20)),
    }[what]()
    leaf = learned(file).stamps[0].certificates[0].certificate
    assert issued(leaf, issuing)
    assert not issued(leaf, spoilt)


def test_a_leaf_is_no_authority(file, authorities, world):
    """A signer's own certificate handed in as if it were an authority's."""
    found = learned(file, **authorities)
    leaf = found.stamps[0].certificates[0].certificate
    with pytest.raises(Refused, match="issued none"):
        learned(file, issuers=[leaf])


@pytest.mark.parametrize("name", ["list_by_another", "list_stale"])
def test_a_list_by_nobody_on_the_way_is_refused(name, file, authorities, world):
    branch = world.authorities.branch(name)
    crl = read_crl(branch.crl(world.authorities.list_plan()))
    with pytest.raises(Refused, match="signed by no authority at hand"):
        learned(file, issuers=authorities["issuers"], lists=[crl])


def test_a_stale_list_does_not_close_the_gap(file, authorities, world):
    stale = read_crl(world.authorities.stale_crl)
    found = learned(file, issuers=authorities["issuers"], lists=[authorities["lists"][0], stale])
    assert not found.authentic


# ---- forged files


BROKEN = (
    *("page_changed", "value_one_bit", "seal_lists_forger", "signer_encryption"),
    "second_body_first",
)


@pytest.mark.parametrize("name", BROKEN)
def test_of_a_file_that_fails_nothing_is_drafted(name, authorities, world):
    attack = OFD_ATTACKS[name]
    own = name == "seal_lists_forger"  # whose certificate nobody at hand issued
    makers = {what: found[2:] for what, found in authorities.items()}
    found = learned(attack.make(world), **(makers if own else authorities))
    assert found.broken
    assert found.changes == ()
    for language in LANGUAGES:
        said = "\n".join(lines(found, {}, language))
        assert ("fails by itself" if language == "en" else "不从中起草") in said
    assert learned(attack.twin(world), **authorities).changes


def test_another_bodys_seal_is_not_made_the_issuers(authorities, world):
    """A license of one bureau sealed by the university: the draft ties no code to the bureau."""
    forged = OFD_ATTACKS["sealed_by_university"].make(world)
    found = learned(forged)
    (entry,) = [c.entry for c in found.changes if c.kind is Kind.ISSUER]
    assert "organisation_codes" not in entry
    assert Missing.OTHER_ORGANISATION in {what for what, _ in found.missing}
    assert not isinstance(learned(forged, **authorities).state, Sound)
    genuine = learned(OFD_ATTACKS["sealed_by_university"].twin(world))
    (entry,) = [c.entry for c in genuine.changes if c.kind is Kind.ISSUER]
    assert entry["organisation_codes"]


def test_a_chain_of_ones_own_is_drafted_only_with_its_root_to_compare(world):
    """Mathematics cannot tell an unknown authority from a forger's: people have to."""
    attack = OFD_ATTACKS["chain_of_ones_own"]
    forged = attack.make(world)
    forged = getattr(forged, "content", forged)
    root = read_certificate(world.authorities.mist_root.certificate)
    found = learned(forged, issuers=[root])
    assert [c.sha256 for c in found.compare] == [root.sha256]
    said = "\n".join(lines(found, {}, "en"))
    assert "compare over another channel" in said
    assert root.sha256 in said
    assert root.sm3 in said


# ---- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_about_an_unknown_authority(language, file):
    (about,) = unknown_of(learned(file))
    intact, itself, told, mark, step = unknown_authority(about, language)
    assert "ntact" in intact or "完好" in intact
    assert "unproven" in itself or "未经证实" in itself
    assert "CN=YUNHAI_SEAL_CA" in told
    assert about.sha256 in mark
    assert "--issuer-certificate" in step


def test_nothing_is_called_intact_that_is_not(world):
    attack = OFD_ATTACKS["page_changed"]
    (about,) = unknown_of(learned(attack.make(world)))
    said = unknown_authority(about, "en")
    assert said[0].startswith("Mathematically not intact")
    assert "--issuer-certificate" not in said[-1]


def test_of_a_known_authority_there_is_nothing_to_say(file, authorities, world):
    held = read_authorities(document(world)).authorities()
    known = replace(NOTHING, authorities=held)
    assert unknown_of(learned(file, known=known)) == []


# ---- real files


REAL = [row for row in manifest("ofd_signed") if row.file.suffix == ".ofd"]


@pytest.mark.parametrize("row", REAL, ids=[row.file.name for row in REAL])
def test_of_real_files_no_authority_is_ever_drafted(row):
    """They carry their signer's certificate and nobody's above it: that much is missing, and said."""
    try:
        found = learned(row.file.read_bytes())
    except (Malformed, Refused):  # what cannot be read is told so, by name
        return
    assert not found.authentic
    assert {kind for _, kind in kinds(found)} <= {Kind.TYPE, Kind.ISSUER}
    assert not (found.broken and found.changes)
    for language in LANGUAGES:
        assert list(lines(found, {}, language))
