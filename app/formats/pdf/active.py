"""What can change a document while it is looked at (threats PDF-08): found by name, never run."""

from app.formats.pdf.objects import Name, Ref, Stream, Value
from app.formats.pdf.reader import View

ACTIONS = frozenset(
    {
        "JavaScript",
        "Launch",
        "ImportData",
        "SubmitForm",
        "ResetForm",
        "Hide",
        "SetOCGState",
        "Rendition",
        "Movie",
        "Sound",
        "Trans",
        "GoTo3DView",
        "RichMediaExecute",
    }
)
"""Actions that do more than lead somewhere."""
_KEYS = frozenset({"JS", "XFA", "NeedsRendering"})
_ELSEWHERE = frozenset({"F", "Ref"})
"""Of a stream: its octets are in another file, or it shows a page of one."""
_ANNOTATIONS = frozenset({"RichMedia", "Screen", "Movie", "3D", "Sound"})


def active_content(view: View) -> tuple[str, ...]:
    """Names of active parts anywhere the catalog leads to, each once, sorted.

    Raises:
        Malformed: what the catalog leads to cannot be read.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Value] = [view.trailer.get("Root")]
    while waiting:
        value = waiting.pop()
        view.file.meter.visit()
        if isinstance(value, Ref):
            if value.number not in seen:
                seen.add(value.number)
                waiting.append(view.load(value))
        elif isinstance(value, Stream):
            found |= {"External"} if _ELSEWHERE & value.dictionary.keys() else set()
            waiting.append(value.dictionary)
        elif isinstance(value, tuple):
            waiting.extend(value)
        elif isinstance(value, dict):
            found |= _named(view, value)
            waiting.extend(value.values())
    return tuple(sorted(found))


def _named(view: View, node: dict[str, Value]) -> set[str]:
    """Whatever else stands beside it: readers run an action of another type, or with other keys."""
    found = {key for key in _KEYS if node.get(key) not in (None, False)}
    action, subtype = view.resolve(node.get("S")), view.resolve(node.get("Subtype"))
    if isinstance(action, Name) and action.value in ACTIONS:
        found.add(action.value)
    if isinstance(subtype, Name) and subtype.value in _ANNOTATIONS and "Rect" in node:
        found.add(subtype.value)
    return found
