"""What was read from an OFD package (GB/T 33190-2016). Nothing here is verified or trusted.

Lengths are millimetres with the origin at the top left of the page; paths are member names of the
archive, without leading slash.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.scheme import Digest


class Deviation(StrEnum):
    """What real producers write against the letter, and no reader can read two ways.

    Each is met in documents nobody here wrote; everything else is refused by name.
    """

    # the archive
    KNOWN_COMMENT = "known_comment"
    """A vendor's three-letter mark after the end record."""
    UTF8_FLAG_MISSING = "utf8_flag_missing"
    UTF8_FLAG_DIFFERS = "utf8_flag_differs"
    """Set in one of the two headers of an ASCII name."""
    GBK_NAME = "gbk_name"
    LOCAL_ZIP64_SIZES = "local_zip64_sizes"
    """The local header repeats the true 32-bit sizes in a zip64 field; the directory does not."""
    DESCRIPTOR_SIZES_KEPT = "descriptor_sizes_kept"
    """True sizes in a local header that announces a descriptor."""
    ZLIB_CHECKSUM_KEPT = "zlib_checksum_kept"
    """The four Adler-32 bytes of a zlib stream left behind the deflate data."""
    FOLDER_WITH_STREAM = "folder_with_stream"
    """A folder entry holding an empty deflate stream."""
    # the structure
    LEGACY_NAMESPACE = "legacy_namespace"
    """`http://www.ofdspec.org`, from drafts of the standard."""
    DOUBLE_SLASH = "double_slash"
    DOT_SEGMENT = "dot_segment"
    """`.` or `..` in a path that stays inside the package (allowed by ST_Loc)."""
    CASE_DIFFERS = "case_differs"
    """A path that meets its member only when letter case is ignored."""
    CUSTOM_DATA_SPELLING = "custom_data_spelling"
    """`CuslomDatas`, `CuslomData`, or an attribute `name`."""
    PROVIDER_ELEMENTS = "provider_elements"
    """`Provider` with child elements where the standard has attributes."""
    MAX_SIGN_ID_REPEATED = "max_sign_id_repeated"
    CHECK_METHOD_HMAC_OID = "check_method_hmac_oid"
    """`1.2.156.10197.1.401.2` (HMAC-SM3, GM/T 0006) written for plain SM3."""
    CHECK_METHOD_ABSENT = "check_method_absent"
    """No `CheckMethod`; the schema's default is MD5."""
    TAG_NAMESPACES = "tag_namespaces"
    """A data index (自定义标引) with an empty or undeclared prefix."""
    TAG_UNREADABLE = "tag_unreadable"
    """A data index that is no XML at all; nothing is read from it."""


class PartKind(StrEnum):
    """What a member is to the document. Where it is several, the earliest of these counts."""

    OFD = "ofd"
    """OFD.xml, the entry point (主入口)."""
    DOCUMENT = "document"
    """文档根节点."""
    PAGE = "page"
    TEMPLATE = "template"
    RESOURCE = "resource"
    """PublicRes, DocumentRes or PageRes."""
    IMAGE = "image"
    FONT = "font"
    MEDIA = "media"
    """Sound or film."""
    COLOR_PROFILE = "color_profile"
    ANNOTATION_LIST = "annotation_list"
    ANNOTATION = "annotation"
    ATTACHMENT_LIST = "attachment_list"
    ATTACHMENT = "attachment"
    CUSTOM_TAG_LIST = "custom_tag_list"
    CUSTOM_TAG = "custom_tag"
    """自定义标引: the data index of GB/T 36905."""
    TAG_SCHEMA = "tag_schema"
    EXTENSION_LIST = "extension_list"
    EXTENSION = "extension"
    COVER = "cover"
    VERSION = "version"
    """A version description (版本描述)."""
    SIGNATURE_LIST = "signature_list"
    SIGNATURE = "signature"
    SIGNED_VALUE = "signed_value"
    SEAL = "seal"
    SEAL_IMAGE = "seal_image"
    INTEGRITY_LIST = "integrity_list"
    """OFDEntries.xml (GM/T 0099)."""
    INTEGRITY_VALUE = "integrity_value"
    ENCRYPTION = "encryption"
    """Encryptions.xml (GM/T 0099)."""
    VERSION_FILE = "version_file"
    """Listed by a version and reached by nothing else."""


SHOWN_KINDS = frozenset(
    {
        PartKind.DOCUMENT,
        PartKind.PAGE,
        PartKind.TEMPLATE,
        PartKind.RESOURCE,
        PartKind.IMAGE,
        PartKind.FONT,
        PartKind.MEDIA,
        PartKind.COLOR_PROFILE,
        PartKind.ANNOTATION_LIST,
        PartKind.ANNOTATION,
    }
)
"""What a reader sees is made of these."""

SIGNING_KINDS = frozenset(
    {PartKind.SIGNATURE_LIST, PartKind.SIGNATURE, PartKind.SIGNED_VALUE, PartKind.SEAL}
)
"""What signing itself adds to a package."""


class Unmet(StrEnum):
    """Why a path leads to no member."""

    MISSING = "missing"
    EMPTY = "empty"
    ESCAPES = "escapes"
    """`..` above the package root."""
    FOLDER = "folder"
    NOT_A_PATH = "not_a_path"
    """A scheme, a backslash, an escape or a control character: never a member's name."""


@dataclass(frozen=True, slots=True)
class Dangling:
    """A path in the document that leads to no member."""

    source: str
    """The part that holds it."""
    kind: PartKind
    """What it should have led to."""
    why: Unmet
    target: str = field(repr=False)
    """As written."""


@dataclass(frozen=True, slots=True)
class CustomDatum:
    """文档元数据 set by the producer: one CustomData."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocInfo:
    """文档元数据 of a body, as written; dates are not parsed."""

    doc_id: str | None = None
    title: str | None = field(default=None, repr=False)
    creator: str | None = None
    creator_version: str | None = None
    created: str | None = None
    modified: str | None = None
    custom: tuple[CustomDatum, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a body (版本)."""

    id: str
    current: bool
    part: str | None
    """The version description; `None` where it is missing."""
    document: str | None
    """Its document root."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page of a document, in its order."""

    id: str
    part: str | None
    """`None` where the content is missing."""
    area: "Box | None" = field(default=None, compare=False)
    """PhysicalBox of the page, else of the document, in millimetres; None: neither can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One DocBody: a document with its own versions and signatures."""

    document: str
    """Where DocRoot leads."""
    info: DocInfo
    pages: tuple[PageEntry, ...]
    """Of `document`, not of other versions."""
    versions: tuple[Version, ...]
    signatures_declared: bool
    """A Signatures element is there, whether or not its list is."""
    signature_list: str | None
    max_sign_id: str | None

    @property
    def is_ambiguous(self) -> bool:
        """Whether a viewer could show another document than DocRoot's.

        So it is with any version that is not this very document, or that is not the current one.
        """
        return any(
            not version.current or version.document != self.document for version in self.versions
        )


class SignatureType(StrEnum):
    """What the list says a signature is; the value itself decides (OFD-10)."""

    SEAL = "Seal"
    """签章."""
    SIGN = "Sign"
    """数字签名."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One protected file of a signature."""

    target: str = field(repr=False)
    """FileRef as written."""
    part: str | None
    unmet: Unmet | None
    check_value: bytes


@dataclass(frozen=True, slots=True)
class Box:
    """ST_Box: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Stamp:
    """StampAnnot: where a seal's picture stands; several make a 骑缝章."""

    id: str | None
    page: str
    """ID of a page."""
    boundary: Box
    clip: Box | None
    sheet: Box | None = field(default=None, compare=False)
    """PhysicalBox of its page; None: not known."""

    @property
    def drawn(self) -> Box:
        """Of its boundary what is drawn: the whole, or the part that Clip leaves (骑缝章)."""
        if self.clip is None:
            return self.boundary
        at, clip = self.boundary, self.clip
        return Box(at.x + clip.x, at.y + clip.y, clip.width, clip.height)


@dataclass(frozen=True, slots=True)
class Provider:
    """The component that signed, by its own account."""

    name: str | None
    company: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureEntry:
    """One signature of the list with everything it is made of; bytes are the members' own."""

    body: int
    """Index of its body."""
    id: str
    type: SignatureType
    relative: str | None
    """ID of the signature this one builds on (OFD 2.0); it must be verified too."""
    part: str
    content: bytes = field(repr=False)
    """Signature.xml as stored: what dataHash is taken over."""
    provider: Provider
    method: str | None
    """SignatureMethod as written: a hint."""
    signed_at: str | None
    """SignatureDateTime as written: a claim."""
    check_method: str | None
    """CheckMethod as written."""
    digest: Digest | None
    """What `check_method` means; `None` where it is unknown, and then nothing can be covered."""
    references: tuple[Reference, ...] = field(repr=False)
    stamps: tuple[Stamp, ...]
    signed_value_part: str | None
    signed_value: bytes | None = field(repr=False)
    """`None` where the member is missing."""
    seal_declared: bool
    seal_part: str | None
    seal: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextRun:
    """The text of one TextObject."""

    part: str
    kind: PartKind
    page: str | None
    """ID of the page it belongs to; `None` in templates and resources."""
    object_id: str | None
    text: str = field(repr=False)
    boundary: str | None
    """Boundary as written (ST_Box)."""
    matrix: str | None
    """CTM as written."""
    offset: tuple[str | None, str | None]
    """X and Y of the first TextCode as written."""

    @property
    def origin(self) -> tuple[float, float] | None:
        """Where the text starts on its page or template: left, top; `None` if that is unreadable.

        The object's corner and its transformed offset (GB/T 33190 11.3). Worked out when asked:
        a long invoice has hundreds of texts and nobody asks where most of them stand.
        """
        corner = _decimals(self.boundary or "0 0 0 0", 4)
        matrix = _decimals(self.matrix or "1 0 0 1 0 0", 6)
        offset = _decimals(f"{self.offset[0] or 0} {self.offset[1] or 0}", 2)
        if corner is None or matrix is None or offset is None:
            return None
        (left, top, *_), (a, b, c, d, e, f), (x, y) = corner, matrix, offset
        return left + a * x + c * y + e, top + b * x + d * y + f


def _decimals(text: str, count: int) -> tuple[float, ...] | None:
    try:
        values = tuple(float(part) for part in text.split())
    except ValueError:
        return None
    return values if len(values) == count and all(map(math.isfinite, values)) else None


@dataclass(frozen=True, slots=True)
class Attachment:
    """附件: a file carried along."""

    part: str | None
    name: str | None = field(repr=False)
    format: str | None
    visible: bool


@dataclass(frozen=True, slots=True)
class Annotation:
    """注释: something laid over a page."""

    part: str
    page: str
    """ID of a page."""
    type: str | None
    subtype: str | None
    visible: bool


@dataclass(frozen=True, slots=True)
class IntegrityList:
    """OFDEntries.xml: all files of the package by its producer's account (GM/T 0099 7.4.2)."""

    part: str
    content: bytes = field(repr=False)
    files: tuple[str, ...]
    missing: int
    """Listed files that are not in the package."""
    signed_value_part: str | None
    signed_value: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfdPackage:
    """An OFD document as it was read: structure, texts and the bytes of its members."""

    members: Mapping[str, bytes] = field(repr=False)
    encrypted: bool
    """Encryptions.xml is there: nothing else was read (OFD-30)."""
    bodies: tuple[Body, ...]
    signatures: tuple[SignatureEntry, ...]
    reachable: Mapping[str, PartKind] = field(repr=False)
    """Every member some reference leads to, from OFD.xml on (GM/T 0099 annex D)."""
    unreferenced: tuple[str, ...]
    """夹带文件: members no reference leads to."""
    dangling: tuple[Dangling, ...]
    texts: tuple[TextRun, ...] = field(repr=False)
    attachments: tuple[Attachment, ...]
    annotations: tuple[Annotation, ...]
    integrity: IntegrityList | None
    deviations: frozenset[Deviation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What one signature covers of the package, by recomputed digests; parts in archive order.

    Every member is in exactly one of `covered`, `changed`, `unchecked`, `own`, `uncovered` and
    `unreferenced`.
    """

    signature: str
    """ID in its list."""
    body: int
    digest: Digest | None
    weak: bool
    """MD5 or SHA-1: recognised and not computed, so everything is `unchecked`."""
    covered: tuple[str, ...]
    """Referenced, and the digest agrees."""
    changed: tuple[str, ...]
    """Referenced, and the digest differs."""
    unchecked: tuple[str, ...]
    """Referenced with a digest that is unknown or weak."""
    missing: tuple[Reference, ...]
    """References that lead to no member."""
    own: tuple[str, ...]
    """The signature's own files, which its references cannot protect: Signature.xml is held by
    dataHash, the seal by comparison with the signed value."""
    uncovered: Mapping[PartKind, tuple[str, ...]]
    """Reachable and not referenced."""
    unreferenced: tuple[str, ...]
    """Neither reachable nor referenced."""

    @property
    def holds(self) -> bool:
        """Whether every reference was met by the member it names."""
        return bool(self.covered) and not (self.changed or self.unchecked or self.missing)

    @property
    def parts(self) -> tuple[str, ...]:
        """Every member of the package, whatever the signature makes of it."""
        met = (self.covered, self.changed, self.unchecked, self.own, self.unreferenced)
        return tuple(part for parts in (*met, *self.uncovered.values()) for part in parts)

    @property
    def shown_uncovered(self) -> tuple[str, ...]:
        """Uncovered parts of what a reader sees."""
        return tuple(
            part for kind, parts in self.uncovered.items() if kind in SHOWN_KINDS for part in parts
        )


@dataclass(frozen=True, slots=True)
class TagValue:
    """One entry of a data index (数据索引, GB/T 36905): a named value, mostly a text on a page."""

    part: str
    """The custom tag file."""
    name: str
    """Local name of the element."""
    value: str = field(repr=False)
    text_parts: tuple[str, ...]
    """Where the value was read: pages and templates; empty for a value in the tag file itself."""


@dataclass(frozen=True, slots=True)
class TagIndex:
    """All that the custom tags of a package say."""

    values: tuple[TagValue, ...]
    unresolved: int
    """Entries that refer to no text, or to more than one."""
    deviations: frozenset[Deviation]
