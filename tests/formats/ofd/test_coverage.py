"""What a signature covers: OFD-01…10 as changes to a package whose twin is covered entirely."""

import pytest

from app.domain.ofd import Coverage, PartKind, Unmet
from app.domain.scheme import Digest
from app.formats.ofd.coverage import PartDigests, coverage_of, coverages
from tests.formats.ofd.maker import (
    DOCUMENT,
    PAGE,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
    Files,
    ofd_xml,
    read,
    references,
    sealed,
    signature_list,
    signature_xml,
    unsigned,
    xml,
)

COVERED = tuple(unsigned())
COMMON = "<ofd:CommonData><ofd:MaxUnitID>1</ofd:MaxUnitID></ofd:CommonData>"


def covering(parts: tuple[str, ...], **changes: bytes) -> Files:
    """A package whose signature references just these parts; `changes` come after signing."""
    files = sealed()
    files[SIGNATURE] = signature_xml(references(files, parts))
    return files | changes


def without(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in COVERED if part not in parts)


def only(files: Files) -> Coverage:
    (coverage,) = coverages(read(files))
    return coverage


def test_twin_is_covered_entirely():
    coverage = only(sealed())
    assert coverage.holds
    assert set(coverage.covered) == set(COVERED)
    assert coverage.uncovered == {PartKind.SIGNATURE_LIST: (SIGNATURES,)}
    assert set(coverage.own) == {SIGNATURE, SIGNED_VALUE, SEAL}
    assert (coverage.changed, coverage.missing, coverage.unchecked) == ((), (), ())
    assert (coverage.unreferenced, coverage.shown_uncovered) == ((), ())
    assert (coverage.signature, coverage.digest, coverage.weak) == ("1", Digest.SM3, False)


@pytest.mark.parametrize("part", COVERED)
def test_a_changed_part_is_changed_and_nothing_else(part: str):
    files = sealed()
    files[part] += b"\n"
    coverage = only(files)
    assert coverage.changed == (part,)
    assert set(coverage.covered) == set(without(part))
    assert not coverage.holds


@pytest.mark.parametrize("part", COVERED)
def test_ofd01_each_part_left_out_is_uncovered_by_its_kind(part: str):
    package = read(covering(without(part), **{part: sealed()[part] + b"\n"}))
    (coverage,) = coverages(package)
    assert coverage.holds
    assert coverage.uncovered[package.reachable[part]] == (part,)


@pytest.mark.parametrize(
    "part",
    [PAGE, TEMPLATE, DOCUMENT, "Doc_0/Res/song.ttf", "Doc_0/Res/photo.png", "Doc_0/PublicRes.xml",
     "Doc_0/Annots/Annotations.xml", "Doc_0/Annots/Page_0/Annotation.xml"],
)  # fmt: skip
def test_ofd01_what_a_reader_sees_is_told_apart(part: str):
    assert only(covering(without(part))).shown_uncovered == (part,)


def test_ofd02_uncovered_entry_point_to_another_document():
    other = xml("Document", COMMON + '<ofd:Pages><ofd:Page ID="1" BaseLoc="Evil.xml"/></ofd:Pages>')
    coverage = only(
        covering(
            without("OFD.xml"),
            **{
                "OFD.xml": ofd_xml().replace(b"Doc_0/Document.xml", b"Doc_1/Document.xml"),
                "Doc_1/Document.xml": other,
                "Doc_1/Evil.xml": xml("Page", ""),
            },
        )
    )
    assert coverage.uncovered[PartKind.OFD] == ("OFD.xml",)
    assert set(coverage.shown_uncovered) == {"Doc_1/Document.xml", "Doc_1/Evil.xml"}


def test_ofd04_appended_members():
    coverage = only(sealed(**{"Doc_0/extra.xml": b"<x/>"}))
    assert coverage.holds
    assert coverage.unreferenced == ("Doc_0/extra.xml",)


def test_ofd04_a_referenced_member_is_not_extra():
    files = sealed(**{"Doc_0/extra.xml": b"<x/>"})
    files[SIGNATURE] = signature_xml(references(files, (*COVERED, "Doc_0/extra.xml")))
    coverage = only(files)
    assert coverage.unreferenced == ()
    assert "Doc_0/extra.xml" in coverage.covered


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("../../../../etc/passwd", Unmet.ESCAPES),
        ("../../../etc/passwd", Unmet.MISSING),
        ("/etc/passwd", Unmet.MISSING),
        ("file:///etc/passwd", Unmet.NOT_A_PATH),
        ("", Unmet.EMPTY),
        ("/Doc_0/Pages", Unmet.FOLDER),
    ],
)
def test_ofd07_references_that_lead_nowhere(target: str, why: Unmet):
    files = sealed()
    extra = (
        f'<ofd:Reference FileRef="{target}"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference>'
    )
    files[SIGNATURE] = signature_xml(references(files, COVERED) + extra)
    coverage = only(files)
    assert not coverage.holds
    assert [reference.unmet for reference in coverage.missing] == [why]
    assert set(coverage.covered) == set(COVERED)


@pytest.mark.parametrize("part", [SIGNATURE, SIGNED_VALUE])
def test_ofd07_references_to_itself_cannot_agree(part: str):
    files = sealed()
    files[SIGNATURE] = signature_xml(references(files, (*COVERED, part)))
    files[SIGNED_VALUE] = b"made after Signature.xml"
    assert only(files).changed == (part,)


def test_ofd08_no_references():
    coverage = only(covering(()))
    assert not coverage.holds
    assert set(coverage.shown_uncovered) >= {DOCUMENT, PAGE, TEMPLATE}


def test_ofd08_one_harmless_file():
    coverage = only(covering(("Doc_0/ext.dat",)))
    assert coverage.holds
    assert PAGE in coverage.shown_uncovered


def test_ofd09_annotation_added_after_sealing():
    plainer = unsigned()[DOCUMENT].replace(
        b"<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>", b""
    )
    added = ("Doc_0/Annots/Annotations.xml", "Doc_0/Annots/Page_0/Annotation.xml")
    files = sealed(**{DOCUMENT: plainer})
    files[SIGNATURE] = signature_xml(references(files, without(*added)))
    assert only(files).unreferenced == added
    files[DOCUMENT] = unsigned()[DOCUMENT]
    coverage = only(files)
    assert coverage.changed == (DOCUMENT,)
    assert coverage.shown_uncovered == added


def test_ofd10_signature_list_covered_is_covered():
    files = sealed()
    files[SIGNATURE] = signature_xml(references(files, (*COVERED, SIGNATURES)))
    assert only(files).uncovered == {}
    files[SIGNATURES] = signature_list(
        '<ofd:Signature ID="1" Type="Sign" BaseLoc="Sign_0/Signature.xml"/>'
    )
    assert only(files).changed == (SIGNATURES,)


def test_a_page_named_as_signed_value_stays_in_the_count():
    """A signature must not take a page out of the count by calling it one of its own files."""
    files = sealed()
    files[SIGNATURE] = signature_xml(
        references(files, without(PAGE)), value=f"/{PAGE}", seal=f"/{TEMPLATE}"
    )
    coverage = only(files)
    assert coverage.own == (SIGNATURE,)
    assert coverage.shown_uncovered == (PAGE,)


def test_later_signature_covers_the_earlier_one():
    files = sealed()
    second = "Doc_0/Signs/Sign_1/Signature.xml"
    files[SIGNATURES] = signature_list(
        '<ofd:Signature ID="1" BaseLoc="Sign_0/Signature.xml"/>'
        '<ofd:Signature ID="2" BaseLoc="Sign_1/Signature.xml"/>'
    )
    earlier = (SIGNATURE, SIGNED_VALUE, SEAL)
    files[second] = signature_xml(
        references(files, (*COVERED, *earlier)), value="SignedValue.dat", seal="Seal.esl"
    )
    files["Doc_0/Signs/Sign_1/SignedValue.dat"] = b"2"
    files["Doc_0/Signs/Sign_1/Seal.esl"] = b"2"
    first, last = coverages(read(files))
    assert set(first.uncovered) == {
        PartKind.SIGNATURE_LIST,
        PartKind.SIGNATURE,
        PartKind.SIGNED_VALUE,
        PartKind.SEAL,
    }
    assert last.uncovered == {PartKind.SIGNATURE_LIST: (SIGNATURES,)}
    assert set(last.own) == {
        second,
        "Doc_0/Signs/Sign_1/SignedValue.dat",
        "Doc_0/Signs/Sign_1/Seal.esl",
    }


@pytest.mark.parametrize(
    ("written", "name", "digest", "weak"),
    [
        ("1.2.156.10197.1.401", "sm3", Digest.SM3, False),
        ("1.2.156.10197.1.401.2", "sm3", Digest.SM3, False),
        ("SM3", "sm3", Digest.SM3, False),
        ("sm3", "sm3", Digest.SM3, False),
        ("SHA256", "sha256", Digest.SHA256, False),
        ("SHA1", "sha1", Digest.SHA1, True),
        ("MD5", "md5", Digest.MD5, True),
        (None, "md5", Digest.MD5, True),
        ("CRC32", "sm3", None, True),
        ("SHA3-256", "sm3", None, False),
        ("", "md5", Digest.MD5, True),
        ("1.2.156.10197.1.4011", "sm3", None, False),
    ],
)
def test_check_methods(written: str | None, name: str, digest: Digest | None, weak: bool):
    files = sealed()
    attribute = "" if written is None else f'CheckMethod="{written}"'
    files[SIGNATURE] = signature_xml(references(files, COVERED, name), attribute)
    coverage = only(files)
    assert (coverage.digest, coverage.weak) == (digest, weak)
    usable = digest is not None and not weak
    assert coverage.holds is usable
    assert set(coverage.covered if usable else coverage.unchecked) == set(COVERED)


def test_the_method_named_decides_and_not_the_length():
    files = sealed()
    files[SIGNATURE] = signature_xml(references(files, COVERED, "sha256"))
    assert set(only(files).changed) == set(COVERED)


def test_every_member_is_counted_exactly_once():
    files = covering(without(PAGE, "OFD.xml"), **{"extra": b"", TEMPLATE: xml("Page", "")})
    package = read(files)
    one = coverage_of(package, 0)
    counted = [
        *one.covered, *one.changed, *one.unchecked, *one.own, *one.unreferenced,
        *(part for parts in one.uncovered.values() for part in parts),
    ]  # fmt: skip
    assert sorted(counted) == sorted(package.members)


def test_each_part_is_hashed_once_for_all_signatures():
    files = sealed()
    files[SIGNATURES] = signature_list(
        '<ofd:Signature ID="1" BaseLoc="Sign_0/Signature.xml"/>'
        '<ofd:Signature ID="2" BaseLoc="Sign_1/Signature.xml"/>'
    )
    files["Doc_0/Signs/Sign_1/Signature.xml"] = files[SIGNATURE]
    package = read(files)
    digests = PartDigests(package.members)
    for index in range(2):
        assert coverage_of(package, index, digests).holds
    assert digests.computed == sum(len(package.members[part]) for part in COVERED)
