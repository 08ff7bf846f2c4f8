"""Every OFD of the corpus: read, or refused for a reason that is listed here."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from app.domain.errors import Malformed
from app.domain.ofd import Deviation, OfdPackage, PartKind
from app.formats.archive import ArchiveRule, BadArchive
from app.formats.markup import MarkupRule
from app.formats.ofd.coverage import coverages
from app.formats.ofd.metadata import FoundIn, find_elements
from app.formats.ofd.package import read_ofd
from app.formats.ofd.tags import read_tags
from app.formats.ofd.walk import BadPackage, PackageRule
from tests.corpus import Row, corpus_file, manifest

REFUSED = {
    # The manifest expects it invalid: Seal.esl is there twice.
    "ofd_signed/Mmiaoshu_SignClient/ClientSigned-1533.ofd": ArchiveRule.DUPLICATE_ENTRY,
    # Made by a broken writer: namespace "true", DocRoot a folder, empty parts; expected unsigned
    # or malformed.
    "ofd_signed/uukuguy_libofd/84ed6644_sample0.ofd": MarkupRule.NAMESPACE,
    # Not of the standard: namespace http://ns.ofd.cn/ofd, pages in a grammar of their own.
    "ofd_unsigned/13671386471_nativeSign-rust-wasm-seal/71ff0f_sample.ofd": MarkupRule.NAMESPACE,
}

DEVIATIONS = {
    Deviation.CASE_DIFFERS: 1,
    Deviation.CHECK_METHOD_HMAC_OID: 1,
    Deviation.DESCRIPTOR_SIZES_KEPT: 1,
    Deviation.DOUBLE_SLASH: 1,
    Deviation.FOLDER_WITH_STREAM: 1,
    Deviation.GBK_NAME: 1,
    Deviation.KNOWN_COMMENT: 1,
    Deviation.LEGACY_NAMESPACE: 13,
    Deviation.LOCAL_ZIP64_SIZES: 2,
    Deviation.MAX_SIGN_ID_REPEATED: 1,
    Deviation.PROVIDER_ELEMENTS: 1,
    Deviation.TAG_NAMESPACES: 8,
    Deviation.UTF8_FLAG_DIFFERS: 3,
    Deviation.ZLIB_CHECKSUM_KEPT: 3,
}
"""How many of the files show each; those not listed are met in none."""

GAPS = {
    "ofd_signed/Mmiaoshu_SignClient/test-signed.ofd": [PartKind.CUSTOM_TAG],
    "ofd_signed/hbh112233abc_ofd/test3.ofd": [PartKind.VERSION_FILE] * 4,
    "ofd_signed/hbh112233abc_ofd/test3_modify.ofd": [PartKind.VERSION_FILE] * 4,
    "ofd_signed/ofdrw_ofdrw/V4RideRight.ofd": [PartKind.RESOURCE],
    "ofd_signed/ofdrw_ofdrw/fptpl.ofd": [PartKind.SIGNATURE_LIST],
    "ofd_signed/ofdrw_ofdrw/h.ofd": [PartKind.RESOURCE],
    "ofd_signed/ofdrw_ofdrw/keyword.ofd": [PartKind.ANNOTATION_LIST],
    "ofd_signed/ofdrw_ofdrw/testImageNotFound.ofd": [PartKind.IMAGE],
    "ofd_signed/ofdrw_ofdrw/金格信创自动盖章.ofd": [PartKind.ANNOTATION_LIST],
}
"""Paths that lead nowhere, by what they should have led to."""

SHOWN_UNCOVERED = {
    # The first seal of each predates a version with another document and annotations.
    "ofd_signed/hbh112233abc_ofd/test3.ofd": {"1", "2"},
    "ofd_signed/hbh112233abc_ofd/test3_modify.ofd": {"1", "2"},
    # Template pages are left out.
    "ofd_signed/ofdrw_ofdrw/draw_param_ref.ofd": {"2"},
    # Resources and fonts are left out.
    "ofd_signed/ofdrw_ofdrw/keyword.ofd": {"2", "4"},
    # An annotation list came with the second signature, which covers it.
    "ofd_signed/ofdrw_ofdrw/testImageNotFound.ofd": {"1"},
    "ofd_signed/ofdrw_ofdrw/testImageOverridePage.ofd": {"1"},
    "ofd_signed/ofdrw_ofdrw/testPathClip.ofd": {"1"},
}
"""Signatures that leave uncovered what a reader sees."""


def rows() -> Iterator[Row]:
    corpus_file("MANIFEST.tsv")
    yield from manifest("ofd_signed")
    yield from manifest("ofd_unsigned")


def packages() -> Iterator[tuple[str, OfdPackage]]:
    for row in rows():
        if row.path not in REFUSED:
            yield row.path, read_ofd(row.file.read_bytes())


def test_every_file_is_read_or_refused_for_the_reason_listed():
    refused = {}
    for row in rows():
        try:
            read_ofd(row.file.read_bytes())
        except Malformed as bad:
            refused[row.path] = getattr(bad, "rule", None)
    assert refused == REFUSED


def test_deviations_are_counted():
    counts: Counter[Deviation] = Counter()
    for _, package in packages():
        counts.update(package.deviations | read_tags(package).deviations)
    assert counts == DEVIATIONS


def test_gaps_are_known():
    met = {path: [gap.kind for gap in one.dangling] for path, one in packages() if one.dangling}
    assert met == GAPS


def test_references_agree_with_the_independent_check():
    """The corpus tells, for each signature, how many references agree, differ or are missing."""
    details = corpus_file("OFD_SIGNED_DETAILS.md").read_text("utf-8")
    told: dict[str, list[tuple[int, ...]]] = {}
    for section in details.split("\n## ")[1:]:
        path = section.split("  [", 1)[0]
        figures = re.findall(r"refs\(ok/bad/missing\)=\((\d+), (\d+), (\d+)\)", section)
        told[path] = [tuple(map(int, one)) for one in figures]
    compared = 0
    for path, package in packages():
        found = [
            (len(one.covered) + len(one.unchecked), len(one.changed), len(one.missing))
            for one in coverages(package)
        ]
        if found:
            assert found == told[path], path
            compared += len(found)
    assert compared == sum(map(len, told.values())) - 1  # ClientSigned-1533.ofd is refused


def test_shown_parts_left_uncovered():
    met: dict[str, set[str]] = {}
    for path, package in packages():
        for coverage in coverages(package):
            if coverage.shown_uncovered:
                met.setdefault(path, set()).add(coverage.signature)
    assert met == SHOWN_UNCOVERED


def test_documents_whose_shown_version_is_open_to_choice():
    assert {path for path, one in packages() if any(b.is_ambiguous for b in one.bodies)} == {
        "ofd_signed/hbh112233abc_ofd/test3.ofd",
        "ofd_signed/hbh112233abc_ofd/test3_modify.ofd",
    }


def test_a_real_estate_license_names_its_identifier_on_the_page():
    package = read_ofd(corpus_file("ofd_signed", "ofdrw_ofdrw", "keyword.ofd").read_bytes())
    found = [one for one in find_elements(package) if one.kind is FoundIn.BARE_TEXT]
    assert [one.sources for one in found] == [("Doc_0/Pages/Page_0/Content.xml",)]
    assert found[0].value.startswith("1.2.156.3005.2.11100000MB03271699022.")


def test_adversarial_files_never_do_anything_but_being_refused():
    corpus_file("MANIFEST.tsv")
    for kind in ("adversarial", "ofd_parts"):
        for row in manifest(kind):
            with pytest.raises(Malformed) as refused:
                read_ofd(row.file.read_bytes())
            assert isinstance(refused.value, BadArchive | BadPackage)


def test_a_package_one_folder_too_deep():
    with pytest.raises(BadPackage) as refused:
        read_ofd(corpus_file("adversarial", "ofdrw_ofdrw", "zip", "DOC_0.zip").read_bytes())
    assert refused.value.rule is PackageRule.NO_OFD_XML
