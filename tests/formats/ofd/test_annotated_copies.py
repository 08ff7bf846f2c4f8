"""加注件: until when and for which matter, as an OFD says it, and which signature covers that."""

from datetime import datetime

import pytest

from app.domain.dates import BEIJING
from app.domain.elements import LicenseElement
from app.domain.license import Claims
from app.formats.ofd.license import Ofd
from tests.formats.ofd.maker import (
    PAGE,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    ofd_xml,
    references,
    signature_list,
    signature_xml,
    text_object,
    unsigned,
    xml,
)
from tests.zipmaker import plain

UNTIL, MATTER = LicenseElement.COPY_UNTIL, LicenseElement.COPY_MATTER
LATE = datetime(2026, 12, 31, 18, 0, 0, tzinfo=BEIJING)
END = datetime(2026, 12, 31, 23, 59, 59, tzinfo=BEIJING)


def read(
    custom: dict[str, str] | None = None, page: tuple[str, ...] = (), *, covered: bool = True
) -> tuple[Claims, frozenset[LicenseElement]]:
    """Claims, and the terms its seal covers; OFD.xml is open unless `covered`."""
    files = unsigned()
    data = "".join(
        f'<ofd:CustomData Name="{name}">{value}</ofd:CustomData>'
        for name, value in (custom or {}).items()
    )
    files["OFD.xml"] = ofd_xml(custom=data)
    texts = "".join(text_object(30 + at, text) for at, text in enumerate(page))
    layer = f'<ofd:Layer ID="10">{texts}{text_object(11, "甲")}{text_object(12, "乙")}</ofd:Layer>'
    files[PAGE] = xml("Page", f"<ofd:Content>{layer}</ofd:Content>")
    under = [part for part in files if covered or part != "OFD.xml"]
    files[SIGNATURES] = signature_list()
    files[SIGNATURE] = signature_xml(references(files, under))
    files[SIGNED_VALUE] = b"signed value"
    license = Ofd().parse(plain(files))
    return license.claims, license.sealings[0].covers_copy


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20261231180000", LATE),
        ("2026-12-31 18:00:00", LATE),
        ("2026年12月31日", END),
        ("长期", None),
        ("办结为止", None),
    ],
)
def test_expiry(written: str, expected: datetime | None):
    claims, covers = read({"JZJYXQJZSJ": written})
    assert (claims.is_copy, claims.copy_until) == (True, expected)
    assert UNTIL in covers


def test_an_uncovered_expiry_is_claimed_and_not_covered():
    claims, covers = read({"JZJYXQJZSJ": "20261231180000"}, covered=False)
    assert (claims.is_copy, claims.copy_until, covers) == (True, LATE, frozenset())
    claims, covers = read(
        {"JZJYXQJZSJ": "20261231180000"}, ("加注件有效期截止时间：2026-12-31",), covered=False
    )
    assert (claims.copy_until, claims.disagreements, covers) == (LATE, (), {UNTIL})


def test_two_expiries_disagree():
    claims, _ = read({"JZJYXQJZSJ": "20991231"}, ("加注件有效期截止时间：2026-12-31",))
    assert claims.disagreements == (UNTIL.value,)
    claims, _ = read({}, ("加注件有效期截止时间：2026-12-31", "加注件有效期截止时间：2099-12-31"))
    assert claims.disagreements == (UNTIL.value,)
    claims, _ = read({"JZJYXQJZSJ": "办结为止"}, ("加注件有效期截止时间：2026-12-31",))
    assert (claims.disagreements, claims.copy_until) == ((UNTIL.value,), None)


@pytest.mark.parametrize(
    "custom",
    [
        {"certificateEventCode": "M-1"},
        {"certificate_event_code": "M-1"},
        {"事项编码": "M-1"},
        {
            "JZJZZSY": "{&quot;certificateEventCode&quot;:&quot;M-1&quot;,&quot;x&quot;:&quot;y&quot;}"
        },
    ],
    ids=range(4),
)
def test_matter(custom: dict[str, str]):
    claims, covers = read({"JZJYXQJZSJ": "20261231", **custom})
    assert (claims.copy_matter, covers) == ("M-1", {UNTIL, MATTER})
    claims, covers = read({"JZJYXQJZSJ": "20261231", **custom}, covered=False)
    assert (claims.copy_matter, covers) == ("M-1", frozenset())


@pytest.mark.parametrize("cause", ["仅用于入职", "{", "{}", '{"certificateEventCode": 1}', "[]"])
def test_a_cause_in_words_names_no_matter(cause: str):
    claims, _ = read({"JZJZZSY": cause.replace('"', "&quot;")})
    assert (claims.is_copy, claims.copy_matter) == (True, None)


def test_two_matters_of_a_copy_disagree():
    claims, _ = read({"JZJYXQJZSJ": "20261231", "certificateEventCode": "M-1"}, ("事项编码：M-2",))
    assert claims.disagreements == (MATTER.value,)


def test_a_matter_makes_no_copy():
    """An original may bear the code of the matter it was granted in, or list several."""
    claims, _ = read({"certificateEventCode": "M-1"}, ("事项编码：M-2",))
    assert (claims.is_copy, claims.disagreements) == (False, ())
