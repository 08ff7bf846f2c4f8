"""Vectors of questions by a code of the issuer's own (查验码): `docs/ivp-vectors/codes.json`.

Written by `python -m tests.ivp_vectors` with the others. An issuer that keeps `register` answers
`questions` so; `node-a`, which asked the first of them, makes that of `answers`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.codes import Identifier
from sandbox.keys import b64
from tests.ivp_vectors import (
    FACTS_JWE,
    IDENTIFIER,
    ISSUER,
    NOW,
    TYPE,
    answer,
    inquiry,
    question,
    said,
)

CODE = "q3vJ0x_6TqWcV0dQ8Yh1Zg"
REVOKED, SUSPENDED, OVER, NUMBERED = (f"{letter}3vJ0x_6TqWcV0dQ8Yh1Z{letter}" for letter in "rsop")
OTHER_TYPE = "11100000MB03271699002"
FILE = hashlib.sha256(b"a file").digest()
WRONG_HOLDER_JWE = (
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6Imlzc3Vlci1mYWN0cyIsImVwayI6"
    "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6InlYblhoR01jVVZ6WlRwTFZKT3NwaFRUZkdhX0N6"
    "bTRvdE9ZWjNPanlDZnciLCJ5IjoieFNlWEhkV1JGeGhXdGFNMWxRRXQ1bEVEdk1nWVNjNEFaMjlJSnpQ"
    "RzR1OCJ9fQ..HHQZw21uyge03G0x.RRMIFtHp3mNbfk20e-zAUqnCo-P1P4KkUZUNTRbf5cLokbAQuyG"
    "erBPakfFVZnjaaA.Ue3Ao-HpEIaFbFQ5-HGkUg"
)
"""Another holder, sealed once, as `FACTS_JWE` was."""
UNTOLD = ["identifier", "state", "since", "until", "successor", "type", "version"]


def _identifier(serial: str, type: str = TYPE) -> str:
    return str(Identifier(type, ISSUER, serial, 1))


def _register() -> list[dict[str, str]]:
    """By the names of the issuer kit's columns; whoever keeps it otherwise has the same facts."""
    plain = {"type": TYPE, "valid_from": "2024-01-01", "valid_until": "长期", "state": "issued"}
    files = f"sha256:{FILE.hex()}"
    held = {"number": "N-1", "holder": "青海样例有限公司", "files": files}
    licenses: dict[str, dict[str, str]] = {
        CODE: {"identifier": IDENTIFIER} | held,
        REVOKED: {
            "identifier": _identifier("2024000002"),
            "state": "revoked",
            "since": "2026-01-01",
        },
        SUSPENDED: {
            "identifier": _identifier("2024000003"),
            "state": "suspended",
            "since": "2026-01-01",
        },
        OVER: {"identifier": _identifier("2024000004"), "valid_until": "2025-12-31"},
        NUMBERED: {"number": "N-5"},
    }
    return [plain | license | {"code": code} for code, license in licenses.items()]


def asked(code: object = CODE, **changes: Any) -> str:
    """node-a's question by that code; without digests of a file, unless they are named."""
    given = {"documents": []} | changes
    return inquiry(question(without="identifier", code=code, **given))


def _questions() -> list[dict[str, Any]]:
    """What is answered (`answer` has these members, `absent` are not there), or refused."""
    issued = {"outcome": 0, "identifier": IDENTIFIER, "document": "unknown", "facts": {}}
    none = {"outcome": 5, "document": "unknown", "facts": {}}
    both = {"compare": ["holder", "number"]}
    match = {"holder": "match", "number": "match"}
    stranger = hashlib.sha256(b"another file").digest()

    def file(value: bytes) -> list[dict[str, str]]:
        return [{"alg": "sha256", "value": b64(value)}]

    good: list[tuple[str, str, dict[str, Any], list[str]]] = [
        ("of a license in force, and nothing else", asked(), issued, []),
        (
            "with the holder, sealed",
            asked(**both, facts_jwe=FACTS_JWE),
            issued | {"facts": match},
            [],
        ),
        (
            "compared with nothing sent",
            asked(**both),
            issued | {"facts": dict.fromkeys(match, "unknown")},
            [],
        ),
        ("with the file", asked(documents=file(FILE)), issued | {"document": "match"}, []),
        (
            "with a file that is not in the register, which has not all files",
            asked(documents=file(stranger)),
            issued,
            [],
        ),
        (
            "with another holder",
            asked(**both, facts_jwe=WRONG_HOLDER_JWE),
            {"outcome": 6, "facts": match | {"holder": "mismatch"}},
            UNTOLD,
        ),
        (
            "of a revoked license",
            asked(REVOKED),
            {"outcome": 3, "state": "revoked", "since": "2026-01-01"}
            | {"identifier": _identifier("2024000002")},
            ["successor"],
        ),
        (
            "of a revoked license, for a day before",
            asked(REVOKED, at=1_760_000_000),
            {"outcome": 0, "identifier": _identifier("2024000002")},
            [],
        ),
        (
            "of a suspended license",
            asked(SUSPENDED),
            {"outcome": 2, "state": "suspended", "identifier": _identifier("2024000003")},
            [],
        ),
        (
            "of a license past its last day",
            asked(OVER),
            {"outcome": 3, "state": "expired", "identifier": _identifier("2024000004")},
            [],
        ),
        (
            "for a day before the license began",
            asked(at=1_700_000_000),
            {"outcome": 1, "identifier": IDENTIFIER},
            ["state"],
        ),
        ("of a license without an identifier", asked(NUMBERED), {"outcome": 0}, ["identifier"]),
    ]
    good += [
        (f"never given out: {name}", asked(code), none, UNTOLD)
        for name, code in {
            "another": "AAAAAAAAAAAAAAAAAAAAAA",
            "in upper case": CODE.upper(),
            "one letter more": CODE + "A",
            "one letter less": CODE[:-1],
            "a dot behind it": CODE + ".",
            "short": "A",
            "the longest there is": "A" * 160,
            "an identifier": IDENTIFIER,
            "a number of a license": "N-1",
        }.items()
    ]
    bad = {
        "empty": "",
        "of 161 characters": "A" * 161,
        "null": None,
        "a number": 5,
        "a list": [CODE],
        "with a space before it": f" {CODE}",
        "with a line break behind it": f"{CODE}\n",
        "with a slash": f"v/{CODE}",
        "percent-encoded": "q3vJ0x%5F6TqWcV0dQ8Yh1Zg",
        "in full width": "ｑ3vJ0x_6TqWcV0dQ8Yh1Zg",
        "with what a base64 of others has": "q3vJ0x+6TqWcV0dQ8Yh1Zg==",
        "the whole address": f"https://license.example/v/{CODE}",
    }
    made: list[dict[str, Any]] = [
        {"name": name, "token": token, "expect": {"answer": told, "absent": absent}}
        for name, token, told, absent in good
    ]
    refused = {"status": 400, "error": "malformed"}
    for name, code in bad.items():
        made.append({"name": f"refused: {name}", "token": asked(code), "expect": refused})
    for member, value in {"identifier": IDENTIFIER, "number": "N-1", "seal": "6301"}.items():
        token = inquiry(question(without="identifier", code=CODE, **{member: value}))
        if member == "identifier":
            token = inquiry(question(code=CODE))
        name = f"refused: beside {member}"
        made.append({"name": name, "token": token, "expect": refused})
    return made


def _answers() -> list[dict[str, Any]]:
    """Over the first question, as node-a reads them at NOW + 1.

    `type` is what its list says of these codes (`official_urls`), null where it says nothing.
    """
    over = asked()

    def coded(**changes: Any) -> Mapping[str, Any]:
        return said(over, **({"document": "unknown"} | changes))

    other = _identifier("2024000001", OTHER_TYPE)
    parts = {"type": TYPE, "version": "001"}
    usable: dict[str, tuple[str | None, str]] = {
        "in force": (None, answer(coded())),
        "in force, of the type": (TYPE, answer(coded())),
        "with type and version": (None, answer(coded(**parts))),
        "without the identifier": (None, answer(coded(identifier=None))),
        "without the identifier, of the type": (TYPE, answer(coded(identifier=None, type=TYPE))),
        "revoked": (TYPE, answer(coded(outcome=3, state="revoked"))),
        "no such record": (TYPE, answer(coded(identifier=None, outcome=5))),
        "gives out no codes": (TYPE, answer(coded(identifier=None, outcome=4))),
        "of any type": (None, answer(coded(identifier=other))),
    }
    unusable: dict[str, tuple[str | None, str, str]] = {
        "of another type": (TYPE, answer(coded(identifier=other)), "wrong_question"),
        "says another type": (TYPE, answer(coded(type=OTHER_TYPE)), "wrong_question"),
        "type and identifier disagree": (None, answer(coded(type=OTHER_TYPE)), "wrong_question"),
        "a type, and no identifier to see it by": (
            None,
            answer(coded(identifier=None, type=TYPE)),
            "wrong_question",
        ),
        "another version": (None, answer(coded(version="002")), "wrong_question"),
        "no identifier of GB/T 36904": (None, answer(coded(identifier="1.2.3")), "malformed"),
        "to another code": (None, answer(said(asked(REVOKED))), "wrong_question"),
        "to a question by identifier": (None, answer(said(inquiry())), "wrong_question"),
        "of a file that was not shown": (None, answer(coded(document="match")), "wrong_question"),
        "its own successor": (
            None,
            answer(coded(outcome=3, state="superseded", successor=IDENTIFIER)),
            "malformed",
        ),
        "signed by another body": (None, answer(coded(), by="body-b"), "signature"),
        "for another node": (None, answer(coded(aud="relay-b")), "wrong_party"),
        "made before the question": (None, answer(coded(iat=NOW - 61)), "clock"),
    }
    made = [
        {"name": name, "type": type, "token": token, "expect": {"usable": True}}
        for name, (type, token) in usable.items()
    ]
    made += [
        {"name": name, "type": type, "token": token, "expect": {"usable": False, "silence": why}}
        for name, (type, token, why) in unusable.items()
    ]
    return made


def codes() -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "address": f"https://license.example/v/{CODE}",
        "official_url": {
            "type": None,
            "host": "license.example",
            "path": "/v",
            "issuer": ISSUER,
        },
        "register": _register(),
        "questions": _questions(),
        "answers": _answers(),
    }
