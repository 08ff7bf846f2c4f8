"""A document root and everything it leads to: pages, templates, resources, lists of files."""

from dataclasses import dataclass, field

from app.domain.ofd import Annotation, Attachment, Box, PageEntry, PartKind, TextRun
from app.formats.markup import BadMarkup, Node
from app.formats.ofd.layout import box, text_runs
from app.formats.ofd.walk import PackageRule, Walk, flag, refuse

_MEDIA_KINDS = {"Image": PartKind.IMAGE, "Audio": PartKind.MEDIA, "Video": PartKind.MEDIA}


@dataclass(slots=True)
class Contents:
    """What the documents of a package hold, gathered over all of them."""

    texts: list[TextRun] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    areas: dict[str | None, Box | None] = field(default_factory=dict)
    """Page → its size; under None that of the document which is being read."""
    seen: set[tuple[str, PartKind]] = field(default_factory=set)
    """Parts already read: each is read once, however many lead to it."""

    def first(self, part: str, kind: PartKind) -> bool:
        """Whether this part is met in this role for the first time."""
        if (part, kind) in self.seen:
            return False
        self.seen.add((part, kind))
        return True


def read_document(walk: Walk, contents: Contents, part: str) -> tuple[PageEntry, ...]:
    """Walk a document root (文档根节点, GB/T 33190 7.5); answer its pages in order.

    Raises:
        BadMarkup: a part cannot be read exactly.
        BadPackage: two pages share an ID.
    """
    node = walk.read(part, PartKind.DOCUMENT, "Document")
    common = node.only("CommonData")
    contents.areas[None] = _area(common, "PageArea")
    for name in ("PublicRes", "DocumentRes"):
        for resource in common.nodes(name):
            _resource(walk, contents, resource.text(), part)
    for template in common.nodes("TemplatePage"):
        _page(walk, contents, template, part, PartKind.TEMPLATE)
    pages = tuple(
        _entry(contents, page, _page(walk, contents, page, part, PartKind.PAGE))
        for page in node.only("Pages").nodes("Page")
    )
    if len({page.id for page in pages}) != len(pages):
        refuse(PackageRule.DUPLICATE_ID, "among the pages")
    _lists(walk, contents, node, part)
    return pages


def _entry(contents: Contents, page: Node, part: str | None) -> PageEntry:
    """Of a size that the page states, else of the document's."""
    area = contents.areas.get(part) or contents.areas[None]
    return PageEntry(page.attribute("ID"), part, area)


def _area(holder: Node, name: str) -> Box | None:
    """PhysicalBox (页面区域, GB/T 33190 7.6). It only tells what is off the page: what cannot be
    read as one is none.
    """
    try:
        area = holder.optional(name)
        physical = area.optional_text("PhysicalBox") if area is not None else None
        size = box(physical, holder.where) if physical else None
    except BadMarkup:
        return None
    return size if size is not None and size.width > 0 and size.height > 0 else None


def _lists(walk: Walk, contents: Contents, node: Node, part: str) -> None:
    for name, kind, read in (
        ("Annotations", PartKind.ANNOTATION_LIST, _annotations),
        ("Attachments", PartKind.ATTACHMENT_LIST, _attachments),
        ("CustomTags", PartKind.CUSTOM_TAG_LIST, _custom_tags),
        ("Extensions", PartKind.EXTENSION_LIST, _extensions),
    ):
        target = node.optional_text(name)
        if target is None:
            continue
        found = walk.follow(target, part, kind)
        if found is not None and contents.first(found, kind):
            read(walk, contents, walk.read(found, kind, name), found)


def _page(walk: Walk, contents: Contents, entry: Node, source: str, kind: PartKind) -> str | None:
    part = walk.follow(entry.attribute("BaseLoc"), source, kind)
    if part is None or not contents.first(part, kind):
        return part
    node = walk.read(part, kind, "Page")
    for resource in node.nodes("PageRes"):
        _resource(walk, contents, resource.text(), part)
    contents.areas[part] = _area(node, "Area")
    page = entry.get("ID") if kind is PartKind.PAGE else None
    contents.texts += text_runs(node, part, kind, page)
    return part


def _resource(walk: Walk, contents: Contents, target: str, source: str) -> None:
    """A resource file and the fonts, pictures and profiles it names (GB/T 33190 7.9)."""
    part = walk.follow(target, source, PartKind.RESOURCE)
    if part is None or not contents.first(part, PartKind.RESOURCE):
        return
    node = walk.read(part, PartKind.RESOURCE, "Res")
    base = node.get("BaseLoc") or ""
    for font in _each(node, "Fonts", "Font"):
        file = font.optional_text("FontFile")
        if file is not None:
            walk.follow(file, part, PartKind.FONT, base)
    for media in _each(node, "MultiMedias", "MultiMedia"):
        file = media.optional_text("MediaFile")
        if file is not None:
            kind = _MEDIA_KINDS.get(media.get("Type") or "", PartKind.MEDIA)
            walk.follow(file, part, kind, base)
    for space in _each(node, "ColorSpaces", "ColorSpace"):
        profile = space.get("Profile")
        if profile:
            walk.follow(profile, part, PartKind.COLOR_PROFILE, base)
    contents.texts += text_runs(node, part, PartKind.RESOURCE, None)


def _each(node: Node, group: str, name: str) -> list[Node]:
    return [one for container in node.nodes(group) for one in container.nodes(name)]


def _annotations(walk: Walk, contents: Contents, node: Node, part: str) -> None:
    for page in node.nodes("Page"):
        file = walk.follow(page.only("FileLoc").text(), part, PartKind.ANNOTATION)
        if file is None or not contents.first(file, PartKind.ANNOTATION):
            continue
        page_id = page.attribute("PageID")
        content = walk.read(file, PartKind.ANNOTATION, "PageAnnot")
        contents.annotations += (
            Annotation(
                file,
                page_id,
                one.get("Type"),
                one.get("Subtype"),
                flag(one, "Visible", default=True),
            )
            for one in content.nodes("Annot")
        )
        contents.texts += text_runs(content, file, PartKind.ANNOTATION, page_id)


def _attachments(walk: Walk, contents: Contents, node: Node, part: str) -> None:
    for one in node.nodes("Attachment"):
        file = walk.follow(one.only("FileLoc").text(), part, PartKind.ATTACHMENT)
        visible = flag(one, "Visible", default=True)
        contents.attachments.append(Attachment(file, one.get("Name"), one.get("Format"), visible))


def _custom_tags(walk: Walk, _contents: Contents, node: Node, part: str) -> None:
    """The data index itself is read by `tags`: its vocabulary is the producer's."""
    for one in node.nodes("CustomTag"):
        schema = one.optional_text("SchemaLoc")
        if schema is not None:
            walk.follow(schema, part, PartKind.TAG_SCHEMA)
        walk.follow(one.only("FileLoc").text(), part, PartKind.CUSTOM_TAG)


def _extensions(walk: Walk, _contents: Contents, node: Node, part: str) -> None:
    for extension in node.nodes("Extension"):
        for data in extension.nodes("ExtendData"):
            walk.follow(data.text(), part, PartKind.EXTENSION)
