"""A page with what lies under it and over it: templates, layers, annotations, seals, marks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from app.domain.ofd import OfdPackage, PageEntry, PartKind
from app.domain.picture import LeftOut, Picture, SealMark
from app.formats.archive import ArchiveLimits, read_archive
from app.formats.markup import Element
from app.formats.ofd.coverage import coverages
from app.formats.ofd.package import read_package
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.marks import annotated_frame, told_of_page
from app.formats.ofd.picture.resources import Resources, child, children
from app.formats.ofd.picture.stamps import FADED, draw_stamps
from app.formats.ofd.picture.units import Brush
from app.formats.ofd.picture.values import Box, Unreadable, box, write
from app.formats.ofd.walk import Walk

A4: Final[Box] = (0.0, 0.0, 210.0, 297.0)
VECTOR: Final = ArchiveLimits(entries=200, member=1 << 20, total=2 << 20)
"""A vector seal is a drawing of some kilobytes, and there may be one in each of 64 signatures."""
_ORDER: Final = {"Background": 0, "Body": 1, "Foreground": 2}
_LETTERS: Final = 55
"""Letters of a mark that fit across a page."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a package, to be drawn one at a time."""

    _package: OfdPackage = field(repr=False)
    _walk: Walk = field(repr=False)
    _entries: tuple[tuple[int, PageEntry], ...]
    _covered: Mapping[str, frozenset[str]] = field(repr=False)
    """Label of a signature → the parts it covers."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def labels(self) -> Iterable[str]:
        """Of its signatures, as reports name them."""
        return self._covered.keys()

    def draw(self, page: int, judged: Mapping[str, SealMark] | None = None) -> Picture:
        """A page, from 1.

        Args:
            page: which one; `IndexError` beyond `len`.
            judged: how the signature of each label (`body:ID`) was found; None: nobody looked,
                so every seal is marked as not verified, and covered is what any signature covers.

        Raises:
            Malformed: the page itself cannot be read; of single objects it is only counted.
        """
        if not 1 <= page <= len(self._entries):
            raise IndexError(page)
        body, entry = self._entries[page - 1]
        covered = self._under(judged, SealMark.SOUND, SealMark.UNSETTLED)
        unproven = self._under(judged, SealMark.DOUBTED) - covered
        return _Page(self._package, self._walk, body, entry, covered, unproven).picture(
            page, judged
        )

    def _under(self, judged: Mapping[str, SealMark] | None, *marks: SealMark) -> frozenset[str]:
        """Parts covered by signatures that were found so."""
        return frozenset().union(
            *(
                parts
                for name, parts in self._covered.items()
                if judged is None or judged.get(name) in marks
            )
        )


def read_pages(content: bytes) -> Pages:
    """Of an OFD file. Raises `Malformed`; an encrypted one has no pages that can be seen."""
    archive = read_archive(content)
    package = read_package(archive)
    found = coverages(package)
    return Pages(
        package,
        Walk(archive),
        tuple((i, page) for i, body in enumerate(package.bodies) for page in body.pages),
        {f"{one.body}:{one.signature}": frozenset(one.covered) for one in found},
    )


def nested_page(canvas: Canvas, content: bytes) -> tuple[Box, str] | None:
    """The first page of a vector seal on somebody else's canvas. Raises `Malformed`."""
    archive = read_archive(content, VECTOR)
    canvas.spend(archive.inflated)
    package = read_package(archive)
    if not package.bodies or not package.bodies[0].pages:
        return None
    page = _Page(package, Walk(archive), 0, package.bodies[0].pages[0], None)
    held, canvas.pieces = canvas.pieces, []
    try:
        size = page.draw_on(canvas)
        return size, "".join(canvas.pieces)
    finally:
        canvas.pieces = held


@dataclass(slots=True)
class _Page:
    package: OfdPackage
    walk: Walk
    body: int
    entry: PageEntry
    covered: AbstractSet[str] | None
    unproven: AbstractSet[str] = frozenset()
    """Parts that only seals cover which are neither proven nor found wrong."""
    met: set[str] = field(default_factory=set)
    resources: Resources = field(default_factory=Resources)

    def picture(self, page: int, judged: Mapping[str, SealMark] | None) -> Picture:
        canvas = Canvas()
        size = self.draw_on(canvas)
        letters = max(min(size[2], 297.0), 20.0) / _LETTERS
        self._stamps(canvas, judged, letters, size)
        uncovered = tuple(sorted(self.met - (self.covered or frozenset())))
        if uncovered:
            unproven = self.unproven >= set(uncovered)
            whole = self.entry.part in uncovered
            canvas.mark(told_of_page(size, letters, whole=whole, unproven=unproven))
        faded = "".join(canvas.faded)
        faded = f'<g opacity="{FADED}">{faded}</g>' if faded else ""
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{write(*size)}" '
            f'width="{write(size[2])}mm" height="{write(size[3])}mm">'
            f"<defs>{''.join(canvas.definitions)}</defs>"
            f'<rect x="{write(size[0])}" y="{write(size[1])}" width="{write(size[2])}" '
            f'height="{write(size[3])}" fill="#ffffff"/>{"".join(canvas.pieces)}{faded}'
            f"{''.join(canvas.stamps)}{''.join(canvas.marks)}</svg>"
        )
        left_out, seals = Counter(canvas.left_out), tuple(canvas.seals)
        return Picture(svg, page, canvas.drawn, left_out, uncovered, seals)

    def draw_on(self, canvas: Canvas) -> Box:
        """Everything but seals; the box of the page."""
        document = self.package.bodies[self.body].document
        common = child(self._read(document, PartKind.DOCUMENT, "Document"), "CommonData")
        root = None
        if self.entry.part is not None:
            root = self._read(self.entry.part, PartKind.PAGE, "Page")
        self._gather(common, document, ("PublicRes", "DocumentRes"), canvas)
        size = _size(root, common)
        under, over = self._templates(root, common, document, canvas)
        for part, layers in (*under, (self.entry.part, root), *over):
            if part is not None and layers is not None:
                self._layers(canvas, part, layers)
        self._annotations(canvas, document, size)
        return size

    def _read(self, part: str, kind: PartKind, root: str) -> Element:
        self.met.add(part)
        return self.walk.read(part, kind, root).element

    def _gather(
        self, holder: Element | None, source: str, names: tuple[str, ...], canvas: Canvas
    ) -> None:
        for name, one in children(holder) if holder is not None else ():
            if name in names:
                part = self.resources.read(self.walk, (one.text or "").strip(), source)
                if part is None:
                    canvas.left_out[LeftOut.MISSING] += 1
                else:
                    self.met.add(part)

    def _templates(
        self, root: Element | None, common: Element | None, document: str, canvas: Canvas
    ) -> tuple[list[tuple[str, Element]], list[tuple[str, Element]]]:
        """模板页 (7.7): those under the page, and those over it."""
        known = {
            one.get("ID"): (one, (one.get("BaseLoc") or "").strip())
            for name, one in (children(common) if common is not None else ())
            if name == "TemplatePage"
        }
        under: list[tuple[str, Element]] = []
        over: list[tuple[str, Element]] = []
        for name, one in children(root) if root is not None else ():
            if name != "Template":
                continue
            declared, target = known.get(one.get("TemplateID"), (None, ""))
            part, _ = self.walk.resolve(target, document)
            if declared is None or part is None:
                canvas.left_out[LeftOut.MISSING] += 1
                continue
            order = one.get("ZOrder") or declared.get("ZOrder") or "Background"
            page = self._read(part, PartKind.TEMPLATE, "Page")
            self._gather(page, part, ("PageRes",), canvas)
            (over if order == "Foreground" else under).append((part, page))
        if root is not None and self.entry.part is not None:
            self._gather(root, self.entry.part, ("PageRes",), canvas)
        return under, over

    def _layers(self, canvas: Canvas, part: str, page: Element) -> None:
        content = child(page, "Content")
        if content is None:
            return
        layers = [layer for _, layer in children(content)]
        brush = self._brush(canvas, part)
        for layer in sorted(layers, key=lambda one: _ORDER.get(one.get("Type") or "Body", 1)):
            brush.draw(layer)

    def _brush(self, canvas: Canvas, part: str) -> Brush:
        whole = self.covered is None or part not in self.covered
        covered = None if whole else self.covered
        return Brush(canvas, self.resources, self.walk.members, covered, self.met)

    def _annotations(self, canvas: Canvas, document: str, view: Box) -> None:
        """注释 (ch. 16): over the page, each in a place of its own."""
        target = child(self._read(document, PartKind.DOCUMENT, "Document"), "Annotations")
        listed, _ = self.walk.resolve(
            (target.text or "").strip() if target is not None else "", document
        )
        if listed is None:
            return
        for name, one in children(self._read(listed, PartKind.ANNOTATION_LIST, "Annotations")):
            place = child(one, "FileLoc")
            if name != "Page" or one.get("PageID") != self.entry.id or place is None:
                continue
            part, _ = self.walk.resolve((place.text or "").strip(), listed)
            if part is not None:
                self._annotated(canvas, part, view)

    def _annotated(self, canvas: Canvas, part: str, view: Box) -> None:
        """What no seal covers is held to the place that is framed for it."""
        brush = self._brush(canvas, part)
        marked = self.covered is not None and part not in self.covered
        for name, one in children(self._read(part, PartKind.ANNOTATION, "PageAnnot")):
            appearance = child(one, "Appearance")
            if name != "Annot" or appearance is None or one.get("Visible") in {"false", "0"}:
                continue
            try:
                place = box(appearance.get("Boundary"))
            except Unreadable:
                canvas.left_out[LeftOut.UNREADABLE] += 1
                continue
            cut = f' clip-path="url(#{_cut(canvas, place)})"' if marked else ""
            canvas.add(f'<g transform="translate({write(*place[:2])})"{cut}>')
            brush.draw(appearance)
            canvas.add("</g>")
            if marked:
                size = max(place[2], 40.0) / _LETTERS
                unproven = part in self.unproven
                canvas.mark(annotated_frame(place, size, view, unproven=unproven))

    def _stamps(
        self, canvas: Canvas, judged: Mapping[str, SealMark] | None, letters: float, view: Box
    ) -> None:
        for entry in self.package.signatures:
            stamps = tuple(s for s in entry.stamps if s.page == self.entry.id)
            if entry.body != self.body or not stamps:
                continue
            mark = SealMark.UNJUDGED
            if judged is not None:
                mark = judged.get(f"{entry.body}:{entry.id}", SealMark.UNJUDGED)
            draw_stamps(
                *(canvas, entry, stamps, mark, letters, view),
                lambda data: nested_page(canvas, data),
            )


def _cut(canvas: Canvas, place: Box) -> str:
    """The id of a clip of that size, from zero."""
    key = canvas.name()
    canvas.define(
        f'<clipPath id="{key}"><rect width="{write(max(place[2], 0))}" '
        f'height="{write(max(place[3], 0))}"/></clipPath>'
    )
    return key


def _size(root: Element | None, common: Element | None) -> Box:
    """PhysicalBox (页面区域, 7.6) of the page, else of the document, else A4."""
    for holder, name in ((root, "Area"), (common, "PageArea")):
        area = child(holder, name) if holder is not None else None
        physical = child(area, "PhysicalBox") if area is not None else None
        if physical is None:
            continue
        try:
            size = box(physical.text)
        except Unreadable:
            continue
        if min(size[2:]) > 0:
            return size
    return A4
