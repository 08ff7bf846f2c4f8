"""Colours and lines: of an object, else its DrawParam, else its layer (绘制参数, 8.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.domain.picture import LeftOut
from app.formats.markup import Element
from app.formats.ofd.picture.canvas import Canvas
from app.formats.ofd.picture.resources import Resources, child
from app.formats.ofd.picture.values import Unreadable, number, series, write

MAX_RELATIVES: Final = 8
"""DrawParams that build on one another."""
_OPAQUE: Final = 255
_WIDTH: Final = 0.353
"""Millimetres: the schema's default of LineWidth."""
_CAPS: Final = {"Butt": "butt", "Round": "round", "Square": "square"}
_JOINS: Final = {"Miter": "miter", "Round": "round", "Bevel": "bevel"}
_SHADES: Final = ("Pattern", "AxialShd", "RadialShd", "GouraudShd", "LaGourandShd", "LaGouraudShd")
_GREY: Final = "#c8c8c8"


@dataclass(frozen=True, slots=True)
class Style:
    """The elements to ask, nearest first."""

    sources: tuple[Element, ...]

    def get(self, name: str) -> str | None:
        """The nearest attribute of that name."""
        return next((v for s in self.sources if (v := s.get(name)) is not None), None)

    def find(self, name: str) -> Element | None:
        """The nearest child of that name."""
        return next((c for s in self.sources if (c := child(s, name)) is not None), None)


def style_of(
    element: Element, canvas: Canvas, resources: Resources, layer: tuple[Element, ...]
) -> Style:
    """Of an object within a layer. Raises `NotDrawn` where those of a layer were too much."""
    canvas.spend(sum(resources.weight_of(each) for each in layer))
    return Style((element, *parameters(element, canvas, resources), *layer))


def parameters(element: Element, canvas: Canvas, resources: Resources) -> tuple[Element, ...]:
    """The DrawParam an element names, and those it builds on. Raises `NotDrawn`: too much."""
    found = tuple(_chain(element.get("DrawParam"), resources))
    canvas.spend(sum(map(resources.weight_of, found)))
    return found


def _chain(key: str | None, resources: Resources) -> Iterator[Element]:
    for _ in range(MAX_RELATIVES):
        found = resources.parameters.get(key or "")
        if found is None:
            return
        yield found
        key = found.get("Relative")


def fill_and_stroke(style: Style, canvas: Canvas, resources: Resources, *, text: bool) -> str:
    """The attributes that paint an object; defaults are those of texts, or of paths (9.1, 11.3).

    Raises:
        Unreadable: a colour or a line.
    """
    element = style.sources[0]
    alpha = number(element.get("Alpha"), _OPAQUE) / _OPAQUE
    drawing = (canvas, resources)
    found = 'fill="none"'
    if _flag(element.get("Fill"), default=text):
        found = _paint("fill", style.find("FillColor"), alpha, drawing)
    if not _flag(element.get("Stroke"), default=not text):
        return found
    line = _paint("stroke", style.find("StrokeColor"), alpha, drawing)
    return f"{found} {line} {_line(style)}"


def _flag(text: str | None, *, default: bool) -> bool:
    return default if text is None else text.strip() in {"true", "1", "True"}


def _line(style: Style) -> str:
    found = [f'stroke-width="{write(number(style.get("LineWidth"), _WIDTH))}"']
    if cap := _CAPS.get(style.get("Cap") or ""):
        found.append(f'stroke-linecap="{cap}"')
    if join := _JOINS.get(style.get("Join") or ""):
        found.append(f'stroke-linejoin="{join}"')
    dashes = (style.get("DashPattern") or "").split()
    if dashes:
        pattern = series(" ".join(dashes), len(dashes))
        if len(dashes) > 16 or min(pattern) < 0:  # noqa: PLR2004 - of a pattern
            raise Unreadable("picture: a dash pattern")
        found.append(f'stroke-dasharray="{write(*pattern)}"')
        found.append(f'stroke-dashoffset="{write(number(style.get("DashOffset"), 0))}"')
    return " ".join(found)


def _paint(
    what: str, color: Element | None, alpha: float, drawing: tuple[Canvas, Resources]
) -> str:
    canvas, resources = drawing
    if color is None:
        value, opacity = "#000000", alpha
    else:
        opacity = alpha * number(color.get("Alpha"), _OPAQUE) / _OPAQUE
        if any(child(color, shade) is not None for shade in _SHADES):
            canvas.left_out[LeftOut.SHADING] += 1
            value = _GREY
        else:
            value = _value(color, resources)
    opacity = min(max(opacity, 0), 1)
    return f'{what}="{value}"' + (f' {what}-opacity="{write(opacity)}"' if opacity < 1 else "")


def _value(color: Element, resources: Resources) -> str:
    """A colour of CT_Color (8.3): by value, or by its place in the palette of its space."""
    written = color.get("Value")
    space = resources.spaces.get(color.get("ColorSpace") or "")
    if written is None and color.get("Index") is not None and space is not None:
        written = _of_palette(resources.palette_of(space), int(number(color.get("Index"), 0)))
    channels = [_channel(part) for part in (written or "0 0 0").split()]
    kind = space.get("Type") if space is not None else None
    match kind, channels:
        case ("CMYK", [c, m, y, k]) | (None, [c, m, y, k]):
            rgb = [(255 - each) * (255 - k) / 255 for each in (c, m, y)]
        case _, [grey]:
            rgb = [grey] * 3
        case _, [_, _, _]:
            rgb = channels
        case _:
            raise Unreadable("picture: a colour")
    return "#" + "".join(f"{round(each):02x}" for each in rgb)


def _of_palette(entries: tuple[str, ...], index: int) -> str:
    if not 0 <= index < len(entries):
        raise Unreadable("picture: a colour of a palette")
    return entries[index]


def _channel(text: str) -> float:
    if text.startswith("#"):
        try:
            return min(int(text[1:3], 16), _OPAQUE)
        except ValueError:
            raise Unreadable("picture: a colour") from None
    return min(max(number(text, 0), 0), _OPAQUE)
