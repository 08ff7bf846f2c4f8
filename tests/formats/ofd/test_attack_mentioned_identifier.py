"""A license that mentions another one (证照标识 in a text) is not thereby that other license."""

import pytest

from app.domain.license import Claims, Fact
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

OWN = "1.2.156.3005.2.11100000MB03271699022.11370000MB2852565A.301213AF.001.T"
OTHER = "1.2.156.3005.2.11100000MB03271699022.11370000MB2852565A.77AB0001.001.C"


def read(page: list[str], custom: str = "", *, covered: bool = False) -> tuple[Claims, bool]:
    """Claims, and whether the seal covers the identifier; OFD.xml is open unless `covered`."""
    files = unsigned()
    del files["Doc_0/Tags/Tag.xml"], files["Doc_0/Tags/CustomTags.xml"]
    files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(
        b"<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>", b""
    )
    named = f'<ofd:CustomData Name="ZZBS">{custom}</ofd:CustomData>' if custom else ""
    files["OFD.xml"] = ofd_xml(custom=named)
    texts = "".join(text_object(30 + at, text) for at, text in enumerate(page))
    files[PAGE] = xml("Page", f'<ofd:Content><ofd:Layer ID="10">{texts}</ofd:Layer></ofd:Content>')
    under = [part for part in files if covered or part != "OFD.xml"]
    files[SIGNATURES] = signature_list()
    files[SIGNATURE] = signature_xml(references(files, under))
    files[SIGNED_VALUE] = b"signed value"
    license = Ofd().parse(plain(files))
    return license.claims, Fact.IDENTIFIER in license.sealings[0].covers


@pytest.mark.parametrize("label", ["", "证照标识", "证照标识 ", "电子证照标识："])
def test_alone_on_a_covered_page_it_is_the_licenses_own(label: str):
    claims, proven = read([f"{label}{OWN}"], OWN)
    assert (str(claims.identifier), claims.identifiers, proven) == (OWN, {OWN}, True)
    claims, proven = read([f"{label}{OWN}"])
    assert (str(claims.identifier), claims.identifiers, proven) == (OWN, {OWN}, True)


def test_an_open_entry_point_cannot_take_up_a_mention():
    """OFD.xml said OWN; the sealed page bears it, and mentions another license."""
    for page in ([OWN, OTHER], [OTHER, OWN]):
        claims, proven = read(page, OTHER)
        assert str(claims.identifier) == OTHER
        assert not proven
    claims, proven = read([OWN], OWN)
    assert (str(claims.identifier), proven) == (OWN, True)


def test_nor_one_that_is_all_the_page_mentions():
    for sentence in (f"依据 {OTHER} 换发", f"上级证照标识：{OTHER}", f"{OTHER} 之副本"):
        claims, proven = read([sentence], OTHER)
        assert (str(claims.identifier), proven) == (OTHER, False)
        claims, proven = read([sentence])
        assert (str(claims.identifier), proven) == (OTHER, False)


def test_the_claimed_one_is_chosen_wherever_a_mention_stands():
    """Else a genuine license would be asked about as the one it mentions."""
    for page in ([OTHER, OWN], [f"关联证照 {OTHER}", OWN]):
        claims, proven = read(page, OWN)
        assert (str(claims.identifier), claims.identifiers) == (OWN, {OWN})
        assert not proven
        claims, proven = read(page, OWN, covered=True)
        assert (str(claims.identifier), proven) == (OWN, True)


def test_a_labelled_one_is_proven_beside_any_mention():
    claims, proven = read([f"关联证照 {OTHER}", f"证照标识：{OWN}"], OWN)
    assert (str(claims.identifier), claims.identifiers, proven) == (OWN, {OWN}, True)
    claims, _ = read([f"关联证照 {OTHER}", f"证照标识：{OWN}"], OTHER)
    assert claims.identifiers == {OWN, OTHER}


def test_several_and_none_claimed_disagree():
    claims, proven = read([OWN, OTHER])
    assert (claims.identifiers, proven) == ({OWN, OTHER}, False)


def test_a_claimed_one_the_page_does_not_show_disagrees():
    claims, _ = read([OWN], OTHER)
    assert claims.identifiers == {OWN, OTHER}
