"""A ZIP archive read once, by one reading: what its directory says is all there is.

Readers of ZIP disagree (USENIX Security '25, "My ZIP isn't your ZIP"), and a seal is worth
nothing when the viewer shows another member than the one that was hashed. So this reader
accepts only archives that every reader understands alike: the directory ends the file, the
members lie before it without gap or overlap, each local header repeats its directory entry, and
no two names can be taken for one another. What real producers do otherwise and cannot be
misread is tolerated by name (`Deviation`); everything else is refused by name
(`ArchiveRule`). APPNOTE 6.3.10; threats ZIP-01…08, OFD-05, OFD-06.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn

from app.domain.errors import BeyondLimits, Encrypted, Malformed
from app.domain.ofd import Deviation
from app.formats.member_names import BadName, MemberNames

MIB = 1 << 20

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_DESCRIPTOR = b"PK\x07\x08"
_ZIP64_LOCATOR = b"PK\x06\x07"

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3I5H2I")
_END_RECORD = struct.Struct("<4s4H2IH")
_DESCRIPTOR_RECORD = struct.Struct("<4s3I")
_EXTRA_HEADER = struct.Struct("<2H")
_ZIP64_SIZES = struct.Struct("<2Q")
_ZIP64_LOCATOR_SIZE = 20

_STORED = 0
_DEFLATED = 8

_FLAG_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_FLAG_DESCRIPTOR = 1 << 3
_FLAG_UTF8 = 1 << 11
_FLAG_KNOWN = 1 << 1 | 1 << 2 | _FLAG_DESCRIPTOR | _FLAG_UTF8
"""Bits 1 and 2 tell how hard the deflater tried; they change nothing for a reader."""

_ZIP64_EXTRA = 0x0001
_HARMLESS_EXTRA = frozenset({0x000A, 0x5455, 0x7875})
"""NTFS times, Unix times, Unix owner: no names, no sizes, nothing a reader shows."""
_OTHER_WORDS = frozenset({0x7075, 0x6375})
"""Another name or comment for the member: two readers would show two archives (ZIP-03)."""

_KNOWN_COMMENTS = frozenset({b"KRC"})
"""A vendor's three-letter mark after the end record; too short to hide a record in."""

_UNKNOWN_32 = 0xFFFFFFFF
_UNKNOWN_16 = 0xFFFF

_MODE_TYPE, _MODE_FILE, _MODE_FOLDER, _MODE_LINK = 0xF000, 0x8000, 0x4000, 0xA000
_MODE_PRIVILEGED = 0o7000
_DOS_VOLUME, _DOS_FOLDER = 0x08, 0x10
_EMPTY_DEFLATE = 2
"""Bytes of an empty deflate stream."""


class ArchiveRule(StrEnum):
    """Why an archive is refused; the second word of the message."""

    NOT_AN_ARCHIVE = "not_an_archive"
    NO_DIRECTORY = "no_directory"
    TRAILING_DATA = "trailing_data"
    COMMENT = "comment"
    SECOND_DIRECTORY = "second_directory"
    DIRECTORY_BOUNDS = "directory_bounds"
    DIRECTORY_ENTRY = "directory_entry"
    MULTI_DISK = "multi_disk"
    ZIP64 = "zip64"
    TOO_MANY_ENTRIES = "too_many_entries"
    EXTRA_FIELD = "extra_field"
    UNKNOWN_EXTRA = "unknown_extra"
    ENCRYPTED = "encrypted"
    FLAGS = "flags"
    METHOD = "method"
    SYMLINK = "symlink"
    SPECIAL_FILE = "special_file"
    NAME = "name"
    NAME_ENCODING = "name_encoding"
    NAME_TOO_LONG = "name_too_long"
    DUPLICATE_ENTRY = "duplicate_entry"
    CASE_TWIN = "case_twin"
    FORM_TWIN = "form_twin"
    FILE_AS_FOLDER = "file_as_folder"
    LOCAL_HEADER = "local_header"
    LOCAL_DIFFERS = "local_differs"
    DESCRIPTOR = "descriptor"
    OVERLAP = "overlap"
    GAP = "gap"
    MEMBER_TOO_LARGE = "member_too_large"
    TOTAL_TOO_LARGE = "total_too_large"
    RATIO = "ratio"
    DEFLATE = "deflate"
    SIZE_DIFFERS = "size_differs"
    CHECKSUM = "checksum"


class BadArchive(Malformed):
    """A refused archive; `rule` is for callers and tests."""

    def __init__(self, rule: ArchiveRule, where: str) -> None:
        super().__init__(f"zip: {rule} {where}")
        self.rule = rule


class ArchiveBeyondLimits(BadArchive, BeyondLimits):
    """A ZIP by the book that is larger, or made by other means, than what is read here."""


class EncryptedArchive(BadArchive, Encrypted):
    """A ZIP with encrypted members (OFD-30)."""


_KINDS: Mapping[ArchiveRule, type[BadArchive]] = MappingProxyType(
    {
        ArchiveRule.TOO_MANY_ENTRIES: ArchiveBeyondLimits,
        ArchiveRule.MEMBER_TOO_LARGE: ArchiveBeyondLimits,
        ArchiveRule.TOTAL_TOO_LARGE: ArchiveBeyondLimits,
        ArchiveRule.RATIO: ArchiveBeyondLimits,
        ArchiveRule.NAME_TOO_LONG: ArchiveBeyondLimits,
        ArchiveRule.METHOD: ArchiveBeyondLimits,
        ArchiveRule.FLAGS: ArchiveBeyondLimits,
        ArchiveRule.UNKNOWN_EXTRA: ArchiveBeyondLimits,
        ArchiveRule.ZIP64: ArchiveBeyondLimits,
        ArchiveRule.ENCRYPTED: EncryptedArchive,
    }
)
"""Refusals that say nothing against the archive. All others are ambiguity or damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Bounds on what is read and inflated. Sizes in bytes."""

    entries: int = 2_000
    """Read from the end record, before the directory is touched."""
    member: int = 32 * MIB
    total: int = 64 * MIB
    ratio: int = 100
    """Largest inflated : deflated, asked of members above `ratio_from`."""
    ratio_from: int = MIB


ARCHIVE_LIMITS = ArchiveLimits()


@dataclass(slots=True)
class Meter:
    """What reading cost, whatever came of it; for tests and metrics."""

    entries: int = 0
    """Directory entries read."""
    inflated: int = 0
    """Bytes put out by the inflater or copied from stored members."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of an archive in the order of its directory."""

    members: Mapping[str, bytes] = field(repr=False)
    """Files only, by canonical name: no leading slash, `/` between folders."""
    folders: tuple[str, ...]
    """Folder entries, without their last slash."""
    deviations: frozenset[Deviation]
    inflated: int
    """Bytes."""


@dataclass(slots=True)
class _Entry:
    index: int
    name: str
    is_folder: bool
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    data_at: int = 0


@dataclass(frozen=True, slots=True)
class _Directory:
    """Offsets in bytes; `end` is where the end record begins."""

    count: int
    start: int
    end: int


def _refuse(rule: ArchiveRule, where: str) -> NoReturn:
    raise _refusal(rule, where)


def _refusal(rule: ArchiveRule, where: str) -> BadArchive:
    return _KINDS.get(rule, BadArchive)(rule, where)


def read_archive(
    data: bytes, limits: ArchiveLimits = ARCHIVE_LIMITS, meter: Meter | None = None
) -> Archive:
    """Read every member of the archive, in memory.

    Raises:
        BadArchive: (a `Malformed`) anything but one plain archive within `limits`.
    """
    meter = Meter() if meter is None else meter
    deviations: set[Deviation] = set()
    directory = _end_record(data, limits, deviations)
    entries = _entries(data, directory, meter, deviations)
    _place(data, entries, directory.start, deviations)
    _within(entries, limits)
    members: dict[str, bytes] = {}
    folders: list[str] = []
    for entry in entries:
        content = _content(data, entry, meter, deviations)
        if entry.is_folder:
            folders.append(entry.name)
        else:
            members[entry.name] = content
    return Archive(MappingProxyType(members), tuple(folders), frozenset(deviations), meter.inflated)


def _end_record(data: bytes, limits: ArchiveLimits, deviations: set[Deviation]) -> _Directory:
    if data[:4] != _LOCAL:
        _refuse(ArchiveRule.NOT_AN_ARCHIVE, "at byte 0")
    at = _end_at(data, deviations)
    _, disk, disk_of_directory, here, count, size, start, _ = _END_RECORD.unpack_from(data, at)
    if data[at - _ZIP64_LOCATOR_SIZE : at].startswith(_ZIP64_LOCATOR):
        _refuse(ArchiveRule.ZIP64, "locator before the end record")
    if _UNKNOWN_16 in (disk, disk_of_directory, here, count) or _UNKNOWN_32 in (size, start):
        _refuse(ArchiveRule.ZIP64, "in the end record")
    if disk or disk_of_directory or here != count:
        _refuse(ArchiveRule.MULTI_DISK, "in the end record")
    if count > limits.entries:
        _refuse(ArchiveRule.TOO_MANY_ENTRIES, f"{count} of at most {limits.entries}")
    if start + size != at:
        _refuse(ArchiveRule.DIRECTORY_BOUNDS, "the directory does not touch the end record")
    _only_directory(data, start, at)
    return _Directory(count, start, at)


def _end_at(data: bytes, deviations: set[Deviation]) -> int:
    """Where the end record begins: it ends the file, with no comment but a known mark."""
    size = _END_RECORD.size
    for comment in (b"", *_KNOWN_COMMENTS):
        at = len(data) - size - len(comment)
        if at >= 0 and data.startswith(_END, at) and data.endswith(comment):
            if int.from_bytes(data[at + size - 2 : at + size], "little") != len(comment):
                continue
            if comment:
                deviations.add(Deviation.KNOWN_COMMENT)
            return at
    at = data.rfind(_END, max(0, len(data) - size - _UNKNOWN_16))
    if at < 0 or at + size > len(data):
        _refuse(ArchiveRule.NO_DIRECTORY, "no end record")
    announced = int.from_bytes(data[at + size - 2 : at + size], "little")
    if at + size + announced == len(data):
        _refuse(ArchiveRule.COMMENT, f"of {announced} bytes")
    _refuse(ArchiveRule.TRAILING_DATA, "after the end record")


def _only_directory(data: bytes, start: int, at: int) -> None:
    """No second end record that some reader could take for the first.

    One that lies in a member's data is content (an attached archive), unless its comment would
    reach the end of the file, which is how a second directory is hidden from readers that search.
    """
    if data.find(_END, start, at) >= 0:
        _refuse(ArchiveRule.SECOND_DIRECTORY, "inside the directory")
    size = _END_RECORD.size
    other = data.rfind(_END, max(0, len(data) - size - _UNKNOWN_16), start)
    while other >= 0:
        announced = int.from_bytes(data[other + size - 2 : other + size], "little")
        if other + size + announced == len(data):
            _refuse(ArchiveRule.SECOND_DIRECTORY, "its comment holds the first")
        other = data.rfind(_END, max(0, len(data) - size - _UNKNOWN_16), other)


def _entries(
    data: bytes, directory: _Directory, meter: Meter, deviations: set[Deviation]
) -> list[_Entry]:
    entries: list[_Entry] = []
    names = MemberNames()
    at = directory.start
    for index in range(directory.count):
        if at + _CENTRAL_HEADER.size > directory.end:
            _refuse(ArchiveRule.DIRECTORY_ENTRY, f"entry {index} is beyond the directory")
        entry, at = _directory_entry(data, index, at, directory.end)
        meter.entries += 1
        try:
            entry.name = names.add(entry.raw_name, utf8=bool(entry.flags & _FLAG_UTF8))
        except BadName as bad:
            raise _refusal(ArchiveRule(bad.rule), f"at entry {index}") from None
        entries.append(entry)
    if at != directory.end:
        _refuse(ArchiveRule.DIRECTORY_BOUNDS, "bytes after the last entry")
    try:
        names.finish()
    except BadName as bad:
        raise _refusal(ArchiveRule(bad.rule), "among the names") from None
    if names.unflagged_utf8:
        deviations.add(Deviation.UTF8_FLAG_MISSING)
    if names.gbk:
        deviations.add(Deviation.GBK_NAME)
    return entries


def _directory_entry(data: bytes, index: int, at: int, end: int) -> tuple[_Entry, int]:
    (
        signature, _made_by, _needed, flags, method, _time, _date, crc, packed, size,
        name_size, extra_size, comment_size, disk, _internal, external, offset,
    ) = _CENTRAL_HEADER.unpack_from(data, at)  # fmt: skip
    where = f"at entry {index}"
    if signature != _CENTRAL:
        _refuse(ArchiveRule.DIRECTORY_ENTRY, where)
    name_at = at + _CENTRAL_HEADER.size
    extra_at = name_at + name_size
    following = extra_at + extra_size + comment_size
    if following > end:
        _refuse(ArchiveRule.DIRECTORY_ENTRY, where)
    if comment_size:
        _refuse(ArchiveRule.COMMENT, where)
    if disk:
        _refuse(ArchiveRule.MULTI_DISK, where)
    if _UNKNOWN_32 in (packed, size, offset):
        _refuse(ArchiveRule.ZIP64, where)
    if flags & _FLAG_ENCRYPTED:
        _refuse(ArchiveRule.ENCRYPTED, where)
    if flags & ~_FLAG_KNOWN:
        _refuse(ArchiveRule.FLAGS, where)
    if method not in (_STORED, _DEFLATED):
        _refuse(ArchiveRule.METHOD, f"{method} {where}")
    if extra_size and _extras(data[extra_at : extra_at + extra_size], where) is not None:
        _refuse(ArchiveRule.ZIP64, where)
    raw_name = data[name_at:extra_at]
    is_folder = raw_name.endswith(b"/")
    _plain_kind(external, where, is_folder=is_folder)
    entry = _Entry(index, "", is_folder, raw_name, flags, method, crc, packed, size, offset)
    return entry, following


def _plain_kind(external: int, where: str, *, is_folder: bool) -> None:
    """Regular files and folders only, whatever system claims to have made the entry (ZIP-06)."""
    mode = external >> 16
    kind = mode & _MODE_TYPE
    if kind == _MODE_LINK:
        _refuse(ArchiveRule.SYMLINK, where)
    if kind not in (0, _MODE_FOLDER if is_folder else _MODE_FILE):
        _refuse(ArchiveRule.SPECIAL_FILE, where)
    if mode & _MODE_PRIVILEGED or external & _DOS_VOLUME:
        _refuse(ArchiveRule.SPECIAL_FILE, where)
    if external & _DOS_FOLDER and not is_folder:
        _refuse(ArchiveRule.SPECIAL_FILE, where)


def _extras(extra: bytes, where: str) -> bytes | None:
    """The zip64 field of an entry's extra data, if there is one; harmless fields are passed by."""
    zip64: bytes | None = None
    at = 0
    while at < len(extra):
        if at + _EXTRA_HEADER.size > len(extra):
            _refuse(ArchiveRule.EXTRA_FIELD, f"cut short {where}")
        kind, size = _EXTRA_HEADER.unpack_from(extra, at)
        at += _EXTRA_HEADER.size
        if at + size > len(extra):
            _refuse(ArchiveRule.EXTRA_FIELD, f"cut short {where}")
        if kind == _ZIP64_EXTRA and zip64 is None:
            zip64 = extra[at : at + size]
        elif kind in _OTHER_WORDS or kind == _ZIP64_EXTRA:
            _refuse(ArchiveRule.EXTRA_FIELD, f"{kind:#06x} {where}")
        elif kind not in _HARMLESS_EXTRA:
            _refuse(ArchiveRule.UNKNOWN_EXTRA, f"{kind:#06x} {where}")
        at += size
    return zip64


def _place(data: bytes, entries: Iterable[_Entry], start: int, deviations: set[Deviation]) -> None:
    """The members fill the space before the directory: no gap, no overlap (ZIP-02, ZIP-04)."""
    at = 0
    for entry in sorted(entries, key=lambda one: one.offset):
        if entry.offset != at:
            rule = ArchiveRule.GAP if entry.offset > at else ArchiveRule.OVERLAP
            _refuse(rule, f"before entry {entry.index}")
        at = _local_header(data, entry, start, deviations)
    if at != start:
        _refuse(ArchiveRule.GAP, "before the directory")


def _local_header(data: bytes, entry: _Entry, start: int, deviations: set[Deviation]) -> int:
    """Compare the local header with its directory entry; answer where the member ends (ZIP-03)."""
    where = f"at entry {entry.index}"
    if entry.offset + _LOCAL_HEADER.size > start:
        _refuse(ArchiveRule.LOCAL_HEADER, where)
    (
        signature, _needed, flags, method, _time, _date, crc, packed, size, name_size, extra_size,
    ) = _LOCAL_HEADER.unpack_from(data, entry.offset)  # fmt: skip
    if signature != _LOCAL:
        _refuse(ArchiveRule.LOCAL_HEADER, where)
    name_at = entry.offset + _LOCAL_HEADER.size
    extra_at = name_at + name_size
    entry.data_at = extra_at + extra_size
    following = entry.data_at + entry.packed
    if following > start:
        _refuse(ArchiveRule.OVERLAP, f"{where} with the directory")
    if method != entry.method or data[name_at:extra_at] != entry.raw_name:
        _refuse(ArchiveRule.LOCAL_DIFFERS, where)
    if flags != entry.flags:
        _same_flags(entry, flags, deviations)
    zip64 = _extras(data[extra_at : entry.data_at], where) if extra_size else None
    if flags & _FLAG_DESCRIPTOR:
        if zip64 is not None:
            _refuse(ArchiveRule.ZIP64, where)
        _announced(entry, crc, packed, size, deviations)
        return _descriptor(data, entry, following, start)
    if zip64 is not None:
        packed, size = _widened(entry, zip64, packed, size)
        deviations.add(Deviation.LOCAL_ZIP64_SIZES)
    if (crc, packed, size) != (entry.crc, entry.packed, entry.size):
        _refuse(ArchiveRule.LOCAL_DIFFERS, where)
    return following


def _same_flags(entry: _Entry, flags: int, deviations: set[Deviation]) -> None:
    """Only the promise of UTF-8 may differ, and only where it changes nothing."""
    if flags ^ entry.flags != _FLAG_UTF8 or not entry.raw_name.isascii():
        _refuse(ArchiveRule.LOCAL_DIFFERS, f"at entry {entry.index}")
    deviations.add(Deviation.UTF8_FLAG_DIFFERS)


def _widened(entry: _Entry, zip64: bytes, packed: int, size: int) -> tuple[int, int]:
    """Packed and full size of a local header with a zip64 field: the directory's, or refused."""
    if zip64 != _ZIP64_SIZES.pack(entry.size, entry.packed):
        _refuse(ArchiveRule.LOCAL_DIFFERS, f"at entry {entry.index}")
    if (packed, size) == (_UNKNOWN_32, _UNKNOWN_32):
        return entry.packed, entry.size
    return packed, size


def _announced(entry: _Entry, crc: int, packed: int, size: int, deviations: set[Deviation]) -> None:
    """A header that leaves its figures to a descriptor has zeros, or the same figures."""
    if (crc, packed, size) == (0, 0, 0):
        return
    if crc in (0, entry.crc) and packed in (0, entry.packed) and size in (0, entry.size):
        deviations.add(Deviation.DESCRIPTOR_SIZES_KEPT)
        return
    _refuse(ArchiveRule.LOCAL_DIFFERS, f"at entry {entry.index}")


def _descriptor(data: bytes, entry: _Entry, at: int, start: int) -> int:
    """The data descriptor, with its signature, repeating the directory; answers where it ends.

    A stored member with a descriptor has no end that a streaming reader could find: refused
    unless it is empty.
    """
    where = f"at entry {entry.index}"
    following = at + _DESCRIPTOR_RECORD.size
    if following > start or (entry.method == _STORED and entry.size):
        _refuse(ArchiveRule.DESCRIPTOR, where)
    expected = (_DESCRIPTOR, entry.crc, entry.packed, entry.size)
    if _DESCRIPTOR_RECORD.unpack_from(data, at) != expected:
        _refuse(ArchiveRule.DESCRIPTOR, where)
    return following


def _within(entries: Iterable[_Entry], limits: ArchiveLimits) -> None:
    """Hold the announced sizes against the limits; inflating holds the members to them (ZIP-01)."""
    total = 0
    for entry in entries:
        where = f"at entry {entry.index}"
        if entry.size > limits.member:
            _refuse(ArchiveRule.MEMBER_TOO_LARGE, f"over {limits.member} bytes {where}")
        if entry.size > limits.ratio_from and entry.size > limits.ratio * entry.packed:
            _refuse(ArchiveRule.RATIO, f"over {limits.ratio} {where}")
        total += entry.size
        if total > limits.total:
            _refuse(ArchiveRule.TOTAL_TOO_LARGE, f"over {limits.total} bytes {where}")


def _content(data: bytes, entry: _Entry, meter: Meter, deviations: set[Deviation]) -> bytes:
    where = f"at entry {entry.index}"
    packed = data[entry.data_at : entry.data_at + entry.packed]
    if entry.is_folder and (entry.size or entry.packed):
        if entry.size or entry.packed != _EMPTY_DEFLATE or entry.method != _DEFLATED:
            _refuse(ArchiveRule.SPECIAL_FILE, f"a folder with content {where}")
        deviations.add(Deviation.FOLDER_WITH_STREAM)
    if entry.method == _STORED:
        if entry.size != entry.packed:
            _refuse(ArchiveRule.SIZE_DIFFERS, where)
        content = packed
        meter.inflated += len(content)
    else:
        content = _inflate(packed, entry, meter, deviations)
    if zlib.crc32(content) != entry.crc:
        _refuse(ArchiveRule.CHECKSUM, where)
    return content


def _inflate(packed: bytes, entry: _Entry, meter: Meter, deviations: set[Deviation]) -> bytes:
    """Inflate at most one byte more than the entry announces, so that no lie costs memory."""
    where = f"at entry {entry.index}"
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, entry.size + 1)
    except zlib.error:
        _refuse(ArchiveRule.DEFLATE, where)
    meter.inflated += len(content)
    if len(content) != entry.size:
        _refuse(ArchiveRule.SIZE_DIFFERS, where)
    if not inflater.eof:
        _refuse(ArchiveRule.DEFLATE, f"cut short {where}")
    if inflater.unused_data:
        if inflater.unused_data != zlib.adler32(content).to_bytes(4, "big"):
            _refuse(ArchiveRule.DEFLATE, f"bytes after the stream {where}")
        deviations.add(Deviation.ZLIB_CHECKSUM_KEPT)
    return content
