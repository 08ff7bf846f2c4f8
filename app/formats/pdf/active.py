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
_KEYS = frozenset({"JS", "XFA", "NeedsRendering", "Alternates", "OPI"})
"""Scripts, forms laid out anew, pictures that stand for others in print (§8.9.5.4, §14.11.7)."""
_STATES = {"View": "ViewState", "Print": "PrintState", "Export": "ExportState"}
_WHERE = frozenset({"Zoom", "Language", "User"})
"""By which layers appear by themselves (§8.11.4.4)."""
_ELSEWHERE = frozenset({"F", "Ref"})
"""Of a stream: its octets are in another file, or it shows a page of one."""
_ANNOTATIONS = frozenset({"RichMedia", "Screen", "Movie", "3D", "Sound"})
_POSTSCRIPT = "PS"
"""An external object that printers run, and screens do not show (ISO 32000-1 §8.8.2)."""


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
            found |= _programs(view, value.dictionary)
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
    if "AS" in node and _switched(view, node):
        found.add("AutoState")
    if isinstance(action, Name) and action.value in ACTIONS:
        found.add(action.value)
    if isinstance(subtype, Name) and subtype.value in _ANNOTATIONS and "Rect" in node:
        found.add(subtype.value)
    return found


def _programs(view: View, dictionary: dict[str, Value]) -> set[str]:
    kinds = (view.resolve(dictionary.get(key)) for key in ("Subtype", "Subtype2"))
    held = dictionary.get("PS") is not None
    return {"PostScript"} if held or Name(_POSTSCRIPT) in kinds else set()


def _switched(view: View, configuration: dict[str, Value]) -> bool:
    """Whether a layer is there on screen and not in print, from a zoom on, or for some only."""
    base = view.resolve(configuration.get("BaseState")) != Name("OFF")
    others = view.array(configuration.get("OFF" if base else "ON"))
    listed = frozenset(layer for layer in others if isinstance(layer, Ref))
    for each in view.array(configuration.get("AS")):
        for layer in view.array(view.dictionary(each).get("OCGs")):
            view.file.meter.visit()
            usage = view.dictionary(view.dictionary(layer).get("Usage"))
            shown = base is not (isinstance(layer, Ref) and layer in listed)
            states = [view.dictionary(usage.get(kind)).get(key) for kind, key in _STATES.items()]
            told = [view.resolve(state) for state in states if state is not None]
            if _WHERE & usage.keys() or any((state == Name("ON")) is not shown for state in told):
                return True
    return False
