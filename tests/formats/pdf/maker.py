"""The smallest PDFs that say what a test needs; nothing of the reader, nothing of the sandbox."""

from collections.abc import Mapping

HEAD = b"%PDF-1.7\n"
CATALOG = b"<</Type /Catalog /Pages 2 0 R>>"
PAGES = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
PAGE = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"
PLAIN: Mapping[int, bytes] = {1: CATALOG, 2: PAGES, 3: PAGE}


def stream(data: bytes, more: bytes = b"", length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return b"<</Length %d%s>>\nstream\n" % (size, more) + data + b"\nendstream"


def pdf(
    objects: Mapping[int, bytes] = PLAIN,
    *,
    before: bytes = HEAD,
    trailer: bytes = b"/Root 1 0 R",
    previous: int | None = None,
) -> bytes:
    """One more revision behind `before`, with a table."""
    content, rows = before, b""
    for number, value in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(content))
        content += b"%d 0 obj\n" % number + value + b"\nendobj\n"
    start = len(content)
    prev = b"" if previous is None else b" /Prev %d" % previous
    size = max(objects, default=0) + 1
    content += b"xref\n0 1\n0000000000 65535 f \n" + rows
    content += b"trailer\n<</Size %d %s%s>>\n" % (size, trailer, prev)
    return content + b"startxref\n%d\n%%%%EOF\n" % start


def start_of(content: bytes) -> int:
    """Where its last startxref leads."""
    return int(content.rsplit(b"startxref", 1)[1].split()[0])


def with_section_stream(
    rows: bytes, entries: bytes, objects: Mapping[int, bytes] = PLAIN, number: int = 9
) -> bytes:
    """Objects, and a cross-reference stream of these rows behind them."""
    content = HEAD
    for each, value in objects.items():
        content += b"%d 0 obj\n" % each + value + b"\nendobj\n"
    start = len(content)
    body = stream(rows, b" /Type /XRef /Root 1 0 R " + entries)
    content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    return content + b"startxref\n%d\n%%%%EOF\n" % start
