"""From an archive to an `OfdPackage`: everything reachable from OFD.xml, nothing guessed."""

from dataclasses import replace
from types import MappingProxyType

from app.domain.ofd import (
    Body,
    CustomDatum,
    Deviation,
    DocInfo,
    IntegrityList,
    OfdPackage,
    PageEntry,
    PartKind,
    SignatureEntry,
    TextRun,
    Version,
)
from app.formats.archive import ARCHIVE_LIMITS, Archive, ArchiveLimits, read_archive
from app.formats.markup import Node
from app.formats.ofd.document import Contents, read_document
from app.formats.ofd.signatures import read_signature_list
from app.formats.ofd.walk import PackageRule, Walk, flag, refuse

OFD_XML = "OFD.xml"
ENCRYPTIONS_XML = "Encryptions.xml"
OFD_ENTRIES_XML = "OFDEntries.xml"

MAX_BODIES = 16
"""Documents in one package; licenses and invoices have one."""
MAX_VERSIONS = 64
"""Versions of one body."""

_CUSTOM_LISTS = {"customdatas": "CustomDatas", "cuslomdatas": "CustomDatas"}
_CUSTOM_ITEMS = {"customdata": "CustomData", "cuslomdata": "CustomData"}


def read_ofd(data: bytes, limits: ArchiveLimits = ARCHIVE_LIMITS) -> OfdPackage:
    """Read an OFD file from its bytes.

    Raises:
        Malformed: as `BadArchive`, `BadMarkup` or `BadPackage`, with the rule that was broken.
    """
    return read_package(read_archive(data, limits))


def read_package(archive: Archive) -> OfdPackage:
    """Read the structure of an OFD package.

    Raises:
        BadMarkup: a structural part cannot be read exactly.
        BadPackage: the structure contradicts itself or lacks its root.
    """
    walk = Walk(archive)
    if OFD_XML not in archive.members:
        refuse(PackageRule.NO_OFD_XML, "in the package root")
    walk.reach(OFD_XML, PartKind.OFD)
    contents = Contents()
    bodies: list[Body] = []
    signatures: list[SignatureEntry] = []
    encrypted = _is_encrypted(walk)
    if not encrypted:
        found = walk.read(OFD_XML, PartKind.OFD, "OFD").nodes("DocBody")
        if len(found) > MAX_BODIES:
            refuse(PackageRule.TOO_MANY_BODIES, f"over {MAX_BODIES} in OFD.xml")
        for index, node in enumerate(found):
            body, signed = _body(walk, contents, node, index)
            bodies.append(body)
            signatures += signed
        if not bodies:
            refuse(PackageRule.NO_BODY, "in OFD.xml")
    integrity = _integrity(walk)
    return OfdPackage(
        members=archive.members,
        encrypted=encrypted,
        bodies=tuple(bodies),
        signatures=tuple(signatures),
        reachable=MappingProxyType(walk.reachable),
        unreferenced=tuple(name for name in archive.members if name not in walk.reachable),
        dangling=tuple(walk.dangling),
        texts=tuple(contents.texts),
        attachments=tuple(contents.attachments),
        annotations=tuple(contents.annotations),
        integrity=integrity,
        deviations=frozenset(walk.deviations),
    )


def page_text(package: OfdPackage) -> tuple[TextRun, ...]:
    """The texts a reader sees: of pages, of the templates under them, of annotations over them."""
    shown = (PartKind.PAGE, PartKind.TEMPLATE, PartKind.ANNOTATION)
    return tuple(run for run in package.texts if run.kind in shown)


def _is_encrypted(walk: Walk) -> bool:
    """GM/T 0099 annex C: a file of this name in the root announces encrypted members."""
    for name in walk.members:
        if name.lower() == ENCRYPTIONS_XML.lower():
            walk.reach(name, PartKind.ENCRYPTION)
            return True
    return False


def _body(
    walk: Walk, contents: Contents, node: Node, index: int
) -> tuple[Body, list[SignatureEntry]]:
    document = walk.follow(node.only("DocRoot").text(), OFD_XML, PartKind.DOCUMENT)
    if document is None:
        refuse(PackageRule.DOCUMENT_MISSING, f"of body {index}")
    contents.first(document, PartKind.DOCUMENT)
    pages = read_document(walk, contents, document)
    versions = _versions(walk, contents, node.optional("Versions"))
    declared = node.optional("Signatures")
    listed = None
    signatures: list[SignatureEntry] = []
    highest: str | None = None
    if declared is not None:
        listed = walk.follow(declared.text(), OFD_XML, PartKind.SIGNATURE_LIST)
        if listed is not None:
            signatures, highest = read_signature_list(walk, listed, index)
            signatures = [_on_pages(entry, pages) for entry in signatures]
    body = Body(
        document=document,
        info=_info(walk, node.optional("DocInfo")),
        pages=pages,
        versions=versions,
        signatures_declared=declared is not None,
        signature_list=listed,
        max_sign_id=highest,
    )
    return body, signatures


def _on_pages(entry: SignatureEntry, pages: tuple[PageEntry, ...]) -> SignatureEntry:
    """With the size of the page that each of its seals stands on."""
    sheets = {page.id: page.area for page in pages}
    stamps = (replace(stamp, sheet=sheets.get(stamp.page)) for stamp in entry.stamps)
    return replace(entry, stamps=tuple(stamps))


def _info(walk: Walk, node: Node | None) -> DocInfo:
    if node is None:
        return DocInfo()
    cover = node.optional_text("Cover")
    if cover is not None:
        walk.follow(cover, OFD_XML, PartKind.COVER)
    return DocInfo(
        doc_id=node.optional_text("DocID"),
        title=node.optional_text("Title"),
        creator=node.optional_text("Creator"),
        creator_version=node.optional_text("CreatorVersion"),
        created=node.optional_text("CreationDate"),
        modified=node.optional_text("ModDate"),
        custom=tuple(_custom_data(walk, node)),
    )


def _custom_data(walk: Walk, info: Node) -> list[CustomDatum]:
    """CustomDatas, also in the misspelling one producer ships (standards §1.6)."""
    found: list[CustomDatum] = []
    for list_name in info.names():
        if list_name.lower() not in _CUSTOM_LISTS:
            continue
        for items in info.nodes(list_name):
            for item_name in items.names():
                if item_name.lower() not in _CUSTOM_ITEMS:
                    continue
                for item in items.nodes(item_name):
                    name = item.get("Name")
                    if name is None or (list_name, item_name) != ("CustomDatas", "CustomData"):
                        walk.deviations.add(Deviation.CUSTOM_DATA_SPELLING)
                    name = item.attribute("name") if name is None else name
                    found.append(CustomDatum(name, item.text()))
    return found


def _versions(walk: Walk, contents: Contents, node: Node | None) -> tuple[Version, ...]:
    """Every version with its document, which is walked like the shown one (OFD-03)."""
    if node is None:
        return ()
    listed = node.nodes("Version")
    if len(listed) > MAX_VERSIONS:
        refuse(PackageRule.TOO_MANY_VERSIONS, f"over {MAX_VERSIONS} in OFD.xml")
    found: list[Version] = []
    for one in listed:
        part = walk.follow(one.attribute("BaseLoc"), OFD_XML, PartKind.VERSION)
        document = None
        if part is not None and contents.first(part, PartKind.VERSION):
            description = walk.read(part, PartKind.VERSION, "DocVersion")
            for file in description.only("FileList").nodes("File"):
                walk.follow(file.text(), part, PartKind.VERSION_FILE)
            document = walk.follow(description.only("DocRoot").text(), part, PartKind.DOCUMENT)
        if document is not None and contents.first(document, PartKind.DOCUMENT):
            read_document(walk, contents, document)
        current = flag(one, "Current", default=False)
        found.append(Version(one.attribute("ID"), current, part, document))
    if len({version.id for version in found}) != len(found):
        refuse(PackageRule.DUPLICATE_ID, "among the versions")
    return tuple(found)


def _integrity(walk: Walk) -> IntegrityList | None:
    if OFD_ENTRIES_XML not in walk.members:
        return None
    walk.reach(OFD_ENTRIES_XML, PartKind.INTEGRITY_LIST)
    node = walk.read(OFD_ENTRIES_XML, PartKind.INTEGRITY_LIST, "DocEntries")
    files: list[str] = []
    missing = 0
    for one in node.only("FileList").nodes("File"):
        part, _ = walk.resolve(one.attribute("FileLoc"), OFD_ENTRIES_XML)
        if part is None:
            missing += 1
        else:
            files.append(part)
    target = node.only("SignedValueLoc").text()
    value = walk.follow(target, OFD_ENTRIES_XML, PartKind.INTEGRITY_VALUE)
    return IntegrityList(
        OFD_ENTRIES_XML,
        walk.members[OFD_ENTRIES_XML],
        tuple(files),
        missing,
        value,
        walk.members[value] if value is not None else None,
    )
