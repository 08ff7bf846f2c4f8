"""ZIP archives written field by field, so that any of them can lie.

The service reads archives with its own reader; this writer shares no code with it and none with
`zipfile`. A `Member` is honest unless told otherwise.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

STORED, DEFLATED = 0, 8
UTF8 = 1 << 11
DESCRIPTOR = 1 << 3

_LOCAL = ("signature", "needed", "flags", "method", "time", "date", "crc", "packed", "size")
_CENTRAL = (
    "signature", "made_by", "needed", "flags", "method", "time", "date", "crc", "packed", "size",
)  # fmt: skip


@lru_cache(maxsize=64)  # asked for several times for each member
def deflate(data: bytes) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True, slots=True)
class Member:
    """One member; `local` and `central` override header fields by name."""

    name: bytes
    data: bytes = b""
    method: int = DEFLATED
    flags: int = 0
    packed: bytes | None = None
    """What stands in the archive instead of the packed data."""
    external: int = 0
    local: Mapping[str, int] = field(default_factory=dict)
    central: Mapping[str, int] = field(default_factory=dict)
    local_name: bytes | None = None
    local_extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    after: bytes = b""

    @property
    def stream(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflate(self.data) if self.method == DEFLATED else self.data

    @property
    def fields(self) -> dict[str, int]:
        return {
            "needed": 20,
            "flags": self.flags,
            "method": self.method,
            "time": 0,
            "date": 33,
            "crc": zlib.crc32(self.data),
            "packed": len(self.stream),
            "size": len(self.data),
        }

    def described(self, *, signed: bool = True, **lies: int) -> "Member":
        """The same member with zeros in its local header and a data descriptor behind it."""
        figures = {**self.fields, **lies}
        record = struct.pack("<3I", figures["crc"], figures["packed"], figures["size"])
        return replace(
            self,
            flags=self.flags | DESCRIPTOR,
            local={"crc": 0, "packed": 0, "size": 0, **self.local},
            after=(b"PK\x07\x08" if signed else b"") + record,
        )

    def local_header(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        values = {"signature": 0x04034B50, **self.fields, **self.local}
        head = struct.pack("<IHHHHHIII", *(values[one] for one in _LOCAL))
        return head + struct.pack("<HH", len(name), len(self.local_extra)) + name + self.local_extra

    def central_header(self, offset: int) -> bytes:
        values = {"signature": 0x02014B50, "made_by": 20, **self.fields, **self.central}
        head = struct.pack("<IHHHHHHIII", *(values[one] for one in _CENTRAL))
        tail = struct.pack(
            "<HHHHHII",
            len(self.name),
            len(self.central_extra),
            len(self.comment),
            values.get("disk", 0),
            0,
            values.get("external", self.external),
            values.get("offset", offset),
        )
        return head + tail + self.name + self.central_extra + self.comment


def archive(
    members: Iterable[Member],
    *,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    before_end: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    shift: int = 0,
    end: Mapping[str, int] | None = None,
) -> bytes:
    """An archive of `members`.

    Args:
        members: in order.
        prefix: bytes before the first member.
        before_directory: bytes between the members and the directory.
        before_end: bytes between the directory and the end record.
        comment: of the archive.
        suffix: bytes after it.
        shift: added to every offset.
        end: overrides of the end record: disk, directory_disk, here, count, size, start.
    """
    body, directory, count = bytearray(prefix), bytearray(), 0
    for member in members:
        directory += member.central_header(len(body) + shift)
        body += member.local_header() + member.stream + member.after
        count += 1
    body += before_directory
    values = {
        "disk": 0, "directory_disk": 0, "here": count, "count": count,
        "size": len(directory), "start": len(body) + shift, **(end or {}),
    }  # fmt: skip
    record = struct.pack("<4s4H2IH", b"PK\x05\x06", *values.values(), len(comment))
    return bytes(body + directory + before_end + record + comment + suffix)


def plain(files: Mapping[str, bytes], method: int = DEFLATED) -> bytes:
    """An honest archive of `files`."""
    return archive(
        Member(name.encode(), data, method, 0 if name.isascii() else UTF8)
        for name, data in files.items()
    )
