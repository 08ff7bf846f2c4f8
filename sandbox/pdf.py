"""Writing PDF licenses and saving them again: ISO 32000-2, as far as an issuer and a forger need.

A `Paper` is the file with what is needed to add another revision behind it. Text is shown in a
Chinese font every reader has (Adobe-GB1), and stands in the document information under the names
of GB/T 36903 too, because nobody can verify what is only drawn.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sandbox.bodies import BEIJING
from sandbox.pages import Made

CATALOG, PAGES, PAGE, CONTENTS, INFO, FONT, CID_FONT = range(1, 8)
FIRST_FREE = 8
KEPT_FREE = 4096
"""Octets kept free for a signature value."""
HEAD = b"%PDF-1.7\n%\xe5\x8d\xb0\xe7\xab\xa0\n"
_RANGE = b"/ByteRange [0 0000000000 0000000000 0000000000]"

Objects = Mapping[int, bytes]
Ranges = tuple[int, int, int, int]
Values = Callable[[bytes], bytes]
"""From the octets that are signed to the value in /Contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file and what its next revision builds on."""

    content: bytes
    startxref: int
    size: int
    """The next free object number."""
    catalog: Mapping[str, str]
    page: Mapping[str, str]
    info: Mapping[str, str]
    fields: tuple[int, ...] = ()
    annotations: tuple[int, ...] = ()
    form: str = ""
    """Further entries of the form (AcroForm)."""


def text_string(text: str) -> str:
    """UTF-16BE with its mark, in hexadecimal."""
    return f"<{('﻿' + text).encode('utf-16-be').hex().upper()}>"


def pdf_date(at: datetime) -> str:
    return f"({at.astimezone(BEIJING):D:%Y%m%d%H%M%S+08'00'})"


def name_of(text: str) -> str:
    """A name from any text."""
    plain = "".join(
        chr(octet) if chr(octet).isalnum() and octet < 0x80 else f"#{octet:02X}"
        for octet in text.encode()
    )
    return f"/{plain}"


def dictionary(entries: Mapping[str, str]) -> bytes:
    return ("<<" + " ".join(f"{key} {value}" for key, value in entries.items()) + ">>").encode()


def stream(data: bytes, more: str = "", *, deflate: bool = False) -> bytes:
    """A stream object's value."""
    if deflate:
        data, more = zlib.compress(data, 9), f"{more} /Filter /FlateDecode"
    return f"<< /Length {len(data)}{more} >>\nstream\n".encode() + data + b"\nendstream"


def drawn(lines: list[str]) -> bytes:
    """A page's content: lines of text."""
    shown = ["BT", "/F1 12 Tf", "72 760 Td", "20 TL"]
    shown += [f"<{line.encode('utf-16-be').hex().upper()}> Tj T*" for line in lines]
    return "\n".join([*shown, "ET"]).encode()


@dataclass(slots=True)
class Draft:
    """The objects of a document before it is written for the first time."""

    catalog: dict[str, str]
    page: dict[str, str]
    info: dict[str, str]
    objects: dict[int, bytes]


def write(made: Made, change: Callable[[Draft], None] | None = None) -> Paper:
    """The unsigned document. `change` may alter it before it is written."""
    draft = drafted(made, change)
    return save(unwritten(draft), draft.objects)


def unwritten(draft: Draft) -> Paper:
    """Nothing but a header, to write the objects behind."""
    return Paper(
        content=HEAD,
        startxref=0,
        size=max(draft.objects) + 1,
        catalog=draft.catalog,
        page=draft.page,
        info=draft.info,
    )


def drafted(made: Made, change: Callable[[Draft], None] | None = None) -> Draft:
    """Every object of the document."""
    catalog = {"/Type": "/Catalog", "/Pages": f"{PAGES} 0 R"}
    page = {
        "/Type": "/Page",
        "/Parent": f"{PAGES} 0 R",
        "/MediaBox": "[0 0 595 842]",
        "/Resources": f"<</Font <</F1 {FONT} 0 R>>>>",
        "/Contents": f"{CONTENTS} 0 R",
    }
    info = {"/Producer": "(Yunhai sandbox)"}
    info |= {name_of(name): text_string(value) for name, value in made.fields}
    objects = {
        PAGES: dictionary({"/Type": "/Pages", "/Kids": f"[{PAGE} 0 R]", "/Count": "1"}),
        CONTENTS: stream(drawn([f"{name}：{value}" for name, value in made.fields])),
        FONT: dictionary(
            {
                "/Type": "/Font",
                "/Subtype": "/Type0",
                "/BaseFont": "/STSong-Light",
                "/Encoding": "/UniGB-UCS2-H",
                "/DescendantFonts": f"[{CID_FONT} 0 R]",
            }
        ),
        CID_FONT: dictionary(
            {
                "/Type": "/Font",
                "/Subtype": "/CIDFontType0",
                "/BaseFont": "/STSong-Light",
                "/CIDSystemInfo": "<</Registry (Adobe) /Ordering (GB1) /Supplement 2>>",
            }
        ),
    }
    draft = Draft(catalog, page, info, objects)
    if change is not None:
        change(draft)
    objects |= {CATALOG: dictionary(catalog), PAGE: dictionary(page), INFO: dictionary(info)}
    return draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a revision is written."""

    stream_section: bool = False
    """A cross-reference stream in place of a table."""
    packed: bool = False
    """Plain objects in an object stream (needs a stream section)."""
    trailer: str = ""
    """Further entries of the trailer."""
    root: int = CATALOG
    between: bytes = b""
    """Octets between the objects and the section."""
    at: Mapping[int, int] = field(default_factory=dict)
    """Offsets the section lies about."""
    free: tuple[int, ...] = ()
    """Objects taken out of use."""


PLAIN = Style()


def save(paper: Paper, objects: Objects, style: Style = PLAIN) -> Paper:
    """The file with one more revision."""
    size = max(paper.size, *(number + 1 for number in objects)) if objects else paper.size
    written, offsets, inside = paper.content, {}, dict[int, tuple[int, int]]()
    packable = {n: o for n, o in objects.items() if style.packed and b"\nstream\n" not in o}
    if packable:
        container, size = size, size + 1
        inside = {number: (container, index) for index, number in enumerate(packable)}
        objects = {n: o for n, o in objects.items() if n not in packable}
        objects[container] = object_stream(packable)
    for number, value in objects.items():
        offsets[number] = len(written)
        written += f"{number} 0 obj\n".encode() + value + b"\nendobj\n"
    written += style.between
    offsets |= style.at
    start = len(written)
    previous = f" /Prev {paper.startxref}" if paper.startxref else ""
    more = f"/Root {style.root} 0 R /Info {INFO} 0 R{previous}{style.trailer}"
    if style.stream_section:
        written += _section_stream(size, start, offsets, inside, more)
        size += 1
    else:
        written += _section_table(size, offsets, style.free, more)
    written += f"startxref\n{start}\n%%EOF\n".encode()
    return replace(paper, content=written, startxref=start, size=size)


def _section_table(
    size: int, offsets: Mapping[int, int], free: tuple[int, ...], more: str
) -> bytes:
    rows = {number: f"{offset:010d} 00000 n \n" for number, offset in offsets.items()}
    rows |= dict.fromkeys(free, "0000000000 00001 f \n")
    text = "xref\n0 1\n0000000000 65535 f \n"
    text += "".join(f"{number} 1\n{rows[number]}" for number in sorted(rows))
    return f"{text}trailer\n<</Size {size} {more}>>\n".encode()


def _section_stream(
    size: int,
    start: int,
    offsets: Mapping[int, int],
    inside: Mapping[int, tuple[int, int]],
    more: str,
) -> bytes:
    rows = {number: (1, offset, 0) for number, offset in offsets.items()}
    rows |= {number: (2, *place) for number, place in inside.items()}
    rows[size] = (1, start, 0)
    index = " ".join(f"{number} 1" for number in sorted(rows))
    data = b"".join(
        bytes([kind]) + second.to_bytes(4, "big") + third.to_bytes(2, "big")
        for _, (kind, second, third) in sorted(rows.items())
    )
    entries = f" /Type /XRef /Size {size + 1} /W [1 4 2] /Index [{index}] {more}"
    return f"{size} 0 obj\n".encode() + stream(data, entries, deflate=True) + b"\nendobj\n"


def object_stream(objects: Objects) -> bytes:
    """An object stream with these in it."""
    body, pairs = b"", []
    for number, value in objects.items():
        pairs.append(f"{number} {len(body)}")
        body += value + b"\n"
    head = (" ".join(pairs) + "\n").encode()
    entries = f" /Type /ObjStm /N {len(objects)} /First {len(head)}"
    return stream(head + body, entries, deflate=True)


# ---- signing


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One signature to be put on the document."""

    value: Values
    sub_filter: str = "GM.sm2seal"
    filter: str = "Yunhai.SealService"
    type: str = "Sig"
    at: datetime | None = None
    """/M."""
    rect: str = "[0 0 0 0]"
    """Where the field shows; with an area it shows `appearance`."""
    appearance: bytes | None = None
    more: str = ""
    """Further entries of the signature dictionary."""
    place: str = ""
    """Further entries of its field."""
    catalog: Mapping[str, str] = field(default_factory=dict)
    """Further entries of the catalog."""
    objects: Objects = field(default_factory=dict)
    """Further objects of the revision."""
    style: Style = PLAIN
    into: tuple[int, bytes] | None = None
    """(object number, entries) of a field that is there and not signed yet."""
    ranges: Callable[[Ranges], Ranges] = lambda ranges: ranges
    """/ByteRange, bent; what is signed follows it."""
    free: int = KEPT_FREE
    entries: Callable[[str], str] = lambda entries: entries
    """The signature dictionary, bent before it is signed."""


def sign(paper: Paper, signing: Signing) -> Paper:
    """The file with one more revision that holds a signature over all of it."""
    value, field_number = paper.size, paper.size + 1
    paper = replace(paper, size=paper.size + 2)
    if signing.into is not None:
        return _signed_into(paper, signing, value, signing.into)
    objects: dict[int, bytes] = {**signing.objects}
    shown = ""
    if signing.appearance is not None:
        box = "/Type /XObject /Subtype /Form /BBox [0 0 100 100]"
        objects[paper.size] = stream(signing.appearance, f" {box}")
        shown = f" /AP <</N {paper.size} 0 R>>"
        paper = replace(paper, size=paper.size + 1)
    objects[value] = _signature(signing)
    objects[field_number] = (
        f"<</FT /Sig /T (Signature{value}) /V {value} 0 R /Type /Annot /Subtype /Widget /F 132"
        f" /Rect {signing.rect} /P {PAGE} 0 R{shown}{signing.place}>>"
    ).encode()
    paper = replace(
        paper,
        fields=(*paper.fields, field_number),
        annotations=(*paper.annotations, field_number),
        catalog={**paper.catalog, **signing.catalog},
    )
    paper, more = with_form(paper)
    saved = save(paper, {**objects, **more}, signing.style)
    return replace(saved, content=_filled(saved.content, len(paper.content), signing))


def _signature(signing: Signing) -> bytes:
    """The signature dictionary, with room for its value."""
    moment = f" /M {pdf_date(signing.at)}" if signing.at else ""
    contents = f"/Contents <{'0' * 2 * signing.free}>"
    entries = (
        f"/Type /{signing.type} /Filter /{signing.filter} /SubFilter /{signing.sub_filter}{moment}"
        f"{signing.more} {_RANGE.decode()} {contents}"
    )
    return f"<<{signing.entries(entries)}>>".encode()


def _signed_into(paper: Paper, signing: Signing, value: int, into: tuple[int, bytes]) -> Paper:
    """Signed in a field that was made for it before: nothing but its value is new."""
    number, entries = into
    field_ = b"<<" + entries + f" /V {value} 0 R>>".encode()
    objects = {**signing.objects, value: _signature(signing), number: field_}
    saved = save(paper, objects, signing.style)
    return replace(saved, content=_filled(saved.content, len(paper.content), signing))


def with_form(paper: Paper) -> tuple[Paper, dict[int, bytes]]:
    """Catalog and page with the fields there are now, and their objects."""
    listed = " ".join(f"{number} 0 R" for number in paper.fields)
    shown = " ".join(f"{number} 0 R" for number in paper.annotations)
    catalog = {**paper.catalog, "/AcroForm": f"<</Fields [{listed}] /SigFlags 3{paper.form}>>"}
    page = {**paper.page, "/Annots": f"[{shown}]"}
    changed = {CATALOG: dictionary(catalog), PAGE: dictionary(page)}
    return replace(paper, catalog=catalog, page=page), changed


def _filled(content: bytes, since: int, signing: Signing) -> bytes:
    """The signed file: the range written down, what it covers signed, the value put in."""
    start = content.find(b"/Contents <", since) + len(b"/Contents ")
    if start < len(b"/Contents "):
        return content
    end = content.index(b">", start) + 1
    ranges = signing.ranges((0, start, end, len(content) - end))
    place = content.find(_RANGE, since)
    if place >= 0:
        text = f"/ByteRange [{' '.join(map(str, ranges))}]".encode()
        content = content[:place] + text.ljust(len(_RANGE)) + content[place + len(_RANGE) :]
    first, length, second, rest = ranges
    covered = content[first : first + length] + content[second : second + rest]
    value = signing.value(covered).hex().upper().encode()
    if len(value) > 2 * signing.free:
        raise ValueError("the value does not fit")
    return content[: start + 1] + value + content[start + 1 + len(value) :]
