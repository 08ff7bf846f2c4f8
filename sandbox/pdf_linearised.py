"""Writing a PDF for fast view: linearised (ISO 32000-2, annex F).

The first page's objects and their section stand in front, everything else and the main section
behind; `startxref` at the end leads to the section in front, and that one to the main section.
"""

from collections.abc import Mapping

from sandbox import pdf
from sandbox.pdf import Draft, Paper

_FRONT = (pdf.CATALOG, pdf.PAGE, pdf.CONTENTS, pdf.FONT, pdf.CID_FONT)
"""What the first page needs."""
_HINTS = bytes(36)


def linearised(draft: Draft, second: bytes | None = None) -> Paper:
    """The unsigned document. `second`: the main section lists the page's content too, as this."""
    size = max(draft.objects)
    content, places = _laid_out(draft, second, {})
    for _ in range(2):  # the numbers are of one width, so that places do not move
        content, places = _laid_out(draft, second, places)
    paper = pdf.unwritten(draft)
    return Paper(
        content=content,
        startxref=places["front"],
        size=size + 3,
        catalog=paper.catalog,
        page=paper.page,
        info=paper.info,
    )


def _laid_out(
    draft: Draft, second: bytes | None, places: Mapping[str, int]
) -> tuple[bytes, dict[str, int]]:
    """(the file, where things came to stand), written with where they stood before."""
    objects, found = draft.objects, dict[str, int]()
    parameters, hints = max(objects) + 1, max(objects) + 2
    behind = {n: body for n, body in objects.items() if n not in _FRONT}
    if second is not None:
        behind[pdf.CONTENTS] = second
    at = {name: f"{places.get(name, 0):010d}" for name in ("front", "main", "hints", "page", "end")}
    fast = (
        f"<</Linearized 1 /L {at['end']} /H [{at['hints']} {len(_HINTS):010d}] /O {pdf.PAGE}"
        f" /E {at['page']} /N 1 /T {at['main']}>>"
    )
    content = pdf.HEAD
    found[f"o{parameters}"] = len(content)
    content += _body(parameters, fast.encode())
    found["front"] = len(content)
    content += _table((parameters, hints, *_FRONT), places, "o")
    content += f"trailer\n<</Size {hints + 1} /Root {pdf.CATALOG} 0 R /Info {pdf.INFO} 0 R".encode()
    content += f" /Prev {at['main']}>>\nstartxref\n0\n%%EOF\n".encode()
    found["hints"] = found[f"o{hints}"] = len(content)
    content += _body(hints, pdf.stream(_HINTS, " /S 36"))
    for number in _FRONT:
        found[f"o{number}"] = len(content)
        content += _body(number, objects[number])
    found["page"] = len(content)
    for number, body in behind.items():
        found[f"b{number}"] = len(content)
        content += _body(number, body)
    found["main"] = len(content)
    content += _table(tuple(behind), places, "b")
    content += f"trailer\n<</Size {hints + 1}>>\nstartxref\n{int(at['front'])}\n%%EOF\n".encode()
    found["end"] = len(content)
    return content, found


def _body(number: int, value: bytes) -> bytes:
    return f"{number} 0 obj\n".encode() + value + b"\nendobj\n"


def _table(numbers: tuple[int, ...], places: Mapping[str, int], kind: str) -> bytes:
    rows = "".join(
        f"{number} 1\n{places.get(f'{kind}{number}', 0):010d} 00000 n \n"
        for number in sorted(numbers)
    )
    return f"xref\n0 1\n0000000000 65535 f \n{rows}".encode()
