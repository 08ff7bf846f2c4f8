"""Texts and where they stand, for elements read from pages and for the data index."""

from collections.abc import Iterator

from app.domain.ofd import Box, PartKind, TextRun
from app.formats.markup import BadMarkup, Element, MarkupRule, Node, numbers


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
        BadMarkup: a text is not one node.
    """
    root = node.element
    space = root.tag.rpartition("}")[0]
    object_tag = f"{space}}}TextObject"
    holder: Element | None = None
    first: Element | None = None
    texts: list[str] = []
    for code in root.iter(f"{space}}}TextCode"):
        if len(code):
            raise BadMarkup(MarkupRule.TEXT, f"of TextCode in the {node.where} is not one node")
        parent = code.getparent()
        if parent is None or parent.tag != object_tag:
            continue
        if parent is not holder:
            if holder is not None and first is not None:
                yield _run(holder, first, texts, (part, kind, page))
            holder, first, texts = parent, code, []
        texts.append(code.text or "")
    if holder is not None and first is not None:
        yield _run(holder, first, texts, (part, kind, page))


def _run(
    holder: Element, first: Element, texts: list[str], place: tuple[str, PartKind, str | None]
) -> TextRun:
    return TextRun(
        *place,
        holder.get("ID"),
        "".join(texts),
        holder.get("Boundary"),
        holder.get("CTM"),
        (first.get("X"), first.get("Y")),
    )
