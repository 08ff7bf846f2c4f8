"""Graphic units (图元) and the blocks that hold them (GB/T 33190-2016 ch. 8 to 13)."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from app.domain.picture import LeftOut
from app.formats.markup import Element, local_name
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.marks import frame
from app.formats.ofd.picture.rasters import NotDrawn, raster
from app.formats.ofd.picture.resources import Resources, child, children
from app.formats.ofd.picture.styles import fill_and_stroke, parameters, style_of
from app.formats.ofd.picture.values import (
    MAX_CHARACTERS,
    Box,
    Unreadable,
    box,
    deltas,
    escaped,
    matrix,
    number,
    path,
    write,
)

MAX_COMPOSITES: Final = 4
"""Composites in one another."""
FALLBACK: Final = (
    "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
)
_SIZE: Final = 3.0
"""Millimetres of a text whose size is not written; the schema has no default."""


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws the objects of one part."""

    canvas: Canvas
    resources: Resources
    members: Mapping[str, bytes] = field(repr=False)
    covered: AbstractSet[str] | None
    """Parts somebody vouches for; None: this part is marked as a whole already."""
    met: set[str]
    """Parts that were drawn from."""
    layer: tuple[Element, ...] = ()
    """Drawing parameters of the layer."""
    composites: int = 0

    def draw(self, element: Element) -> None:
        """An element and what it holds; what cannot be drawn is counted, never raised."""
        if not self.canvas.room() or (element.get("Visible") or "").strip() in {"false", "0"}:
            return
        name = local_name(element.tag)
        draw = _UNITS.get(name)
        try:
            if name in {"Content", "Layer", "PageBlock", "Appearance"}:
                layer = parameters(element, self.canvas, self.resources) + self.layer
                inner = replace(self, layer=layer)
                for _, one in children(element):
                    inner.draw(one)
                return
            if draw is None:
                return
            place = box(element.get("Boundary"))
            piece = draw(self, element, place)
            if piece:
                self.canvas.add(f'<g transform="translate({write(*place[:2])})">{piece}</g>')
                self.canvas.drawn += 1
        except Unreadable:
            self.canvas.left_out[LeftOut.UNREADABLE] += 1
        except NotDrawn as exc:
            self.canvas.left_out[exc.left] += 1

    def inside(self, element: Element, piece: str) -> str:
        """A piece under the object's clips and its matrix."""
        inner = f"<g{_clip(self, element)}>{piece}</g>"
        turned = matrix(element.get("CTM"))
        return f'<g transform="{turned}">{inner}</g>' if turned else inner


def _clip(brush: Brush, element: Element) -> str:
    """Clips (裁剪区, 8.4): the areas of one are joined; several cut one another."""
    clips = child(element, "Clips")
    if clips is None:
        return ""
    outer = ""
    for name, clip in children(clips):
        shapes = [s for n, area in children(clip) if n == "Area" for s in _area(brush, area)]
        if name != "Clip" or not shapes:
            brush.canvas.left_out[LeftOut.CLIP] += 1
            continue
        key = brush.canvas.name()
        brush.canvas.define(f'<clipPath id="{key}"{outer}>{"".join(shapes)}</clipPath>')
        outer = f' clip-path="url(#{key})"'
    return outer


def _area(brush: Brush, area: Element) -> list[str]:
    found: list[str] = []
    turned = matrix(area.get("CTM"))
    for name, shape in children(area):
        outline = child(shape, "AbbreviatedData")
        if name != "Path" or outline is None:
            continue
        if not brush.canvas.room():
            raise NotDrawn(LeftOut.TOO_MUCH)
        x, y, *_ = box(shape.get("Boundary"))
        move = f"{turned} translate({write(x, y)}) {matrix(shape.get('CTM'))}".strip()
        found.append(f'<path transform="{move}" d="{_outline(brush, outline)}"/>')
    return found


def _outline(brush: Brush, outline: Element) -> str:
    """Raises `Unreadable`, and `NotDrawn` where the page is too much."""
    text = outline.text or ""
    brush.canvas.spend(len(text))
    return path(text)


def _text(brush: Brush, element: Element, _place: Box) -> str:
    """TextObject (文字, 11.3): every character where the file puts it."""
    style = style_of(element, brush.canvas, brush.resources, brush.layer)
    size = number(element.get("Size"), _SIZE)
    stretch = number(element.get("HScale"), 1) or 1
    family = brush.resources.fonts.get(element.get("Font") or "", "")
    paint = fill_and_stroke(style, brush.canvas, brush.resources, text=True)
    turn = number(element.get("CharDirection"), 0)
    turned = f' rotate="{write(turn)}"' if turn else ""
    pieces: list[str] = []
    x = y = 0.0
    for name, code in children(element):
        if name != "TextCode" or not code.text:
            continue
        if len(code.text) > MAX_CHARACTERS:
            raise NotDrawn(LeftOut.TOO_MUCH)
        brush.canvas.spend(len(code.text) + sum(map(len, code.values())))
        x, y = number(code.get("X"), x), number(code.get("Y"), y)
        across = _places(x, code.get("DeltaX"), len(code.text), stretch)
        down = _places(y, code.get("DeltaY"), len(code.text), 1)
        places = f'x="{write(*across)}" y="{write(*down)}"{turned}'
        pieces.append(f"<text {places}>{escaped(code.text)}</text>")
    if not pieces:
        return ""
    named = f"'{family}'," if family else ""
    bold = ' font-weight="bold"' if number(element.get("Weight"), 400) >= 600 else ""  # noqa: PLR2004
    slanted = ' font-style="italic"' if element.get("Italic") in {"true", "1"} else ""
    squeezed = f' transform="scale({write(stretch)} 1)"' if stretch != 1 else ""
    font = f'font-family="{named}{FALLBACK}" font-size="{write(size)}"{bold}{slanted}'
    shown = f'<g xml:space="preserve" {font} {paint}{squeezed}>{"".join(pieces)}</g>'
    return brush.inside(element, shown)


def _places(start: float, written: str | None, count: int, stretch: float) -> list[float]:
    """Where characters begin, one after the other; only the first where the font decides."""
    found = [start / stretch]
    for step in deltas(written, count - 1):
        found.append(found[-1] + step / stretch)
    return found


def _path(brush: Brush, element: Element, _place: Box) -> str:
    """PathObject (图形, 9.1)."""
    outline = child(element, "AbbreviatedData")
    if outline is None or not outline.text:
        return ""
    style = style_of(element, brush.canvas, brush.resources, brush.layer)
    paint = fill_and_stroke(style, brush.canvas, brush.resources, text=False)
    rule = ' fill-rule="evenodd"' if (element.get("Rule") or "") == "Even-Odd" else ""
    return brush.inside(element, f'<path d="{_outline(brush, outline)}" {paint}{rule}/>')


def _image(brush: Brush, element: Element, place: Box) -> str:
    """ImageObject (图像, ch. 10): a square of one, which the CTM makes as large as it shall be."""
    part = brush.resources.media.get(element.get("ResourceID") or "")
    if part is None:
        raise NotDrawn(LeftOut.MISSING)
    brush.met.add(part)
    if element.get("ImageMask") is not None:
        brush.canvas.left_out[LeftOut.MASK] += 1
    key = brush.canvas.image(("part", part), raster(brush.members[part]))
    alpha = min(max(number(element.get("Alpha"), 255) / 255, 0), 1)
    _, _, width, height = place
    sized = "" if element.get("CTM") else f' transform="scale({write(width, height)})"'
    shown = f'<g{sized}><use href="#{key}" opacity="{write(alpha)}"/></g>'
    marked = ""
    if brush.covered is not None and part not in brush.covered:
        marked = frame((0, 0, width, height))
    return brush.inside(element, shown) + marked


def _composite(brush: Brush, element: Element, _place: Box) -> str:
    """CompositeObject (复合对象, ch. 13): a resource drawn in this place."""
    unit = brush.resources.composites.get(element.get("ResourceID") or "")
    if unit is None:
        raise NotDrawn(LeftOut.MISSING)
    if brush.composites >= MAX_COMPOSITES:
        raise NotDrawn(LeftOut.TOO_DEEP)
    brush.canvas.spend(brush.resources.weight_of(unit))
    held, brush.canvas.pieces = brush.canvas.pieces, []
    inner = replace(brush, composites=brush.composites + 1)
    try:
        for name, one in children(unit):
            if name == "Content":
                inner.draw(one)
        pieces = "".join(brush.canvas.pieces)
    finally:
        brush.canvas.pieces = held
    return brush.inside(element, pieces)


_UNITS: Final[Mapping[str, Callable[[Brush, Element, Box], str]]] = {
    "TextObject": _text,
    "PathObject": _path,
    "ImageObject": _image,
    "CompositeObject": _composite,
}
