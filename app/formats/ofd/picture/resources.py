"""Resources a page draws with: fonts, images, drawing parameters, composites, colour spaces."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from app.domain.ofd import PartKind
from app.formats.markup import Element, local_name
from app.formats.ofd.walk import Walk

_FAMILY = re.compile(r"[^\w\- ]")
MAX_FAMILY: Final = 64


def children(element: Element) -> Iterator[tuple[str, Element]]:
    """Own elements by local name; comments are not elements."""
    for child in element:
        tag: object = child.tag
        if isinstance(tag, str):
            yield local_name(tag), child


def child(element: Element, name: str) -> Element | None:
    """The first child of that name."""
    return next((found for called, found in children(element) if called == name), None)


def weight(element: Element) -> int:
    """What it costs to go through it: its elements, and the characters they hold."""
    return sum(1 + len(each.text or "") + sum(map(len, each.values())) for each in element.iter())


@dataclass(slots=True)
class Resources:
    """By ID, over all resource files of a document and of its pages."""

    fonts: dict[str, str] = field(default_factory=dict)
    """Family, fit to stand in an attribute."""
    media: dict[str, str] = field(default_factory=dict)
    """The part that holds it."""
    parameters: dict[str, Element] = field(default_factory=dict)
    composites: dict[str, Element] = field(default_factory=dict)
    spaces: dict[str, Element] = field(default_factory=dict)
    _weights: dict[Element, int] = field(default_factory=dict)
    _palettes: dict[Element, tuple[str, ...]] = field(default_factory=dict)

    def weight_of(self, element: Element) -> int:
        """Of one of these, which may be drawn with many times; gone through once."""
        known = self._weights.get(element)
        if known is None:
            known = self._weights[element] = weight(element)
        return known

    def palette_of(self, space: Element) -> tuple[str, ...]:
        """Its colours as written; gone through once."""
        known = self._palettes.get(space)
        if known is None:
            palette = child(space, "Palette")
            listed = () if palette is None else children(palette)
            known = self._palettes[space] = tuple(one.text or "" for _, one in listed)
        return known

    def read(self, walk: Walk, target: str, source: str) -> str | None:
        """Add those of a resource file; its part, or None where it is missing. Raises `Malformed`.

        What a page brings replaces what the document has under the same ID (GB/T 33190 7.9).
        """
        part, _ = walk.resolve(target, source)
        if part is None:
            return None
        root = walk.read(part, PartKind.RESOURCE, "Res").element
        base = (root.get("BaseLoc") or "").strip()
        for group, listed in children(root):
            for name, one in children(listed):
                key = one.get("ID")
                if key is not None:
                    self._keep(walk, (group, name), key, one, (part, base))
        return part

    def _keep(
        self, walk: Walk, what: tuple[str, str], key: str, one: Element, place: tuple[str, str]
    ) -> None:
        match what:
            case ("Fonts", "Font"):
                family = one.get("FamilyName") or one.get("FontName") or ""
                self.fonts[key] = _FAMILY.sub("", family)[:MAX_FAMILY].strip()
            case ("MultiMedias", "MultiMedia"):
                file = child(one, "MediaFile")
                part = (
                    walk.resolve((file.text or "").strip(), *place)[0] if file is not None else None
                )
                if part is not None:
                    self.media[key] = part
            case ("DrawParams", "DrawParam"):
                self.parameters[key] = one
            case ("CompositeGraphicUnits", "CompositeGraphicUnit"):
                self.composites[key] = one
            case ("ColorSpaces", "ColorSpace"):
                self.spaces[key] = one
            case _:
                return
