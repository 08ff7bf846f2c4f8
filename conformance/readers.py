"""Files of other kinds that nobody here wrote, given to the reader of their kind.

Part of `python -m conformance.corpus`: what was expected by their collectors, and what each reader
said. Whatever is expected to be refused must be; a good file that is refused is listed with the
rule of ours that refuses it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from app.crypto.certificates import read_certificate
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed
from app.formats.markup import read_markup
from app.formats.ofd.license import Ofd
from tests.corpus import Row, manifest

Reader = Callable[[bytes], object]


def _unsealed(data: bytes) -> object:
    """An OFD with no seal on it is read; one that has a seal would be no unsigned file."""
    license = Ofd().parse(data)
    if license.sealings:
        raise Malformed("OFD: a seal where none was expected")
    return license


READERS: Mapping[tuple[str, str], Reader] = MappingProxyType(
    {
        ("ofd_unsigned", ".ofd"): _unsealed,
        ("x509_sm2", ".der"): read_certificate,
        ("x509_sm2", ".cer"): read_certificate,
        ("adversarial", ".ofd"): lambda data: Ofd().parse(data),
        ("adversarial", ".zip"): lambda data: Ofd().parse(data),
        ("adversarial", ".tar"): lambda data: Ofd().parse(data),
        ("adversarial", ".xml"): lambda data: read_markup(data, "file.xml"),
        ("adversarial", ".json"): lambda data: read_json_object(data, JsonLimits()),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One file, and what its reader said; None: it was read."""

    row: Row
    refusal: str | None

    @property
    def accepted_wrongly(self) -> bool:
        return self.row.expected == "invalid" and self.refusal is None

    @property
    def refused_good(self) -> bool:
        return self.row.expected == "valid" and self.refusal is not None


def read_all() -> tuple[list[Told], dict[str, int]]:
    """Every file a reader is named for, and how many of each kind have none."""
    told, without = [], dict[str, int]()
    for kind in dict.fromkeys(kind for kind, _ in READERS):
        for row in manifest(kind):
            reader = READERS.get((kind, Path(row.path).suffix.lower()))
            if reader is None:
                without[kind] = without.get(kind, 0) + 1
            else:
                told.append(Told(row, _said(reader, row)))
    return told, without


def _said(reader: Reader, row: Row) -> str | None:
    try:
        reader(row.file.read_bytes())
    except Malformed as exc:
        return str(exc)
    return None


def section(told: list[Told], without: Mapping[str, int]) -> Iterator[str]:
    """Markdown."""
    wrongly = [each for each in told if each.accepted_wrongly]
    yield "## Files of other kinds, by reader"
    yield ""
    yield "Reading is not judging: a file that is read is no valid document."
    yield ""
    yield f"* expected `invalid` and read all the same: **{len(wrongly)}**"
    for kind, number in without.items():
        yield f"* {kind}: {number} files are of a form that no reader here takes whole"
    yield ""
    yield "| kind | file | expected | said |"
    yield "|---|---|---|---|"
    for each in told:
        name = Path(each.row.path).name
        said = "read" if each.refusal is None else f"refused: {each.refusal}"
        mark = " (a rule of ours)" if each.refused_good else ""
        yield f"| {each.row.kind} | {name} | {each.row.expected} | {said}{mark} |"
