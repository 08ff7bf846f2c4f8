"""Writing ZIP archives byte by byte (APPNOTE 6.3.10), true or lying field by field.

A lie is said by name: `local={"crc": 0}` writes another checksum into the local header only.
Dates are fixed, so that equal content gives equal bytes.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.deflate import deflate

STORED, DEFLATED = 0, 8
UTF8_FLAG, DESCRIPTOR_FLAG = 1 << 11, 1 << 3
_TIME, _DATE = 0, (2026 - 1980) << 9 | 1 << 5 | 1
_FILE_MODE = 0o100644 << 16

Lies = Mapping[str, int | bytes]
"""Of a header: signature, needed, flags, method, crc, packed, size, name, extra; of the directory
also made_by, comment, disk, external, offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member."""

    name: bytes
    content: bytes
    method: int = STORED
    packed: bytes | None = None
    """What is stored, where it shall not follow from content and method."""
    local: Lies = field(default_factory=dict)
    central: Lies = field(default_factory=dict)
    descriptor: bytes = b""
    """Whatever follows the data."""
    before: bytes = b""
    """Bytes that belong to nothing, before the local header."""
    listed: bool = True
    """It stands in the directory."""
    written: bool = True
    """It stands in the file; else only the directory speaks of it."""


def entries(parts: Mapping[str, bytes], *, compress: bool) -> list[Entry]:
    """Honest entries: pictures and values stored, the rest deflated if so wished."""
    return [
        Entry(
            name=name.encode(),
            content=content,
            method=DEFLATED if compress and name.endswith(".xml") else STORED,
        )
        for name, content in parts.items()
    ]


def archive(
    members: Iterable[Entry],
    *,
    prefix: bytes = b"",
    comment: bytes = b"",
    gap: bytes = b"",
    before_end: bytes = b"",
    end: Lies | None = None,
    trailer: bytes = b"",
) -> bytes:
    """The whole file.

    Args:
        members: in the order of the file and of the directory.
        prefix: bytes before the first member.
        comment: of the archive.
        gap: bytes between the last member and the directory.
        before_end: bytes between directory and end record.
        end: lies of the end record: disk, start_disk, here, count, size, start.
        trailer: bytes after the end record.
    """
    out = bytearray(prefix)
    directory = bytearray()
    count = 0
    for member in members:
        out += member.before
        fields = _fields(member)
        at = len(out)
        if member.written:
            out += _local(fields | dict(member.local)) + _packed(member) + member.descriptor
        if member.listed:
            directory += _central({**fields, "offset": at, **member.central})
            count += 1
    out += gap
    said: dict[str, int | bytes] = {
        "disk": 0, "start_disk": 0, "here": count, "count": count,
        "size": len(directory) + len(before_end), "start": len(out), **(end or {}),
    }  # fmt: skip
    names = ("disk", "start_disk", "here", "count", "size", "start")
    record = struct.pack("<4HLL", *(said[name] for name in names))
    tail = b"PK\x05\x06" + record + struct.pack("<H", len(comment)) + comment
    return bytes(out + directory) + before_end + tail + trailer


def _packed(member: Entry) -> bytes:
    if member.packed is not None:
        return member.packed
    return deflate(member.content) if member.method == DEFLATED else member.content


def _fields(member: Entry) -> dict[str, int | bytes]:
    return {
        "signature": b"",
        "needed": 20,
        "made_by": 3 << 8 | 20,
        "flags": 0 if member.name.isascii() else UTF8_FLAG,
        "method": member.method,
        "crc": zlib.crc32(member.content),
        "packed": len(_packed(member)),
        "size": len(member.content),
        "name": member.name,
        "extra": b"",
        "comment": b"",
        "disk": 0,
        "external": _FILE_MODE,
    }


def _octets(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise TypeError("octets are needed")
    return value


def _local(f: Mapping[str, int | bytes]) -> bytes:
    name, extra = _octets(f["name"]), _octets(f["extra"])
    head = struct.pack(
        "<5H3L2H",
        f["needed"], f["flags"], f["method"], _TIME, _DATE, f["crc"], f["packed"], f["size"],
        len(name), len(extra),
    )  # fmt: skip
    return (_octets(f["signature"]) or b"PK\x03\x04") + head + name + extra


def _central(f: Mapping[str, int | bytes]) -> bytes:
    name, extra, comment = (_octets(f[key]) for key in ("name", "extra", "comment"))
    head = struct.pack(
        "<6H3L5H2L",
        f["made_by"], f["needed"], f["flags"], f["method"], _TIME, _DATE, f["crc"], f["packed"],
        f["size"], len(name), len(extra), len(comment), f["disk"], 0, f["external"], f["offset"],
    )  # fmt: skip
    return b"PK\x01\x02" + head + name + extra + comment
