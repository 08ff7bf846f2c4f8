"""Attacks by the archive: what one reader of ZIP sees and another does not. All by an outsider."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox.archive import DEFLATED, DESCRIPTOR_FLAG, UTF8_FLAG, Entry, Lies, archive
from sandbox.deflate import deflate
from sandbox.ofd_forging import OfdAttack, archived, attack
from sandbox.pages import OFD_XML, PAGE

Entries = list[Entry]
_EVIL = b"<Page/>"
_SYMLINK, _DEVICE, _SETUID = 0o120777 << 16, 0o020644 << 16, 0o104755 << 16
_BOMB = 4 << 20
_EMPTY_ENTRIES = 2_001
_LOCAL = 30
"""Octets of a member's header before its name: with OFD.xml's name it is known for an OFD file."""
"""One more than a package may hold."""


def _at(members: Entries, name: str) -> int:
    return next(i for i, member in enumerate(members) if member.name == name.encode())


def _bent(name: str, **lies: object) -> Callable[[Entries], bytes]:
    """One member with other fields."""

    def forge(members: Entries) -> bytes:
        at = _at(members, name)
        members[at] = replace(members[at], **lies)  # type: ignore[arg-type]
        return archive(members)

    return forge


def _local(**lies: int | bytes) -> Callable[[Entries], bytes]:
    return _bent(PAGE, local=lies)


def _both(**lies: int | bytes) -> Callable[[Entries], bytes]:
    return _bent(PAGE, local=lies, central=lies)


def _added(*more: Entry, first: bool = False) -> Callable[[Entries], bytes]:
    return lambda members: archive([*more, *members] if first else [*members, *more])


def _named(name: bytes) -> Callable[[Entries], bytes]:
    """One more member of that name, marked UTF-8 where it is not ASCII."""
    return _added(Entry(name=name, content=_EVIL))


def _whole(
    *, prefix: bytes = b"", comment: bytes = b"", gap: bytes = b"", end: Lies | None = None,
    before_end: bytes = b"", trailer: bytes = b"",
) -> Callable[[Entries], bytes]:  # fmt: skip
    return lambda members: archive(
        members,
        prefix=prefix,
        comment=comment,
        gap=gap,
        end=end,
        before_end=before_end,
        trailer=trailer,
    )


def _second_archive(members: Entries) -> bytes:
    """Another whole archive behind the first."""
    at = _at(members, PAGE)
    evil = [replace(m, content=_EVIL) if i == at else m for i, m in enumerate(members)]
    return archive(members) + archive(evil)


def _end_in_comment(members: Entries) -> bytes:
    """A whole archive inside the comment of another."""
    return archive(members, comment=archive([Entry(name=b"OFD.xml", content=b"<OFD/>")]))


def _overlap(members: Entries) -> bytes:
    """Two directory entries over the same data."""
    at = _at(members, PAGE)
    page = members[at]
    here = sum(30 + len(m.name) + len(_data(m)) for m in members[:at])
    twin = replace(page, name=b"Doc_0/Pages/Page_1/Content.xml", written=False)
    return archive([*members, replace(twin, central={"offset": here})])


def _data(member: Entry) -> bytes:
    return deflate(member.content) if member.method == DEFLATED else member.content


def _other_local_name(members: Entries) -> bytes:
    return _local(name=PAGE.encode().replace(b"Page_0", b"Page_1"))(members)


def _descriptor(*, crc: int | None = None, size: int | None = None) -> Callable[[Entries], bytes]:
    """A data descriptor that does not repeat the directory."""

    def forge(members: Entries) -> bytes:
        at = _at(members, PAGE)
        page = replace(members[at], method=DEFLATED)
        right = zlib.crc32(page.content), len(_data(page)), len(page.content)
        said = (right[0] if crc is None else crc, right[1], right[2] if size is None else size)
        members[at] = replace(
            page,
            local={"flags": DESCRIPTOR_FLAG, "crc": 0, "packed": 0, "size": 0},
            central={"flags": DESCRIPTOR_FLAG},
            descriptor=struct.pack("<4s3I", b"PK\x07\x08", *said),
        )
        return archive(members)

    return forge


def _zip64_locator() -> bytes:
    return b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)


def _unicode_path(members: Entries) -> bytes:
    """The Info-ZIP field that gives a member another name to those who read it."""
    other = b"Doc_0/Pages/Page_1/Content.xml"
    body = b"\x01" + struct.pack("<I", zlib.crc32(PAGE.encode())) + other
    extra = struct.pack("<HH", 0x7075, len(body)) + body
    return _both(extra=extra)(members)


def _names() -> Iterator[tuple[str, str, Callable[[Entries], bytes]]]:
    page = PAGE.encode()
    yield "name_twice_first", "OFD-05", _added(Entry(name=page, content=_EVIL), first=True)
    yield "name_twice_last", "OFD-05", _named(page)
    yield "name_case_twin", "OFD-06", _named(b"doc_0/pages/page_0/content.xml")
    yield "name_form_twins", "OFD-06", _added(
        Entry(name="Doc_0/Res/é.png".encode(), content=_EVIL),
        Entry(name="Doc_0/Res/e\u0301.png".encode(), content=_EVIL),
    )  # fmt: skip
    yield "name_wide_twin", "OFD-06", _named("Doc_0/Ｄocument.xml".encode())
    yield "name_backslash", "OFD-06", _named(page.replace(b"/", b"\\"))
    yield "name_double_slash", "OFD-06", _named(page.replace(b"/", b"//"))
    yield "name_dot_segment", "OFD-06", _named(b"Doc_0/./Pages/Page_0/Content.xml")
    yield "name_trailing_dot", "OFD-06", _named(page + b".")
    yield "name_trailing_space", "OFD-06", _named(page + b" ")
    yield "name_zero_byte", "OFD-06", _named(page + b"\x00.png")
    yield "name_escaped", "OFD-06", _named(b"Doc_0%2ePages")
    yield "name_wide_slash", "OFD-06", _named("Doc_0／Pages".encode())
    yield "name_traversal", "ZIP-06 OFD-07", _named(b"../../etc/cron.d/x")
    yield "name_absolute", "ZIP-06", _named(b"/etc/passwd")
    yield "name_drive", "ZIP-06", _named(b"C:/Windows/win.ini")
    yield "name_empty", "ZIP-06", _named(b"")
    yield "name_too_long", "ZIP-07", _named(b"a" * 256)
    yield "name_invalid_utf8", "ZIP-03", _added(
        Entry(name=b"Doc_0/\xff\xfe", content=_EVIL, local={"flags": UTF8_FLAG})
    )  # fmt: skip


def _records() -> Iterator[tuple[str, str, Callable[[Entries], bytes]]]:
    yield "bomb", "ZIP-01", _added(
        Entry(name=b"Doc_0/Res/zeros", content=bytes(_BOMB), method=DEFLATED)
    )  # fmt: skip
    yield "bomb_understated", "ZIP-01", _added(
        Entry(
            name=b"Doc_0/Res/zeros", content=b"", method=DEFLATED, packed=deflate(bytes(_BOMB))
        )
    )  # fmt: skip
    yield "overlap", "ZIP-02", _overlap
    yield "local_name_differs", "ZIP-03", _other_local_name
    yield "local_size_differs", "ZIP-03", _local(size=1)
    yield "local_packed_differs", "ZIP-03", _local(packed=1)
    yield "local_crc_differs", "ZIP-03", _local(crc=1)
    yield "local_method_differs", "ZIP-03", _local(method=0)
    yield "local_flags_differ", "ZIP-03", _local(flags=DESCRIPTOR_FLAG)
    yield "crc_wrong", "ZIP-03", _both(crc=1)
    yield "size_wrong", "ZIP-03", _both(size=1)
    yield "unicode_path", "ZIP-03", _unicode_path
    yield "descriptor_crc", "ZIP-03", _descriptor(crc=0)
    yield "descriptor_size", "ZIP-03", _descriptor(size=1)
    yield "deflate_cut", "ZIP-03", _bent(PAGE, packed=b"\x4b")
    yield "unlisted_member", "ZIP-03", _added(Entry(name=b"Doc_0/x", content=_EVIL, listed=False))
    yield "second_archive", "ZIP-04", _second_archive
    yield "archive_in_comment", "ZIP-04", _end_in_comment
    yield "comment", "ZIP-04", _whole(comment=b"sealed by nobody")
    yield "prefix", "ZIP-04", _whole(prefix=b"%PDF-1.7\n")
    yield "trailer", "ZIP-04", _whole(trailer=b"<html>")
    yield "gap_before_directory", "ZIP-04", _whole(gap=b"hidden")
    yield "gap_before_member", "ZIP-04", _bent(PAGE, before=b"hidden")
    yield "count_too_low", "ZIP-04", _whole(end={"here": 1, "count": 1})
    yield "zip64_locator", "ZIP-05", _whole(before_end=_zip64_locator())
    yield "zip64_sizes", "ZIP-05", _both(packed=0xFFFFFFFF)
    yield "other_disk", "ZIP-05", _whole(end={"disk": 1})
    yield "symlink", "ZIP-06", _bent(PAGE, central={"external": _SYMLINK})
    yield "device", "ZIP-06", _bent(PAGE, central={"external": _DEVICE})
    yield "setuid", "ZIP-06", _bent(PAGE, central={"external": _SETUID})
    yield "many_entries", "ZIP-07", _added(
        *(Entry(name=b"%x" % i, content=b"") for i in range(_EMPTY_ENTRIES))
    )  # fmt: skip
    for word, method in (
        ("shrink", 1),
        ("deflate64", 9),
        ("bzip2", 12),
        ("lzma", 14),
        ("zstd", 93),
    ):
        yield f"method_{word}", "ZIP-08", _both(method=method)
    yield "encrypted_member", "ZIP-08 OFD-30", _both(flags=1)
    yield "no_entry_point", "ZIP-03", lambda members: archive(members[1:])
    yield "not_an_archive", "ZIP-04", lambda members: archive(members)[: _LOCAL + len(OFD_XML)]
    yield "entry_point_empty", "XML-06", _bent(OFD_XML, content=b"")


_OUR_LIMITS = frozenset(
    {"name_too_long", "bomb", "many_entries", "zip64_locator", "zip64_sizes"}
    | {f"method_{word}" for word in ("shrink", "deflate64", "bzip2", "lzma", "zstd")}
)
"""By the book of ZIP, and more than a verifier need read: doubt, not a fault of the file."""


def _reason(name: str) -> str:
    if name == "encrypted_member":
        return "encrypted"
    return "beyond_limits" if name in _OUR_LIMITS else "malformed"


def attacks() -> Iterator[OfdAttack]:
    """All of this module: no reader may take such an archive for a document."""
    for name, threats, change in (*_names(), *_records()):
        # Of no kind at all, where the first bytes are not those of an archive.
        also = ("unrecognised",) if name == "prefix" else ()
        yield attack(f"zip_{name}", _reason(name), threats, archived(change), also=also)
