"""Texts and where they stand, for elements read from pages and for the data index."""

from collections.abc import Iterator

from app.domain.ofd import Box, PartKind, TextRun
from app.formats.markup import BadMarkup, Element, MarkupRule, Node, numbers

_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def box(text: str, where: str) -> Box:
    """A rectangle in millimetres: left, top, width, height (ST_Box).

    Raises:
        BadMarkup: not four numbers.
    """
    x, y, width, height = numbers(text, 4, where)
    return Box(x, y, width, height)


def text_runs(node: Node, part: str, kind: PartKind, page: str | None) -> Iterator[TextRun]:
    """The texts of every TextObject below `node`, in document order.

    Raises:
        BadMarkup: a coordinate is no number, or a text is not one node.
    """
    root = node.element
    space = root.tag.rpartition("}")[0]
    code_tag = f"{space}}}TextCode"
    for found in root.iter(f"{space}}}TextObject"):
        codes = [child for child in found if child.tag == code_tag]
        text = "".join(_code_text(code, node.where) for code in codes)
        if text:
            x, y = _origin(found, codes[0], node.where)
            yield TextRun(part, kind, page, found.get("ID"), text, x, y)


def _code_text(code: Element, where: str) -> str:
    if len(code):
        raise BadMarkup(MarkupRule.TEXT, f"of TextCode in the {where} is not one node")
    return code.text or ""


def _origin(found: Element, code: Element, where: str) -> tuple[float, float]:
    """Where the text starts: the object's corner and its transformed offset (GB/T 33190 11.3)."""
    boundary, ctm = found.get("Boundary"), found.get("CTM")
    left, top, _, _ = numbers(boundary, 4, where) if boundary else (0.0, 0.0, 0.0, 0.0)
    a, b, c, d, e, f = numbers(ctm, 6, where) if ctm else _IDENTITY
    (x,) = numbers(code.get("X") or "0", 1, where)
    (y,) = numbers(code.get("Y") or "0", 1, where)
    return left + a * x + c * y + e, top + b * x + d * y + f
