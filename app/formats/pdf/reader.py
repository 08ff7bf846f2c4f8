"""A PDF at each of its revisions: objects by number, resolved through the sections up to then."""

from dataclasses import dataclass, field

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf.objects import Lexer, Meter, Name, Ref, Stream, Value
from app.formats.pdf.sections import (
    Entry,
    Freed,
    IndirectObject,
    InFile,
    InStream,
    Section,
    read_object,
    read_sections,
    stream_end,
)
from app.formats.pdf.structure import Allowance, expanded

HEADER = b"%PDF-"
MAX_HOPS = 8
"""References that lead to a reference."""
MAX_CONTAINED = 20_000
"""Objects in one object stream; writers put up to 200 into one."""


@dataclass(slots=True)
class _Container:
    """An object stream, expanded once."""

    data: bytes
    numbers: tuple[int, ...]
    offsets: tuple[int, ...]
    read: dict[int, Value] = field(default_factory=dict)


@dataclass(slots=True)
class PdfFile:
    """The file: its octets, its sections, and what was read so far."""

    content: bytes = field(repr=False)
    sections: tuple[Section, ...]
    meter: Meter
    allowance: Allowance
    other_generation: bool = False
    """A reference was met to another generation than is listed: to nothing, or to that one all the
    same, as readers have it.
    """
    _objects: dict[int, IndirectObject] = field(default_factory=dict, repr=False)
    _containers: dict[int, _Container] = field(default_factory=dict, repr=False)
    _listed: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False)
    """Object → the sections that list it; of most one, and the same tuple for all of that one."""

    @classmethod
    def read(cls, content: bytes) -> "PdfFile":
        """Raises `Malformed`."""
        if not content.startswith(HEADER):
            raise Malformed("PDF: does not begin with %PDF-")
        meter, allowance = Meter(), Allowance()
        file = cls(content, read_sections(content, meter, allowance), meter, allowance)
        for index, section in enumerate(file.sections):
            alone = (index,)
            for number in section.entries:
                before = file._listed.get(number)
                file._listed[number] = alone if before is None else before + alone
        return file

    def entry(self, number: int, revision: int) -> Entry | None:
        """What the last section up to that one says of an object."""
        for index in reversed(self._listed.get(number, ())):
            if index <= revision:
                return self.sections[index].entries[number]
        return None

    def at(self, revision: int) -> "View":
        """As it was after the section of that index."""
        return View(self, revision)

    def stored(self, offset: int) -> IndirectObject:
        """What stands at an offset, read once."""
        found = self._objects.get(offset)
        if found is None:
            found = self._objects[offset] = read_object(self.content, offset, self.meter)
        return found

    def opened(self, offset: int) -> _Container | None:
        """The object stream there, where it was expanded before."""
        return self._containers.get(offset)

    def container(self, offset: int, stream: Stream) -> _Container:
        """An object stream by where it stands, expanded once."""
        found = self._containers.get(offset)
        if found is None:
            found = self._containers[offset] = self._opened(stream)
        return found

    def _opened(self, stream: Stream) -> _Container:
        count, first = stream.dictionary.get("N"), stream.dictionary.get("First")
        if stream.dictionary.get("Type") != Name("ObjStm"):
            raise Malformed("PDF: an object stream of another type")
        if type(count) is not int or type(first) is not int or not 0 <= count <= MAX_CONTAINED:
            raise BeyondLimits(f"PDF: an object stream of more than {MAX_CONTAINED} objects")
        data = expanded(stream, self.allowance)
        lexer = Lexer(data, 0, self.meter)
        pairs = [(lexer.integer("ObjStm"), lexer.integer("ObjStm")) for _ in range(count)]
        if lexer.at > first or any(first + offset >= len(data) for _, offset in pairs):
            raise Malformed("PDF: an object stream whose objects are not inside it")
        numbers = tuple(number for number, _ in pairs)
        if len(set(numbers)) != len(numbers):
            raise Malformed("PDF: an object twice in one object stream")
        return _Container(data, numbers, tuple(first + offset for _, offset in pairs))

    def contained(self, container: _Container, index: int, number: int) -> Value:
        """One object of an object stream. Raises `Malformed`."""
        if index >= len(container.numbers) or container.numbers[index] != number:
            raise Malformed("PDF: an object that is not where its section says")
        if index not in container.read:
            lexer = Lexer(container.data, container.offsets[index], self.meter)
            container.read[index] = lexer.value()
        return container.read[index]


@dataclass(frozen=True, slots=True)
class View:
    """The file as it was after the section `revision`, an index into `file.sections`."""

    file: PdfFile
    revision: int

    @property
    def trailer(self) -> dict[str, Value]:
        return self.file.sections[self.revision].trailer

    def entry(self, number: int) -> Entry | None:
        """Where an object stands; None where no section has it."""
        return self.file.entry(number, self.revision)

    def containers(self) -> frozenset[int]:
        """Numbers of the object streams that anything is in."""
        return frozenset(
            entry.container
            for section in self.file.sections[: self.revision + 1]
            for entry in section.entries.values()
            if isinstance(entry, InStream)
        )

    def inside(self, number: int) -> tuple[int, ...]:
        """Numbers of the objects in an object stream, in their order. Raises `Malformed`."""
        entry = self.entry(number)
        stream = self.load(Ref(number, entry.generation)) if isinstance(entry, InFile) else None
        if not isinstance(entry, InFile) or not isinstance(stream, Stream):
            raise Malformed("PDF: an object stream that is none")
        return self.file.container(entry.offset, stream).numbers

    def load(self, ref: Ref) -> Value:
        """What a reference leads to; to nothing is null (§7.3.10). Raises `Malformed`."""
        entry = self.entry(ref.number)
        match entry:
            case None | Freed():
                return None
            case InStream(container, index):
                if ref.generation:
                    return None
                return self._contained(container, index, ref.number)
            case InFile(offset, generation):
                if generation == ref.generation:
                    return self._whole(ref, offset)
                self.file.other_generation = True
                return None

    def resolve(self, value: Value) -> Value:
        """The value itself, behind any references."""
        for _ in range(MAX_HOPS):
            if not isinstance(value, Ref):
                return value
            value = self.load(value)
        raise BeyondLimits(f"PDF: more than {MAX_HOPS} references in a row")

    def dictionary(self, value: Value) -> dict[str, Value]:
        """A dictionary, behind any references; an empty one for anything else."""
        found = self.resolve(value)
        return found if isinstance(found, dict) else {}

    def array(self, value: Value) -> tuple[Value, ...]:
        """An array, behind any references; an empty one for anything else."""
        found = self.resolve(value)
        return found if isinstance(found, tuple) else ()

    @property
    def catalog(self) -> dict[str, Value]:
        """The document catalog. Raises `Malformed` where there is none."""
        found = self.dictionary(self.trailer.get("Root"))
        if not found:
            raise Malformed("PDF: no document catalog")
        return found

    def span(self, number: int) -> tuple[int, int] | None:
        """(start, end) of an object in the file, with `endobj`; None where it is not there."""
        entry = self.entry(number)
        if not isinstance(entry, InFile):
            return None
        found = self.file.stored(entry.offset)
        end = found.end
        if found.data is not None:
            end = stream_end(self.file.content, found.data, self._length(found))
        lexer = Lexer(self.file.content, end, self.file.meter)
        return (entry.offset, lexer.at) if lexer.takes(b"endobj") else None

    def _whole(self, ref: Ref, offset: int) -> Value:
        found = self.file.stored(offset)
        if (found.number, found.generation) != (ref.number, ref.generation):
            raise Malformed("PDF: an object of another number than its section says")
        if found.data is None:
            return found.value
        if not isinstance(found.value, dict):
            raise Malformed("PDF: a stream without dictionary")
        length = self._length(found)
        stream_end(self.file.content, found.data, length)
        return Stream(found.value, self.file.content[found.data : found.data + length])

    def _length(self, found: IndirectObject) -> int:
        length = found.value.get("Length") if isinstance(found.value, dict) else None
        for _ in range(MAX_HOPS):
            if type(length) is int:
                return length
            entry = self.entry(length.number) if isinstance(length, Ref) else None
            if isinstance(entry, InFile):
                length = self.file.stored(entry.offset).value
            elif isinstance(entry, InStream) and isinstance(length, Ref):
                length = self._contained(entry.container, entry.index, length.number)
            else:
                break
        raise Malformed("PDF: a stream without length")

    def _contained(self, container: int, index: int, number: int) -> Value:
        entry = self.entry(container)
        if not isinstance(entry, InFile) or entry.generation:
            raise Malformed("PDF: an object stream that is not in the file itself")
        opened = self.file.opened(entry.offset)
        if opened is None:
            stream = self._whole(Ref(container, 0), entry.offset)
            if not isinstance(stream, Stream):
                raise Malformed("PDF: an object stream that is none")
            opened = self.file.container(entry.offset, stream)
        return self.file.contained(opened, index, number)
