"""Check characters against values published by others (sources named there)."""

import pytest

from sandbox.codes import (
    ALPHANUMERIC,
    Identifier,
    citizen_check,
    citizen_holds,
    identifier_check,
    identifier_holds,
    organisation_check,
    uscc,
    uscc_holds,
)

# Identifiers seen in use: 住建部 types 011, 009, 032, 自然资源部 type 022; the last is synthetic.
IDENTIFIERS = [
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
]
BODIES = {
    "11100000000013338W00211320482014138860P201807250201001": "M",
    "12330110470391229PA11601010003456001": "1",
    # printed with M in an interface description; D is right
    "11100000000013661B006113700000045046442209FA4E88F9E4C878F3E9BED2CE7EA49001": "D",
}
CODES = [
    "11100000MB03271699",
    "11100000000013338W",
    "91350100M000100Y43",
    "113700000045046442",
    "12100000000018032A",
    "11430000006122244L",
    "11330105002500287C",
    "11220000013544541J",
]


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_identifiers_hold_and_every_slip_is_seen(identifier: str) -> None:
    assert identifier_holds(identifier)
    for place in range(len("1.2.156.3005.2."), len(identifier)):
        if identifier[place] == ".":
            continue
        for other in ALPHANUMERIC:
            slip = identifier[:place] + other + identifier[place + 1 :]
            assert identifier_holds(slip) == (other == identifier[place])


@pytest.mark.parametrize(("body", "check"), BODIES.items())
def test_identifier_check_characters(body: str, check: str) -> None:
    assert identifier_check(body) == check


def test_malformed_identifiers_do_not_hold() -> None:
    assert not identifier_holds("1.2.156.3005.2.062301.1101101102.0624_001.001.U")
    assert not identifier_holds(IDENTIFIERS[0].replace("3005", "3003"))
    assert not identifier_holds(IDENTIFIERS[0].lower())


def test_an_identifier_is_put_together_as_the_standard_says() -> None:
    parts = ("11100000000013338W009", "11330105002500287C", "2025052201", 2)
    assert str(Identifier(*parts)) == IDENTIFIERS[1]


@pytest.mark.parametrize("code", CODES)
def test_organisations(code: str) -> None:
    assert uscc_holds(code)
    assert uscc(code[:2], code[2:8], code[8:16]) == code
    assert not uscc_holds(code[:-1] + ("0" if code[-1] != "0" else "1"))
    assert not uscc_holds(code[:8] + ("0" if code[8] != "0" else "1") + code[9:])


def test_organisation_codes_of_gb_11714() -> None:
    assert organisation_check("D2143569") == "X"
    assert organisation_check("MB032716") == "9"


def test_citizens() -> None:
    assert citizen_check("11010519491231002") == "X"  # the textbook example of GB 11643
    assert citizen_holds("11010519491231002X")
    assert not citizen_holds("110105194912310021")
    assert not citizen_holds("11010519491231002x")
    assert not citizen_holds("１１０１０５19491231002X")
