"""OFD packages: a ZIP by its directory, the parts by what leads to them (GB/T 33190)."""

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser, fromstring

from sandbox.reading.der import Unreadable

SPACES = ("http://www.ofdspec.org/2016", "http://www.ofdspec.org")
MAX_DEPTH, MAX_ATTRIBUTES = 64, 128
MAX_ENTRIES, MAX_RATIO, MAX_NAME = 2_000, 100, 255
_MEGABYTE = 1 << 20


def members(data: bytes) -> dict[str, bytes]:
    """Every file of the archive, as lenient as the standard library is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {
                item.filename.lstrip("/"): archive.read(item)
                for item in archive.infolist()
                if not item.is_dir()
            }
    except Exception as exc:  # the library lets several kinds of errors through
        raise Unreadable(f"no archive: {type(exc).__name__}") from exc


def plain_archive(data: bytes) -> str | None:
    """What keeps the archive from having one reading only (APPNOTE 6.3.10), or None."""
    end = len(data) - 22
    if data[:4] != b"PK\x03\x04" or end < 0 or data[end : end + 4] != b"PK\x05\x06":
        return "does not begin with a member and end with its end record"
    disk, first, here, count, size, start, comment = struct.unpack_from("<4HLLH", data, end + 4)
    if disk or first or here != count or comment or start + size != end or count > MAX_ENTRIES:
        return "its end record does not fit"
    at, offset, seen = start, 0, set[str]()
    for _ in range(count):
        fields = struct.unpack_from("<4s6H3L5H2L", data, at)
        name = data[at + 46 : at + 46 + fields[10]]
        problem = _entry(data, fields, name, seen) or _local(data, fields, name, offset)
        if problem:
            return problem
        at += 46 + sum(fields[10:13])
        offset = fields[16] + 30 + len(name) + fields[8]
    return None if at == end and offset == start else "there are gaps"


_Fields = tuple[bytes | int, ...]


def _entry(data: bytes, fields: _Fields, raw: bytes, seen: set[str]) -> str | None:
    del data
    flags, method, packed, size = (int(fields[i]) for i in (3, 4, 8, 9))
    if fields[0] != b"PK\x01\x02" or flags & ~0x800 or method not in {0, 8}:
        return "an entry of another kind"
    if fields[11] or fields[12] or fields[13] or int(fields[15]) >> 28 not in {0, 8}:
        return "an entry with more than a file"
    if int(fields[15]) >> 16 & 0o7000 or (size > _MEGABYTE and size > MAX_RATIO * packed):
        return "an entry no document has"
    try:
        name = raw.decode("ascii") if not flags & 0x800 else raw.decode()
    except UnicodeDecodeError:
        return "a name in no alphabet"
    folded = name.casefold()
    odd = any(c in name for c in "\\:%\x00") or any(ord(c) > 0xFF00 for c in name)
    segments = name.split("/")
    if not name or len(raw) > MAX_NAME or odd or folded in seen or not name.isascii():
        return "a name that could be another's"
    if any(not s or s[-1] in ". " for s in segments):
        return "a name that is not canonical"
    seen.add(folded)
    return None


def _local(data: bytes, fields: _Fields, name: bytes, offset: int) -> str | None:
    if fields[16] != offset:
        return "members overlap or leave gaps"
    local = struct.unpack_from("<4s5H3L2H", data, offset)
    same = (local[2], local[3], *local[6:9]) == (fields[3], fields[4], *fields[7:10])
    at = offset + 30
    if not same or local[10] or data[at : at + local[9]] != name:
        return "local header and directory differ"
    packed = data[at + len(name) : at + len(name) + int(fields[8])]
    try:
        content = zlib.decompress(packed, -15) if fields[4] else packed
    except zlib.error:
        return "a member does not inflate"
    if (zlib.crc32(content), len(content)) != (fields[7], fields[9]):
        return "a member is not what its header says"
    return None


def markup(content: bytes) -> Element:
    """The root of a part: UTF-8, no document type, no instruction, not too deep."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Unreadable("XML that is not UTF-8") from exc
    head = text.lstrip().partition("?>")[0]
    strange = head.startswith("<?xml") and ('1.1"' in head or "ISO" in head or "UTF-7" in head)
    if "<!DOCTYPE" in text or strange or "<?" in text.lstrip()[5:] or "\x00" in text:
        raise Unreadable("XML of another kind than OFD's")
    try:
        reader = XMLParser(target=TreeBuilder(insert_comments=True))  # noqa: S314 - no DOCTYPE
        root = fromstring(text, reader)  # noqa: S314
    except ParseError as exc:
        raise Unreadable("XML that is not well-formed") from exc
    _bounded(root, 0)
    return root


def _bounded(element: Element, depth: int) -> None:
    if depth > MAX_DEPTH or len(element.attrib) > MAX_ATTRIBUTES:
        raise Unreadable("XML beyond its limits")
    for child in element:
        _bounded(child, depth + 1)


def local(element: Element) -> str:
    """The name of an element of OFD's namespace; of another, its whole tag."""
    tag: object = element.tag
    if not isinstance(tag, str):  # a comment
        return ""
    space, brace, name = tag.removeprefix("{").rpartition("}")
    return name if space in SPACES else tag if brace else f"{{}}{tag}"


def below(element: Element, name: str) -> list[Element]:
    """The children of that name; one of the same name in another namespace is a trap."""
    if any(local(child).endswith(f"}}{name}") for child in element):
        raise Unreadable(f"{name} in another namespace")
    return [child for child in element if local(child) == name]


def only(element: Element, name: str) -> Element:
    found = below(element, name)
    if len(found) != 1:
        raise Unreadable(f"{name} stands {len(found)} times")
    return found[0]


def path(element: Element) -> str:
    """The text of an element that holds a path and nothing else."""
    if len(element):
        raise Unreadable("a path in pieces")
    return (element.text or "").strip()


def resolve(target: str, source: str) -> str:
    """From the package's root, or from the folder of the part that names it."""
    start = "" if target.startswith("/") else posixpath.dirname(source)
    return posixpath.normpath(posixpath.join("/", start, target.lstrip("/"))).lstrip("/")


@dataclass(frozen=True, slots=True)
class Package:
    """Parts, those that are shown, and those that only signing added."""

    members: dict[str, bytes]
    shown: frozenset[str]
    reached: frozenset[str]
    bodies: int
    versions: int
    lists: tuple[str, ...]
    encrypted: bool


_LOCATIONS = frozenset(
    {"FileLoc", "MediaFile", "FontFile", "PublicRes", "DocumentRes", "PageRes", "SchemaLoc",
     "Annotations", "Attachments", "CustomTags", "Extensions", "DocRoot", "ExtendData"}
)  # fmt: skip
_LISTS_OF_LEAVES = frozenset({"Attachments", "CustomTags", "Extensions"})
"""What they lead to is in its producer's own words."""


def package(parts: dict[str, bytes]) -> Package:
    """Walk from OFD.xml over everything that leads anywhere."""
    encrypted = "Encryptions.xml" in parts
    if "OFD.xml" not in parts:
        raise Unreadable("no OFD.xml")
    root = markup(parts["OFD.xml"])
    if local(root) != "OFD":
        raise Unreadable("OFD.xml of another namespace")
    bodies = below(root, "DocBody")
    lists, roots, versions = [], [], 0
    for body in bodies:
        roots.append(resolve(path(only(body, "DocRoot")), "OFD.xml"))
        lists += [resolve(path(s), "OFD.xml") for s in below(body, "Signatures")]
        listed = [one for v in below(body, "Versions") for one in below(v, "Version")]
        roots += [resolve(one.get("BaseLoc", ""), "OFD.xml") for one in listed]
        versions += len(listed)
    shown, hidden = set[str](), set[str]()
    for start in roots:
        _walk(parts, start, shown, hidden)
    return Package(
        parts, frozenset(shown), frozenset(shown | hidden | {"OFD.xml"}), len(bodies), versions,
        tuple(name for name in lists if name in parts), encrypted,
    )  # fmt: skip


def _walk(
    parts: dict[str, bytes], part: str, shown: set[str], hidden: set[str], *, leaf: bool = False
) -> None:
    """Everything a document leads to; the data index is reached and not shown."""
    found = {name.casefold(): name for name in parts}.get(part.casefold())
    if found is None or found in shown or found in hidden:
        return
    (hidden if "/Tags/" in f"/{found}" or "CustomTag" in found else shown).add(found)
    if leaf or not found.endswith(".xml"):
        return
    root = markup(parts[found])
    leaves = local(root) in _LISTS_OF_LEAVES
    for target in _targets(root):
        _walk(parts, resolve(target, found), shown, hidden, leaf=leaves)


def _targets(root: Element) -> Iterator[str]:
    base = root.get("BaseLoc") if local(root) == "Res" else None
    for element in root.iter():
        name = local(element)
        if element is not root and element.get("BaseLoc"):
            yield element.get("BaseLoc", "")
        if name in _LOCATIONS and element.text and element.text.strip():
            text = element.text.strip()
            inside = base and name in {"MediaFile", "FontFile"} and not text.startswith("/")
            yield posixpath.join(base, text) if base and inside else text
