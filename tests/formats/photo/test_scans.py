"""Scanned pages of PDF and OFD: codes in their pictures, and still a copy."""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image

from app.composition import formats_with
from app.domain.license import LicenseFormat
from app.domain.verification import Submission
from app.formats.ofd.license import Ofd
from app.formats.pdf.license import Pdf
from app.imaging.worker import Decoder
from sandbox.pages import QR_IMAGE
from sandbox.pdf import stream
from sandbox.photos import Shot, photograph
from sandbox.world import World as Sandbox
from tests.world import FOREIGN, IDENTIFIER, World, token, told, with_type

SHEET = photograph([token()], Shot(turn=(24, 7, 25)))


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    made = Decoder()
    yield made
    made.close()


def scanned(*sheets: bytes) -> bytes:
    """As a scanner's program writes it: a JPEG a page."""
    first, *rest = (Image.open(io.BytesIO(sheet)).convert("L") for sheet in sheets)
    made = io.BytesIO()
    first.save(made, "PDF", save_all=True, append_images=rest)
    return made.getvalue()


def written(image: bytes) -> bytes:
    """A PDF of one page that shows one image, given as a stream."""
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1 /Resources <</XObject <</I 4 0 R>>>>>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 500 500]>>",
        image,
    ]
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    return made + b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )


def samples(*, deflate: bool, space: str = "/DeviceGray", mode: str = "L") -> bytes:
    picture = Image.open(io.BytesIO(SHEET)).convert(mode)
    told = f" /Subtype /Image /Width {picture.width} /Height {picture.height}"
    told += f" /BitsPerComponent {1 if mode == '1' else 8} /ColorSpace {space}"
    return written(stream(picture.tobytes(), told, deflate=deflate))


def predicted() -> bytes:
    """As most programs write it: rows filtered as PNG has them."""
    picture = Image.open(io.BytesIO(SHEET))
    idat = SHEET[SHEET.index(b"IDAT") + 4 : SHEET.index(b"IEND") - 8]
    told = f" /Subtype /Image /Width {picture.width} /Height {picture.height} /BitsPerComponent 8"
    told += " /ColorSpace /DeviceGray /Filter /FlateDecode"
    told += f" /DecodeParms <</Predictor 15 /Colors 1 /Columns {picture.width}>>"
    return written(stream(idat, told))


_OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def bound(sheet: bytes, name: str = "Image_1.png") -> bytes:
    """An OFD of one page that shows one picture."""
    parts = {
        "OFD.xml": f'<ofd:OFD {_OFD} DocType="OFD" Version="1.0"><ofd:DocBody><ofd:DocInfo>'
        "<ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {_OFD}><ofd:CommonData><ofd:MaxUnitID>9"
        "</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/DocumentRes.xml": f'<ofd:Res {_OFD} BaseLoc="Res"><ofd:MultiMedias>'
        f'<ofd:MultiMedia ID="3" Type="Image"><ofd:MediaFile>{name}</ofd:MediaFile>'
        "</ofd:MultiMedia></ofd:MultiMedias></ofd:Res>",
        "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {_OFD}><ofd:Content>"
        '<ofd:Layer ID="4"><ofd:ImageObject ID="5" ResourceID="3" Boundary="0 0 210 210" '
        'CTM="210 0 0 210 0 0"/></ofd:Layer></ofd:Content></ofd:Page>',
    }  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            archive.writestr(path, text)
        archive.writestr(f"Doc_0/Res/{name}", sheet)
    return made.getvalue()


SCANS = {
    "jpeg_in_pdf": scanned(SHEET),
    "samples_in_pdf": samples(deflate=True),
    "rgb_in_pdf": samples(deflate=True, space="/DeviceRGB", mode="RGB"),
    "bits_in_pdf": samples(deflate=True, mode="1"),
    "predicted_in_pdf": predicted(),
    "png_in_ofd": bound(SHEET),
}


def verified(decoder: Decoder, content: bytes) -> tuple[str, int]:
    """The verdict, and how often an issuer was asked."""
    world = World(trust=with_type(must_be_sealed=False))
    verifier = replace(world.verifier(), formats=formats_with(decoder, ""))
    done = asyncio.run(verifier.verify(Submission(content=content))).verification
    return told(done), len(world.asked)


@pytest.mark.parametrize("name", SCANS)
def test_the_code_on_a_scanned_page_is_asked_about_and_the_scan_is_a_copy(
    decoder: Decoder, name: str
) -> None:
    assert told(asyncio.run(World().verify(token()))) == "valid"
    assert verified(decoder, SCANS[name]) == ("indeterminate unsigned_copy", 1)


@pytest.mark.parametrize("make", [scanned, bound])
def test_a_forged_token_on_a_scanned_page_is_a_forgery(decoder: Decoder, make: object) -> None:
    header, payload, value = token().split(b".")
    forged = photograph([b".".join((header, payload, value[:-4] + b"AAAA"))])
    assert callable(make)
    assert verified(decoder, make(forged)) == ("invalid signature_invalid", 0)


def test_qr03_pages_of_two_licenses_are_never_weighed_against_each_other(decoder: Decoder) -> None:
    pages = [photograph([str(one).encode()]) for one in (IDENTIFIER, FOREIGN)]
    assert verified(decoder, scanned(*pages)) == ("indeterminate multiple_codes", 0)
    assert verified(decoder, scanned(pages[0], pages[0])) == ("indeterminate unsigned_copy", 1)


def test_qr04_a_strange_address_on_a_scanned_page(decoder: Decoder) -> None:
    page = photograph([b"https://verify-xx.com/"])
    assert verified(decoder, scanned(page))[0] == "indeterminate unofficial_url"
    assert verified(decoder, bound(page))[0] == "indeterminate unofficial_url"


@pytest.mark.parametrize(
    "content",
    [
        bound(SHEET[:300]),
        bound(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(20)),
        written(stream(SHEET[:50], " /Subtype /Image /Filter /DCTDecode")),
        written(stream(b"x", " /Subtype /Image /Filter /JBIG2Decode")),
        written(stream(b"x", " /Subtype /Image /Width 9 /Height 9 /Filter /FlateDecode")),
        written(b"4 0 R"),
        written(b"<</XObject 4 0 R>>"),
    ],
)
def test_pictures_that_cannot_be_read_show_nothing(decoder: Decoder, content: bytes) -> None:
    line, asked = verified(decoder, content)
    assert line.startswith("indeterminate ")
    assert asked == 0


def test_a_file_that_says_which_license_it_is_is_not_judged_by_its_pictures() -> None:
    world = Sandbox(1, date(2026, 11, 25))
    sealed = world.ofd(world.pick("traffic"))
    assert Ofd().parse(sealed).pictures == ()
    assert Ofd().parse(bound(SHEET)).pictures == (SHEET,)
    assert len(Pdf().parse(scanned(SHEET)).pictures) == 1


def test_the_code_on_the_sandboxs_own_page_is_its_token(decoder: Decoder) -> None:
    world = Sandbox(1, date(2026, 11, 25))
    license = world.pick("traffic")
    package = Ofd().parse(world.ofd(license, "tax")).package
    assert package is not None
    shapes = [package] if QR_IMAGE in package.members else []
    for shape in ("stamp-service", "share", "indexed"):
        if shapes:
            break
        try:
            other = Ofd().parse(world.ofd(license, shape)).package
        except KeyError:
            continue
        if other is not None and QR_IMAGE in other.members:
            shapes.append(other)
    (found,) = shapes
    (code,) = decoder.read(found.members[QR_IMAGE])
    assert code.payload == world.token(license)


def test_formats_stay_what_they_are(decoder: Decoder) -> None:
    names = [format.name for format in formats_with(decoder, "")]
    assert names == [LicenseFormat.JWS, LicenseFormat.OFD, LicenseFormat.PDF, LicenseFormat.PHOTO]
