"""ZIP-01…08, OFD-05 and OFD-06: every archive that could be read two ways, beside its twin."""

import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Malformed
from app.domain.ofd import Deviation
from app.domain.reasons import Reason
from app.formats.archive import (
    MIB,
    Archive,
    ArchiveLimits,
    ArchiveRule,
    BadArchive,
    Meter,
    read_archive,
)
from tests.corpus import corpus_file, manifest
from tests.zipmaker import DEFLATED, DESCRIPTOR, STORED, UTF8, Member, archive, deflate, plain

A = Member(b"OFD.xml", b"<OFD/>" * 20)
B = Member(b"Doc_0/Document.xml", b"<Document/>" * 30)
C = Member(b"Doc_0/Pages/Page_0/Content.xml", b"<Page/>" * 40)
TWIN = archive([A, B, C])
"""The untouched archive every negative is made from."""

SYMLINK, DEVICE, FIFO, SETUID = 0xA1FF << 16, 0x21B6 << 16, 0x11B6 << 16, 0x89ED << 16
FOLDER_MODE = 0x41ED << 16
ZIP64_EXTRA = struct.pack("<HHQQ", 1, 16, len(C.data), len(C.stream))
UNICODE_PATH = struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"


def named(name: str | bytes, flags: int = 0) -> bytes:
    raw = name.encode() if isinstance(name, str) else name
    return archive([A, B, Member(raw, b"x", flags=flags)])


def second_in_comment() -> bytes:
    """A whole archive, then another whose stored member ends in a record swallowing the rest."""
    inner = archive([A])
    tail_length = len(archive([Member(b"x", b"", STORED)])) - 30 - 1
    record = inner[-2 - 20 : -2] + struct.pack("<H", tail_length)
    return archive([Member(b"x", inner[:-22] + record, STORED)])


def overlapping() -> bytes:
    """Two directory entries for the same local member (Fifield's construction)."""
    return archive([A, replace(A, central={"offset": 0}), C])


NEGATIVES: dict[str, tuple[ArchiveRule, bytes]] = {
    # ZIP-01: bombs (the counters are in their own tests)
    "zip01_ratio_bomb": (
        ArchiveRule.RATIO,
        archive([A, Member(b"zeros", bytes(8 * MIB))]),
    ),
    "zip01_member_too_large": (
        ArchiveRule.MEMBER_TOO_LARGE,
        archive([A, replace(B, central={"size": 33 * MIB}, local={"size": 33 * MIB})]),
    ),
    "zip01_total_too_large": (
        ArchiveRule.TOTAL_TOO_LARGE,
        archive(
            [A]
            + [
                Member(b"m%d" % i, bytes(MIB), central={"size": MIB}, local={"size": MIB})
                for i in range(65)
            ]
        ),
    ),
    "zip01_size_understated": (
        ArchiveRule.SIZE_DIFFERS,
        archive([A, replace(B, central={"size": 9}, local={"size": 9})]),
    ),
    "zip01_size_overstated": (
        ArchiveRule.SIZE_DIFFERS,
        archive([A, replace(B, central={"size": 999}, local={"size": 999})]),
    ),
    # ZIP-02: overlap
    "zip02_same_member_twice": (ArchiveRule.DUPLICATE_ENTRY, overlapping()),
    "zip02_overlap": (
        ArchiveRule.OVERLAP,
        archive([A, B, replace(C, central={"offset": 4})]),
    ),
    "zip02_data_into_directory": (
        ArchiveRule.OVERLAP,
        archive([A, replace(B, central={"packed": 5000}, local={"packed": 5000})]),
    ),
    # ZIP-03: local header and directory disagree
    "zip03_local_name": (ArchiveRule.LOCAL_DIFFERS, archive([A, replace(B, local_name=b"E" * 18)])),
    "zip03_local_method": (
        ArchiveRule.LOCAL_DIFFERS,
        archive([A, replace(B, local={"method": 0})]),
    ),
    "zip03_local_crc": (ArchiveRule.LOCAL_DIFFERS, archive([A, replace(B, local={"crc": 1})])),
    "zip03_local_size": (ArchiveRule.LOCAL_DIFFERS, archive([A, replace(B, local={"size": 1})])),
    "zip03_local_packed": (
        ArchiveRule.LOCAL_DIFFERS,
        archive([A, replace(B, local={"packed": 1})]),
    ),
    "zip03_local_flags": (ArchiveRule.LOCAL_DIFFERS, archive([A, replace(B, local={"flags": 1})])),
    "zip03_utf8_flag_of_other_name": (
        ArchiveRule.LOCAL_DIFFERS,
        archive([A, Member("页".encode(), b"x", flags=UTF8, local={"flags": 0})]),
    ),
    "zip03_unicode_path": (
        ArchiveRule.EXTRA_FIELD,
        archive([A, replace(B, local_extra=UNICODE_PATH)]),
    ),
    "zip03_unicode_path_in_directory": (
        ArchiveRule.EXTRA_FIELD,
        archive([A, replace(B, central_extra=UNICODE_PATH)]),
    ),
    "zip03_unicode_comment": (
        ArchiveRule.EXTRA_FIELD,
        archive([A, replace(B, central_extra=b"\x75\x63\x05\x00\x01abcd")]),
    ),
    "zip03_unknown_extra": (
        ArchiveRule.UNKNOWN_EXTRA,
        archive([A, replace(B, central_extra=b"\xfe\xca\x00\x00")]),
    ),
    "zip03_extra_cut_short": (
        ArchiveRule.EXTRA_FIELD,
        archive([A, replace(B, central_extra=b"\x55\x54\x09\x00a")]),
    ),
    "zip03_local_signature": (
        ArchiveRule.LOCAL_HEADER,
        archive([A, replace(B, local={"signature": 0x04034B51})]),
    ),
    "zip03_descriptor_crc": (ArchiveRule.DESCRIPTOR, archive([A, B.described(crc=1)])),
    "zip03_descriptor_size": (ArchiveRule.DESCRIPTOR, archive([A, B.described(size=1)])),
    "zip03_descriptor_unsigned": (
        ArchiveRule.DESCRIPTOR,
        archive([A, B.described(signed=False), C]),
    ),
    "zip03_descriptor_absent": (
        ArchiveRule.DESCRIPTOR,
        archive([A, replace(B, flags=DESCRIPTOR, local={"crc": 0, "packed": 0, "size": 0})]),
    ),
    "zip03_descriptor_after_stored": (
        ArchiveRule.DESCRIPTOR,
        archive([A, replace(B, method=STORED).described()]),
    ),
    "zip03_descriptor_with_other_local_size": (
        ArchiveRule.LOCAL_DIFFERS,
        archive([A, replace(B, local={"size": 7}).described()]),
    ),
    # ZIP-04: two archives in one
    "zip04_prepended": (ArchiveRule.NOT_AN_ARCHIVE, archive([A, B, C], prefix=b"%PDF-1.7\n")),
    "zip04_prepended_archive": (ArchiveRule.DIRECTORY_BOUNDS, TWIN + archive([A])),
    "zip04_prepended_archive_adjusted": (ArchiveRule.GAP, archive([A], prefix=TWIN)),
    "zip04_gap": (ArchiveRule.GAP, archive([A, replace(B, after=b"\0" * 8), C])),
    "zip04_gap_before_directory": (ArchiveRule.GAP, archive([A, B], before_directory=b"hidden")),
    "zip04_gap_before_end": (ArchiveRule.DIRECTORY_BOUNDS, archive([A, B], before_end=b"hidden")),
    "zip04_bytes_after_last_entry": (
        ArchiveRule.DIRECTORY_BOUNDS,
        archive([A, B, C], end={"count": 2, "here": 2}),
    ),
    "zip04_more_entries_than_directory": (
        ArchiveRule.DIRECTORY_ENTRY,
        archive([A, B, C], end={"count": 4, "here": 4}),
    ),
    "zip04_appended": (ArchiveRule.TRAILING_DATA, archive([A, B, C], suffix=b"\n")),
    "zip04_comment": (ArchiveRule.COMMENT, archive([A, B, C], comment=b"hello")),
    "zip04_other_three_letter_comment": (ArchiveRule.COMMENT, archive([A, B, C], comment=b"KRD")),
    "zip04_entry_comment": (ArchiveRule.COMMENT, archive([A, replace(B, comment=b"c")])),
    "zip04_end_in_comment": (ArchiveRule.DIRECTORY_BOUNDS, archive([A], comment=TWIN)),
    "zip04_second_end_in_directory": (
        ArchiveRule.SECOND_DIRECTORY,
        archive([A, replace(B, central_extra=b"\x55\x54\x04\x00PK\x05\x06")]),
    ),
    "zip04_first_end_swallows_second": (ArchiveRule.SECOND_DIRECTORY, second_in_comment()),
    "zip04_no_end": (ArchiveRule.NO_DIRECTORY, TWIN[:-22]),
    # ZIP-05: zip64 and disks
    "zip05_zip64_locator": (
        ArchiveRule.ZIP64,
        archive([A], before_end=b"PK\x06\x07" + bytes(16)),
    ),
    "zip05_zip64_count": (ArchiveRule.ZIP64, archive([A], end={"count": 0xFFFF, "here": 0xFFFF})),
    "zip05_zip64_size": (ArchiveRule.ZIP64, archive([A, replace(B, central={"size": 0xFFFFFFFF})])),
    "zip05_zip64_extra": (
        ArchiveRule.ZIP64,
        archive([A, B, replace(C, central_extra=ZIP64_EXTRA)]),
    ),
    "zip05_zip64_extra_lies": (
        ArchiveRule.LOCAL_DIFFERS,
        archive([A, replace(B, local_extra=ZIP64_EXTRA)]),
    ),
    "zip05_zip64_with_descriptor": (
        ArchiveRule.ZIP64,
        archive([A, replace(C, local_extra=ZIP64_EXTRA).described()]),
    ),
    "zip05_disks": (ArchiveRule.MULTI_DISK, archive([A], end={"disk": 1})),
    "zip05_entry_on_other_disk": (
        ArchiveRule.MULTI_DISK,
        archive([A, replace(B, central={"disk": 1})]),
    ),
    "zip05_fewer_here": (ArchiveRule.MULTI_DISK, archive([A, B], end={"here": 1})),
    # ZIP-06: what is no plain file, and names that lead elsewhere
    "zip06_symlink": (ArchiveRule.SYMLINK, archive([A, replace(B, external=SYMLINK)])),
    "zip06_device": (ArchiveRule.SPECIAL_FILE, archive([A, replace(B, external=DEVICE)])),
    "zip06_fifo": (ArchiveRule.SPECIAL_FILE, archive([A, replace(B, external=FIFO)])),
    "zip06_setuid": (ArchiveRule.SPECIAL_FILE, archive([A, replace(B, external=SETUID)])),
    "zip06_file_marked_folder": (ArchiveRule.SPECIAL_FILE, archive([A, replace(B, external=0x10)])),
    "zip06_volume_label": (ArchiveRule.SPECIAL_FILE, archive([A, replace(B, external=0x08)])),
    "zip06_folder_with_content": (
        ArchiveRule.SPECIAL_FILE,
        archive([A, Member(b"Doc_0/", b"hidden")]),
    ),
    "zip06_absolute": (ArchiveRule.NAME, named("/etc/passwd")),
    "zip06_parent": (ArchiveRule.NAME, named("Doc_0/../../etc/passwd")),
    "zip06_drive": (ArchiveRule.NAME, named("C:/windows")),
    # ZIP-07: many entries, long names
    "zip07_many_entries": (
        ArchiveRule.TOO_MANY_ENTRIES,
        archive(Member(b"%d" % i, b"", STORED) for i in range(2_001)),
    ),
    "zip07_long_name": (ArchiveRule.NAME_TOO_LONG, named("a" * 256)),
    # ZIP-08: methods and encryption
    **{
        f"zip08_method_{method}": (ArchiveRule.METHOD, archive([A, replace(B, method=method)]))
        for method in (1, 6, 9, 12, 14, 93, 95, 98, 99)
    },
    "zip08_encrypted": (ArchiveRule.ENCRYPTED, archive([A, replace(B, flags=1)])),
    "zip08_strong_encryption": (ArchiveRule.ENCRYPTED, archive([A, replace(B, flags=1 << 6)])),
    "zip08_masked_headers": (ArchiveRule.ENCRYPTED, archive([A, replace(B, flags=1 << 13)])),
    "zip08_patch_data": (ArchiveRule.FLAGS, archive([A, replace(B, flags=1 << 5)])),
    # OFD-05: the same name twice
    "ofd05_evil_last": (ArchiveRule.DUPLICATE_ENTRY, archive([A, C, B, replace(C, data=b"evil")])),
    "ofd05_evil_first": (ArchiveRule.DUPLICATE_ENTRY, archive([A, replace(C, data=b"evil"), B, C])),
    # OFD-06: names that can be taken for one another, and names not in their one spelling
    "ofd06_case_twin": (ArchiveRule.CASE_TWIN, named("Doc_0/document.xml")),
    "ofd06_case_twin_beyond_ascii": (
        ArchiveRule.CASE_TWIN,
        archive([A, *(Member(n.encode(), b"", flags=UTF8) for n in ("Ä.xml", "ä.xml"))]),
    ),
    "ofd06_full_width_twin": (ArchiveRule.FORM_TWIN, named("Doc_0/Ｄocument.xml", UTF8)),
    "ofd06_composed_twin": (
        ArchiveRule.NAME,
        archive([A, *(Member(n.encode(), b"", flags=UTF8) for n in ("\u00e9", "e\u0301"))]),
    ),
    "ofd06_compatibility_twin": (
        ArchiveRule.FORM_TWIN,
        archive([A, *(Member(n.encode(), b"", flags=UTF8) for n in ("a2.xml", "a\u00b2.xml"))]),
    ),
    "ofd06_folder_and_file": (ArchiveRule.FILE_AS_FOLDER, named("Doc_0")),
    "ofd06_folder_case_and_file": (ArchiveRule.FILE_AS_FOLDER, named("doc_0")),
    "ofd06_folder_twin_of_file": (ArchiveRule.DUPLICATE_ENTRY, named("OFD.xml/")),
    "ofd06_backslash": (ArchiveRule.NAME, named("Doc_0\\Document.xml")),
    "ofd06_double_slash": (ArchiveRule.NAME, named("Doc_0//x.xml")),
    "ofd06_dot_segment": (ArchiveRule.NAME, named("Doc_0/./x.xml")),
    "ofd06_trailing_dot": (ArchiveRule.NAME, named("Doc_0/Document.xml.")),
    "ofd06_trailing_space": (ArchiveRule.NAME, named("Doc_0/Document.xml ")),
    "ofd06_folder_trailing_space": (ArchiveRule.NAME, named("Doc_0 /x.xml")),
    "ofd06_nul": (ArchiveRule.NAME, named("Doc_0/Document.xml\0.png")),
    "ofd06_control": (ArchiveRule.NAME, named("Doc_0/a\tb.xml")),
    "ofd06_escaped_dot": (ArchiveRule.NAME, named("Doc_0/%2e%2e/x.xml")),
    "ofd06_full_width_solidus": (ArchiveRule.NAME, named("Doc_0／x.xml", UTF8)),
    "ofd06_full_width_dots": (ArchiveRule.NAME, named("Doc_0/．．/x.xml", UTF8)),
    "ofd06_zero_width": (ArchiveRule.NAME, named("Doc_0/a\u200bb.xml", UTF8)),
    "ofd06_right_to_left": (ArchiveRule.NAME, named("Doc_0/\u202elmx.exe", UTF8)),
    "ofd06_empty": (ArchiveRule.NAME, named("")),
    "ofd06_slash_only": (ArchiveRule.NAME, named("/")),
    "ofd06_not_utf8": (ArchiveRule.NAME_ENCODING, named(b"\xd5\xe2.xml", UTF8)),
    "ofd06_neither_utf8_nor_gbk": (ArchiveRule.NAME_ENCODING, named(b"\xff\xff.xml")),
    "ofd06_two_encodings": (
        ArchiveRule.NAME_ENCODING,
        archive([A, Member("附件".encode(), b"1"), Member("附件".encode("gbk"), b"2")]),
    ),
    "ofd06_two_encodings_gbk_first": (
        ArchiveRule.NAME_ENCODING,
        archive([A, Member("附件".encode("gbk"), b"1"), Member("附件".encode(), b"2")]),
    ),
    # These two GBK bytes are also valid UTF-8 (U+04B3), so each name alone is acceptable.
    "ofd06_two_encodings_of_valid_utf8": (
        ArchiveRule.NAME_ENCODING,
        archive([A, Member("页".encode(), b"1"), Member("页".encode("gbk"), b"2")]),
    ),
    # deflate and checksums
    "checksum": (
        ArchiveRule.CHECKSUM,
        archive([A, replace(B, packed=deflate(b"X" + B.data[1:]))]),
    ),
    "stored_size": (
        ArchiveRule.SIZE_DIFFERS,
        archive([A, Member(b"s", b"abc", STORED, central={"size": 2}, local={"size": 2})]),
    ),
    "deflate_garbage": (ArchiveRule.DEFLATE, archive([A, replace(B, packed=b"\xff" * 20)])),
    "deflate_cut": (ArchiveRule.SIZE_DIFFERS, archive([A, replace(B, packed=B.stream[:-6])])),
    "deflate_unended": (
        ArchiveRule.DEFLATE,
        archive([A, Member(b"u", b"abc", packed=b"\x00\x03\x00\xfc\xffabc")]),
    ),
    "deflate_trailing": (ArchiveRule.DEFLATE, archive([A, replace(B, packed=B.stream + b"abcd")])),
}


@pytest.mark.parametrize("name", NEGATIVES)
def test_refused(name: str):
    rule, data = NEGATIVES[name]
    assert len(read_archive(TWIN).members) == 3
    with pytest.raises(BadArchive) as refused:
        read_archive(data)
    assert refused.value.rule is rule
    assert str(refused.value).startswith(f"zip: {rule} ")


OUR_LIMITS = {
    ArchiveRule.TOO_MANY_ENTRIES,
    ArchiveRule.MEMBER_TOO_LARGE,
    ArchiveRule.TOTAL_TOO_LARGE,
    ArchiveRule.RATIO,
    ArchiveRule.NAME_TOO_LONG,
    ArchiveRule.METHOD,
    ArchiveRule.FLAGS,
    ArchiveRule.UNKNOWN_EXTRA,
    ArchiveRule.ZIP64,
}


@pytest.mark.parametrize("name", NEGATIVES)
def test_our_limits_are_told_apart_from_faults(name: str):
    """A limit of ours, or a secret we do not have, says nothing against the archive."""
    rule, data = NEGATIVES[name]
    with pytest.raises(Malformed) as refused:
        read_archive(data)
    expected = Reason.BEYOND_LIMITS if rule in OUR_LIMITS else Reason.MALFORMED
    expected = Reason.ENCRYPTED if rule is ArchiveRule.ENCRYPTED else expected
    assert refused.value.why is expected


def test_every_rule_is_shown():
    shown = {rule for rule, _ in NEGATIVES.values()}
    assert set(ArchiveRule) - shown == set()


def test_twin_is_read_in_order_and_byte_for_byte():
    read = read_archive(TWIN)
    assert list(read.members.items()) == [(one.name.decode(), one.data) for one in (A, B, C)]
    assert read.deviations == frozenset()
    assert read.inflated == sum(len(one.data) for one in (A, B, C))


GBK_NAME = "Doc_0/数据.xml"
TOLERATED: dict[str, tuple[frozenset[Deviation], bytes]] = {
    "stored": (frozenset(), plain({"OFD.xml": b"x", "a/b": b"y"}, STORED)),
    "descriptor": (frozenset(), archive([A, B.described(), C.described()])),
    "folders": (
        frozenset(),
        archive([A, Member(b"Doc_0/", method=STORED, external=FOLDER_MODE | 0x10), B]),
    ),
    "folder_with_descriptor": (
        frozenset(),
        archive([A, Member(b"Doc_0/", method=STORED).described(), B]),
    ),
    "utf8_name": (frozenset(), named("Doc_0/页（一）.xml", UTF8)),
    "times": (
        frozenset(),
        archive([A, replace(B, central_extra=b"\x55\x54\x05\x00\x07abcd")]),
    ),
    "member_order": (frozenset(), archive([C, B, A])),
    "attached_archive": (
        frozenset(),
        archive([A, Member(b"Doc_0/Attachs/a.zip", TWIN, STORED), B]),
    ),
    "regular_mode": (frozenset(), archive([A, replace(B, external=0x81A4 << 16)])),
    "krc": (frozenset({Deviation.KNOWN_COMMENT}), archive([A, B], comment=b"KRC")),
    "unflagged": (frozenset({Deviation.UTF8_FLAG_MISSING}), named(GBK_NAME)),
    "gbk": (frozenset({Deviation.GBK_NAME}), named(GBK_NAME.encode("gbk"))),
    "utf8_flag_differs": (
        frozenset({Deviation.UTF8_FLAG_DIFFERS}),
        archive([A, replace(B, local={"flags": UTF8})]),
    ),
    "local_zip64": (
        frozenset({Deviation.LOCAL_ZIP64_SIZES}),
        archive(
            [
                A,
                B,
                replace(
                    C,
                    local_extra=ZIP64_EXTRA,
                    local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
                ),
            ]
        ),
    ),
    "descriptor_size_kept": (
        frozenset({Deviation.DESCRIPTOR_SIZES_KEPT}),
        archive([A, replace(B, local={"size": len(B.data)}).described()]),
    ),
    "adler": (
        frozenset({Deviation.ZLIB_CHECKSUM_KEPT}),
        archive([A, replace(B, packed=zlib.compress(B.data)[2:])]),
    ),
    "folder_stream": (
        frozenset({Deviation.FOLDER_WITH_STREAM}),
        archive([A, Member(b"Doc_0/", method=DEFLATED)]),
    ),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_tolerated_by_name(name: str):
    deviations, data = TOLERATED[name]
    assert read_archive(data).deviations == deviations


def refused_after(data: bytes, limits: ArchiveLimits = ArchiveLimits()) -> tuple[BadArchive, Meter]:  # noqa: B008
    meter = Meter()
    with pytest.raises(BadArchive) as refused:
        read_archive(data, limits, meter)
    return refused.value, meter


def test_too_many_entries_is_seen_before_the_directory():
    refused, meter = refused_after(archive(Member(b"%d" % i, b"", STORED) for i in range(2_001)))
    assert refused.rule is ArchiveRule.TOO_MANY_ENTRIES
    assert (meter.entries, meter.inflated) == (0, 0)
    twin = archive(Member(b"%d" % i, b"", STORED) for i in range(2_000))
    assert len(read_archive(twin).members) == 2_000


def test_honest_bomb_inflates_nothing():
    refused, meter = refused_after(archive([Member(b"zeros", bytes(30 * MIB))]))
    assert refused.rule is ArchiveRule.RATIO
    assert meter.inflated == 0


def test_lying_bomb_inflates_one_byte_more_than_it_announces():
    bomb = Member(
        b"zeros",
        bytes(30 * MIB),
        central={"size": 1_000},
        local={"size": 1_000},
    )
    refused, meter = refused_after(archive([A, bomb]))
    assert refused.rule is ArchiveRule.SIZE_DIFFERS
    assert meter.inflated == len(A.data) + 1_001


def test_many_small_bombs_stop_at_the_total():
    limits = ArchiveLimits(total=1_000)
    members = [Member(b"%d" % i, bytes(101)) for i in range(10)]
    refused, meter = refused_after(archive(members), limits)
    assert refused.rule is ArchiveRule.TOTAL_TOO_LARGE
    assert meter.inflated == 0
    assert read_archive(archive(members[:9]), limits).inflated == 909


def test_a_ratio_below_the_threshold_passes():
    assert read_archive(archive([Member(b"zeros", bytes(MIB))])).inflated == MIB


# Arbitrary and mutated bytes: `Malformed` or an archive, nothing else.


def outcome(data: bytes) -> Archive | None:
    try:
        return read_archive(data)
    except Malformed:
        return None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(noise: bytes):
    assert outcome(noise) is None
    outcome(b"PK\x03\x04" + noise + TWIN[-22:])


RICH = archive([A, Member(b"Doc_0/", method=STORED), B.described(), replace(C, method=STORED)])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_bytes(data: st.DataObject):
    at = data.draw(st.integers(0, len(RICH) - 1))
    cut = data.draw(st.integers(0, 8))
    piece = data.draw(st.binary(max_size=8))
    outcome(RICH[:at] + piece + RICH[at + cut :])


def test_every_flipped_byte_is_refused_or_changes_nothing_but_times_and_versions():
    """Bytes that no reader uses (versions, times, attributes) are the only ones free to change."""
    honest = read_archive(RICH)
    for at in range(len(RICH)):
        for bit in (0x01, 0x80):
            read = outcome(RICH[:at] + bytes([RICH[at] ^ bit]) + RICH[at + 1 :])
            assert read is None or (read.members, read.folders) == (
                honest.members,
                honest.folders,
            )


# The corpus.

EXPLAINED: dict[str, ArchiveRule] = {
    "ofd_signed/Mmiaoshu_SignClient/ClientSigned-1533.ofd": ArchiveRule.DUPLICATE_ENTRY,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_bzip2.zip": ArchiveRule.METHOD,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_encrypted_pkcrypt.zip": ArchiveRule.ENCRYPTED,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_gh.zip": ArchiveRule.UNKNOWN_EXTRA,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_infozip_symlinks.zip": ArchiveRule.SYMLINK,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_large_cd_comment.zip": ArchiveRule.COMMENT,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_lzma.zip": ArchiveRule.METHOD,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_tiny.zip": ArchiveRule.NOT_AN_ARCHIVE,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_xz.zip": ArchiveRule.METHOD,
    "adversarial/fanzizheng_ofdpdfsigner/zip/minizip_zip64.zip": ArchiveRule.ZIP64,
}
"""Archives of the corpus that are refused, and why. Files that are no archive are not listed."""

DEVIATIONS = {
    Deviation.KNOWN_COMMENT: 1,
    Deviation.UTF8_FLAG_DIFFERS: 3,
    Deviation.GBK_NAME: 1,
    Deviation.LOCAL_ZIP64_SIZES: 2,
    Deviation.DESCRIPTOR_SIZES_KEPT: 1,
    Deviation.ZLIB_CHECKSUM_KEPT: 3,
    Deviation.FOLDER_WITH_STREAM: 1,
}
"""How many of the OFD files show each."""


def test_corpus_archives():
    corpus_file("MANIFEST.tsv")
    counts: dict[Deviation, int] = {}
    for kind in ("ofd_signed", "ofd_unsigned"):
        for row in manifest(kind):
            if row.path in EXPLAINED:
                continue
            for deviation in read_archive(row.file.read_bytes()).deviations:
                counts[deviation] = counts.get(deviation, 0) + 1
    assert counts == DEVIATIONS


def test_corpus_adversarial():
    corpus_file("MANIFEST.tsv")
    refused: dict[str, ArchiveRule] = {}
    for row in [*manifest("adversarial"), *manifest("ofd_signed")]:
        try:
            read_archive(row.file.read_bytes())
        except BadArchive as bad:
            refused[row.path] = bad.rule
    others = {path: rule for path, rule in refused.items() if path not in EXPLAINED}
    assert set(others.values()) <= {ArchiveRule.NOT_AN_ARCHIVE}
    assert {path: refused[path] for path in EXPLAINED} == EXPLAINED
