"""The data index (数据索引): custom tags that point from a named element to texts on the pages.

GB/T 33190 ch. 16, GB/T 36905. The tag files are written in their producers' own vocabularies;
only `ObjectRef` (a page and an object) and `ObjectData` (a value) are common to all.
"""

from collections.abc import Iterator, Mapping

from app.domain.ofd import Deviation, OfdPackage, PartKind, TagIndex, TagValue, TextRun
from app.formats.markup import (
    BadMarkup,
    Element,
    local_name,
    read_broken_namespaces,
    read_markup,
)

_REFERENCE = "ObjectRef"
_DATA = "ObjectData"
_WHERE = f"{PartKind.CUSTOM_TAG} part"

MAX_TAG_MARKUP = 8 << 20
"""Bytes of all data indexes of a package; the largest met has 90 kB."""

_Texts = Mapping[tuple[str | None, str], TextRun | None]
"""By page and object; `None` where two objects share an ID."""


def read_tags(package: OfdPackage) -> TagIndex:
    """Everything the custom tags say, with the parts each value was read from.

    Never raises: a tag file that is no XML says nothing and is named as a deviation, because it
    carries no evidence; whether it is covered is told elsewhere.
    """
    parts = [part for part, kind in package.reachable.items() if kind is PartKind.CUSTOM_TAG]
    texts = _by_object(package) if parts else {}
    values: list[TagValue] = []
    unresolved = 0
    deviations: set[Deviation] = set()
    budget = MAX_TAG_MARKUP
    for part in parts:
        content = package.members[part]
        budget -= len(content)
        root = _root(content, deviations) if budget >= 0 else None
        if root is None:
            deviations.add(Deviation.TAG_UNREADABLE)
            continue
        for value in _values(root, part, texts):
            if value is None:
                unresolved += 1
            else:
                values.append(value)
    return TagIndex(tuple(values), unresolved, frozenset(deviations))


def _by_object(package: OfdPackage) -> _Texts:
    found: dict[tuple[str | None, str], TextRun | None] = {}
    for run in package.texts:
        if run.object_id is not None:
            key = run.page, run.object_id
            found[key] = None if key in found else run
    return found


def _root(content: bytes, deviations: set[Deviation]) -> Element | None:
    try:
        return read_markup(content, _WHERE)
    except BadMarkup:
        pass
    try:
        root = read_broken_namespaces(content, _WHERE)
    except BadMarkup:
        return None
    deviations.add(Deviation.TAG_NAMESPACES)
    return root


def _values(root: Element, part: str, texts: _Texts) -> Iterator[TagValue | None]:
    """One value for each element that holds references or data; `None` where it is unmet."""
    for element in root.iter("*"):
        name = local_name(element.tag)
        if name in (_REFERENCE, _DATA):
            continue
        children = list(element.iterchildren("*"))
        references = [child for child in children if local_name(child.tag) == _REFERENCE]
        data = [child for child in children if local_name(child.tag) == _DATA]
        if references:
            yield _referred(name, references, part, texts)
        elif data:
            value = "".join((child.text or "") for child in data).strip()
            if value:
                yield TagValue(part, name, value, ())
        elif not children:
            value = (element.text or "").strip()
            if value:
                yield TagValue(part, name, value, ())


def _referred(name: str, references: list[Element], part: str, texts: _Texts) -> TagValue | None:
    runs: list[TextRun] = []
    for reference in references:
        page, target = reference.get("PageRef"), (reference.text or "").strip()
        # Templates and resources have no page of their own; an ID is one object's in a document.
        key = (page, target) if (page, target) in texts else (None, target)
        run = texts.get(key)
        if run is None:
            return None
        runs.append(run)
    value = "".join(run.text for run in runs).strip()
    parts = tuple(dict.fromkeys(run.part for run in runs))
    return TagValue(part, name, value, parts) if value else None
