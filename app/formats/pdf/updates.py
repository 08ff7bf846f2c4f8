"""What was saved after a signature, judged revision by revision (threats PDF-02, PDF-04…PDF-06).

Allowed is what proves and shows nothing: validation data (DSS), document timestamps and signatures
in fields that nobody sees, the date of the last change. What a certification (DocMDP) would permit
beyond that, filling in forms or annotating, is refused all the same: a license is not filled in
after it was issued. Whatever is not recognised is refused too, so this is a list of what passes.
"""

import re

from app.domain.pdf import Change, Later
from app.formats.pdf.objects import Name, Ref, Stream, Text, Value, same
from app.formats.pdf.reader import PdfFile, View
from app.formats.pdf.sections import Freed, InFile, InStream

_TRAILER = frozenset(
    {"Size", "Prev", "XRefStm", "Type", "W", "Index", "Filter", "DecodeParms", "Length", "ID"}
)
"""What describes the section and not the document; ID names the version that was saved."""
_INFO = frozenset({"ModDate", "Producer"})
_SIGNATURE_KEYS = frozenset(
    {
        "Type", "Filter", "SubFilter", "Contents", "ByteRange", "M", "Name", "Reason", "Location",
        "ContactInfo", "Cert", "Changes", "Prop_Build", "Prop_AuthTime", "Prop_AuthType", "V", "R",
        "Reference",
    }
)  # fmt: skip
_OF_FIELDS = frozenset(
    {
        "Type", "Subtype", "FT", "T", "TU", "TM", "Ff", "F", "V", "Rect", "P", "Lock", "SV", "NM",
        "M", "DA", "DR", "Q", "MK", "AP", "Border", "BS", "StructParent", "Kids", "Parent",
    }
)  # fmt: skip
_OF_FIELDS_ALONE = frozenset({"T", "V", "Kids"})
"""What makes a field of its own of what is inside another."""
_STAMPS = (Name("DocTimeStamp"), Name("ETSI.RFC3161"))
"""Type or SubFilter of a document timestamp, which any certification permits."""
_NEW_FORM = frozenset({"DR", "DA"})
"""Of a form that was not there before: defaults for fields nobody sees."""
_PROOF = frozenset({"DSS", "Extensions", "Metadata", "Version"})
"""Entries of the catalog that prove or describe, and show nothing."""
_DSS_KEYS = frozenset({"Type", "VRI", "Certs", "OCSPs", "CRLs"})
_VRI_KEYS = frozenset({"Type", "Cert", "OCSP", "CRL", "TU", "TS"})
_BETWEEN = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]{0,80}+(?=[\r\n]))*+\Z")
_CORNERS = 4


class Updates:
    """Every revision after the first signature, judged once however many signatures ask."""

    def __init__(self, file: PdfFile) -> None:
        self._file = file
        self._steps: dict[int, Step] = {}

    def since(self, index: int, end: int, *, last: bool = False) -> tuple[Change, ...]:
        """What is not allowed after the section `index`, whose revision ends at octet `end`.

        Args:
            index: of the section a signature covers last.
            end: where its revision ends, in octets.
            last: that signature permits no other after it (DocMDP P 1).

        Raises:
            Malformed: a later revision cannot be read.
        """
        file, found = self._file, list[Change]()
        for later in range(index + 1, len(file.sections)):
            step = self._step(later)
            found += step.found
            found += step.signed if last else ()
            found += unlisted(file, later, end)
            end = file.sections[later].end or len(file.content)
        if not only_space(file.content, end, len(file.content)):
            found.append(Change(len(file.sections) + 1, None, Later.UNLISTED))
        return tuple(dict.fromkeys(found))

    def _step(self, later: int) -> "Step":
        if later not in self._steps:
            step = self._steps[later] = Step(self._file.at(later - 1), self._file.at(later))
            step.judge()
        return self._steps[later]


def shown(view: View) -> frozenset[int]:
    """Objects, there or not, that the document leads to other than as proof or description.

    An object among them can be in two places at once, so it must not change by way of a place
    where changes are allowed; and one that is missing must not appear. The object streams are
    among them: nothing refers to one, and with it everything inside would change.
    """
    catalog = {k: v for k, v in view.catalog.items() if k not in _PROOF}
    seen: set[int] = set()
    containers = view.containers()
    waiting: list[Value] = [catalog, view.trailer.get("Info")]
    while waiting:
        value = waiting.pop()
        view.file.meter.visit()
        if isinstance(value, Ref):
            if value.number not in seen:
                seen.add(value.number)
                waiting.append(view.load(value))
        elif isinstance(value, Stream):
            waiting.append(value.dictionary)
        elif isinstance(value, tuple):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
    return frozenset(seen | containers)


class Step:
    """From one revision to the next."""

    def __init__(self, old: View, new: View) -> None:
        self.old = old
        self.new = new
        self._shown = shown(old)
        self._explained: set[int] = set()
        self.found: list[Change] = []
        """What is not allowed, whoever signed before."""
        self.signed: list[Change] = []
        """Signatures nobody sees: not allowed after one that permits none."""
        self._unseen: set[int] = set()
        """New signature fields nobody sees."""
        self._changed = self._differing()

    def judge(self) -> None:
        """Find everything in this revision that is not allowed."""
        self._trailer()
        self._catalog()
        self._pages()
        for number in sorted(self._changed - self._explained):
            self._refuse(self._kind(number), number)

    def _refuse(self, kind: Later, number: int | None = None) -> None:
        self.found.append(Change(self.new.revision + 1, number, kind))

    def _explain(self, value: Value, before: Value = None) -> None:
        """Allow an object to be new here, or to change where it was in the same place before."""
        if isinstance(value, Ref) and (value.number not in self._shown or value == before):
            self._explained.add(value.number)

    # ---- what changed at all

    def _differing(self) -> frozenset[int]:
        """Objects this revision brings, but for those that only say the same again."""
        section = self.new.file.sections[self.new.revision]
        structure = {e.container for e in section.entries.values() if isinstance(e, InStream)}
        structure |= {n for n in section.entries if self._is_section(n)}
        structure = {n for n in structure if n not in self._shown and self.old.entry(n) is None}
        return frozenset(
            n for n in section.entries if n not in structure and not self._unchanged(n)
        )

    def _is_section(self, number: int) -> bool:
        """A cross-reference stream; some writers put one beside their table."""
        entry = self.new.entry(number)
        if not isinstance(entry, InFile):
            return False
        node = self.new.file.stored(entry.offset).value
        return isinstance(node, dict) and node.get("Type") == Name("XRef")

    def _unchanged(self, number: int) -> bool:
        before, after = self.old.entry(number), self.new.entry(number)
        if before is None or isinstance(before, Freed):
            return isinstance(after, Freed)
        if after is None or isinstance(after, Freed):
            return False
        was, now = (e.generation if isinstance(e, InFile) else 0 for e in (before, after))
        return was == now and same(self.old.load(Ref(number, was)), self.new.load(Ref(number, now)))

    def _now(self, number: int) -> Value:
        entry = self.new.entry(number)
        return self.new.load(Ref(number, entry.generation if isinstance(entry, InFile) else 0))

    def _kind(self, number: int) -> Later:
        """What to call a change that nothing explains."""
        if isinstance(self.new.entry(number), Freed):
            return Later.REMOVED
        value = self._now(number)
        node = value.dictionary if isinstance(value, Stream) else value
        if not isinstance(node, dict):
            return Later.UNKNOWN
        kinds = {v.value for key in ("Type", "Subtype") if isinstance(v := node.get(key), Name)}
        if kinds & {"Page", "Pages"}:
            return Later.PAGE
        if "FT" in node:
            return Later.VISIBLE_SIGNATURE if node["FT"] == Name("Sig") else Later.FORM_VALUE
        if "Annot" in kinds or "Rect" in node:
            return Later.ANNOTATION
        return Later.CONTENT if isinstance(value, Stream) or "Font" in kinds else Later.UNKNOWN

    # ---- trailer and catalog

    def _trailer(self) -> None:
        old, new = self.old.trailer, self.new.trailer
        if any(
            not same(old.get(key), new.get(key))
            for key in (old.keys() | new.keys()) - _TRAILER - {"Info"}
        ):
            self._refuse(Later.TRAILER)
        before, after = self.old.dictionary(old.get("Info")), self.new.dictionary(new.get("Info"))
        for key in before.keys() | after.keys():
            free = key in _INFO and isinstance(after.get(key), Text)
            if not free and not same(before.get(key), after.get(key)):
                return self._refuse(Later.METADATA)
        return self._explain(new.get("Info"), old.get("Info"))

    def _catalog(self) -> None:
        root, before, after = self.new.trailer.get("Root"), self.old.catalog, self.new.catalog
        self._explain(root, self.old.trailer.get("Root"))
        for key in sorted(before.keys() | after.keys()):
            old, new = before.get(key), after.get(key)
            match key:
                case "DSS" if new is not None:
                    self._dss(new, old)
                case "AcroForm" if new is not None:
                    self._form(old, new)
                case "Extensions" if new is not None:
                    self._reach(new)
                case "Metadata" if new is not None:
                    self._metadata(new)
                case "Version" if isinstance(new, Name):
                    continue
                case _ if not same(old, new):
                    self._refuse(Later.CATALOG)

    def _metadata(self, value: Value) -> None:
        """XMP: not shown, and nothing is read from it."""
        found = self.new.resolve(value)
        if isinstance(found, Stream) and found.dictionary.get("Subtype") == Name("XML"):
            self._explain(value)

    def _reach(self, value: Value) -> None:
        """Everything this leads to that the document did not lead to before."""
        waiting, seen = [value], set[int]()
        while waiting:
            each = waiting.pop()
            self.new.file.meter.visit()
            if isinstance(each, Ref):
                if each.number not in seen and each.number not in self._shown:
                    seen.add(each.number)
                    waiting.append(self.new.load(each))
            elif isinstance(each, Stream):
                waiting.append(each.dictionary)
            elif isinstance(each, tuple):
                waiting.extend(each)
            elif isinstance(each, dict):
                waiting.extend(each.values())
        self._explained |= seen

    def _dss(self, value: Value, before: Value) -> None:
        """Validation data (ISO 32000-2 §12.8.4.3): certificates, lists and answers."""
        store = self.new.dictionary(value)
        entries = self.new.dictionary(store.get("VRI"))
        odd = store.keys() - _DSS_KEYS or any(
            self.new.dictionary(entry).keys() - _VRI_KEYS for entry in entries.values()
        )
        if odd:
            return self._refuse(Later.CATALOG)
        self._explain(value, before)
        return self._reach(value)

    # ---- forms

    def _form(self, old: Value, new: Value) -> None:
        before, after = self.old.dictionary(old), self.new.dictionary(new)
        for key in (before.keys() | after.keys()) - {"Fields", "SigFlags"}:
            defaults = key in _NEW_FORM and key not in before and self._for_signing(before)
            if not same(before.get(key), after.get(key)) and not defaults:
                return self._refuse(Later.FORM_VALUE)
        self._explain(new, old)
        self._explain(after.get("Fields"), before.get("Fields"))
        if "DR" not in before:  # fonts for fields nobody sees
            self._reach(after.get("DR"))
        earlier, now = self.old.array(before.get("Fields")), self.new.array(after.get("Fields"))
        if now[: len(earlier)] != earlier:
            return self._refuse(Later.FORM_VALUE)
        for each in earlier:
            if self._just_signed(each):
                self._signature_field(each, each)
        for added in now[len(earlier) :]:
            self._signature_field(added, None)
        return None

    def _for_signing(self, form: dict[str, Value]) -> bool:
        """No field whose value a new default could make appear."""
        every = self.old.array(form.get("Fields"))
        return all(self.old.dictionary(each).get("FT") == Name("Sig") for each in every)

    def _just_signed(self, field: Value) -> bool:
        """A field made for a signature got one, and nothing else about it changed."""
        before, after = self.old.dictionary(field), self.new.dictionary(field)
        if before.get("FT") != Name("Sig") or "V" in before or "V" not in after:
            return False
        kept = {key: value for key, value in after.items() if key in before}
        return same(before, kept) and after.keys() - before.keys() <= {"V", "M", "AP"}

    def _signature_field(self, field: Value, before: Value) -> None:
        node, number = self.new.dictionary(field), field.number if isinstance(field, Ref) else None
        places = self.new.array(node.get("Kids"))
        shows = [field, *places]
        plain = all(self._only_a_place(self.new.dictionary(each)) for each in places)
        if node.get("FT") != Name("Sig") or not plain or not self._signature(node.get("V")):
            return self._refuse(Later.FORM_VALUE, number)
        seen_before = before is not None and self._shown_already(field)
        if not seen_before and not all(self._invisible(self.new.dictionary(e)) for e in shows):
            self._refuse(Later.VISIBLE_SIGNATURE, number)
        elif not seen_before:
            self._unseen |= {each.number for each in shows if isinstance(each, Ref)}
        self._explain(field, before)
        for each in shows:
            place = self.new.dictionary(each)
            for key in _OF_FIELDS - {"P", "Parent"}:
                self._reach(place.get(key))
        value = self.new.dictionary(node.get("V"))
        if value.keys() - _SIGNATURE_KEYS:
            self._refuse(Later.UNKNOWN, number)
        kinds = [self.new.resolve(value.get(key)) for key in ("Type", "SubFilter")]
        if not any(kind == stamp for kind in kinds for stamp in _STAMPS):
            self.signed.append(Change(self.new.revision + 1, number, Later.SIGNATURE))
        return None

    def _shown_already(self, field: Value) -> bool:
        """A field that showed the same before it was signed: the signature shows nothing new."""
        before, after = self.old.dictionary(field), self.new.dictionary(field)
        was = self.old.resolve(self.old.dictionary(before.get("AP")).get("N"))
        now = self.new.resolve(self.new.dictionary(after.get("AP")).get("N"))
        drawn = isinstance(was, Stream) and same(was, now)
        return drawn and after.keys() - before.keys() <= {"V", "M"}

    def _signature(self, value: Value) -> bool:
        """A signature dictionary, or nothing yet: a text would be a value somebody reads."""
        return isinstance(self.new.resolve(value), dict | None)

    def _only_a_place(self, node: dict[str, Value]) -> bool:
        """Where a field is shown, and no field of its own (§12.7.4.1)."""
        return not node.keys() & _OF_FIELDS_ALONE and node.get("FT") in (None, Name("Sig"))

    def _invisible(self, node: dict[str, Value]) -> bool:
        """No area: then no appearance is drawn (§12.5.5).

        But an icon is, where it is no place of a field (§12.5.6.4); and an appearance without
        bounds, which readers draw as large as it is.
        """
        if node.keys() - _OF_FIELDS or node.get("Subtype") not in (None, Name("Widget")):
            return False
        if not all(map(self._bounded, self.new.dictionary(node.get("AP")).values())):
            return False
        rect = self.new.array(node.get("Rect"))
        if not rect:
            return "Subtype" not in node
        numbers = [float(n) for n in map(self.new.resolve, rect) if isinstance(n, int | float)]
        if len(numbers) != _CORNERS or len(rect) != _CORNERS:
            return False
        return numbers[0] == numbers[2] and numbers[1] == numbers[3]

    def _bounded(self, appearance: Value) -> bool:
        """A form whose BBox says where it ends (§8.10.2)."""
        form = self.new.resolve(appearance)
        box = form.dictionary.get("BBox") if isinstance(form, Stream) else None
        return (
            isinstance(box, tuple)
            and len(box) == _CORNERS
            and all(type(each) in (int, float) for each in box)
        )

    # ---- pages

    def _pages(self) -> None:
        """A page may get the places of new fields that nobody sees, and nothing else."""
        for number in self._changed - self._explained:
            entry = self.old.entry(number)
            ref = Ref(number, entry.generation if isinstance(entry, InFile) else 0)
            before, after = self.old.load(ref), self._now(number)
            if not isinstance(before, dict) or not isinstance(after, dict):
                continue
            if before.get("Type") == Name("Page") and self._only_annotated(before, after):
                self._explained.add(number)
                self._explain(after.get("Annots"), before.get("Annots"))
        changed = self._changed - self._explained
        nodes = page_nodes(self.old) if changed else ()
        for each in {a for node in nodes if isinstance(a := node.get("Annots"), Ref)}:
            if each.number in changed:
                before_list, after_list = self.old.array(each), self.new.array(each)
                if before_list and self._grown(before_list, after_list):
                    self._explained.add(each.number)

    def _only_annotated(self, before: dict[str, Value], after: dict[str, Value]) -> bool:
        was, now = (
            {k: v for k, v in node.items() if k not in {"Annots", "Tabs"}}
            for node in (before, after)
        )
        old, new = self.old.array(before.get("Annots")), self.new.array(after.get("Annots"))
        return same(was, now) and self._grown(old, new)

    def _grown(self, before: tuple[Value, ...], after: tuple[Value, ...]) -> bool:
        """The same list with new fields added that nobody sees."""
        kept = tuple(a for a in after if not (isinstance(a, Ref) and a.number in self._unseen))
        was = tuple(b for b in before if not (isinstance(b, Ref) and b.number in self._unseen))
        return same(kept, was)


def page_nodes(view: View) -> list[dict[str, Value]]:
    """Nodes of the page tree, each once."""
    waiting, seen, found = [view.catalog.get("Pages")], set[int](), []
    while waiting:
        value = waiting.pop()
        view.file.meter.visit()
        if isinstance(value, Ref):
            if value.number in seen:
                continue
            seen.add(value.number)
        node = view.dictionary(value)
        found.append(node)
        waiting.extend(each for each in view.array(node.get("Kids")) if isinstance(each, Ref))
    return found


# ---- octets


def unlisted(file: PdfFile, index: int, start: int) -> list[Change]:
    """Octets of a revision, from `start` on, that no entry of its section accounts for."""
    section, view = file.sections[index], file.at(index)
    odd = [Change(index + 1, None, Later.UNLISTED)]
    if section.offset < start or section.end is None or section.hybrid:
        return odd
    at = start
    spans = [
        view.span(number)
        for number, entry in section.entries.items()
        if isinstance(entry, InFile) and number != section.own
    ]
    for span in sorted(spans, key=lambda s: s or (0, 0)):
        if span is None or span[0] < at or not only_space(file.content, at, span[0]):
            return odd
        at = span[1]
    return [] if only_space(file.content, at, section.offset) else odd


def only_space(content: bytes, start: int, end: int) -> bool:
    """White space and short comments, and nothing else."""
    return start <= end and _BETWEEN.match(content[start:end] + b"\n") is not None
