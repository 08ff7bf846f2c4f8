"""Test vectors of IVP/1, made anew by `python -m tests.ivp_vectors`; the same bytes every time.

The keys are public on purpose and protect nothing. Signatures are Ed25519, so they are one and the
same whoever makes them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.keys import b64

FOLDER = Path(__file__).parents[1] / "docs/ivp-vectors"
NOW = 1_790_000_000
"""The time at which all of it happens."""
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
TYPE, ISSUER, RELAY, UPPER = "11100000MB03271699001", "11630000MB0000019J", "630000", "100000"
NODES = ("node-a", "relay-b", "relay-c")
JWE_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "issuer-facts",
    "x": "elkxgIYMQDfIPBJ0mEXI7hQk3Sl_rcuJXjWCVdLH0rI",
    "y": "qMolWA8mJv5XkGL_G5n_kcJKDaBvsytb4gFIySSfVlA",
    "d": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
}


@dataclass(frozen=True)
class Held:
    kid: str
    key: Ed25519PrivateKey

    @property
    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def jwk(self) -> dict[str, str]:
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": self.kid,
            "alg": "EdDSA",
            "x": b64(self.key.public_key().public_bytes_raw()),
            "d": b64(self.key.private_bytes_raw()),
        }

    def sign(self, kind: str, payload: Mapping[str, Any], **header: Any) -> str:
        head = {"typ": kind, "alg": "EdDSA", "kid": self.kid} | header
        parts = (json.dumps(p, ensure_ascii=False, separators=(",", ":")) for p in (head, payload))
        signed = ".".join(b64(part.encode()) for part in parts)
        return f"{signed}.{b64(self.key.sign(signed.encode()))}"


def held(kid: str, seed: int) -> Held:
    return Held(kid, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


KEYS = {
    name: held(f"{name}-key", seed)
    for seed, name in enumerate((*NODES, "stranger", "issuer", "body-b", "body-c"), 1)
}
BODIES = {ISSUER: "issuer", RELAY: "body-b", UPPER: "body-c"}
"""Code → whose key signs its answers."""


def digest(token: str) -> str:
    return b64(hashlib.sha256(token.encode()).digest())


def question(
    node: str = "node-a", aud: str = ISSUER, *, without: str = "", **changes: Any
) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "iss": node,
        "aud": aud,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": b64(hashlib.sha256(f"{node}{aud}".encode()).digest()[:16]),
        "identifier": IDENTIFIER,
        "compare": [],
        "purpose": "public-check",
        "via": [node],
        "documents": [{"alg": "sha256", "value": b64(hashlib.sha256(b"a file").digest())}],
    } | changes
    return {name: value for name, value in payload.items() if name not in without.split()}


def inquiry(payload: Mapping[str, Any] | None = None, by: str = "", **header: Any) -> str:
    made = question() if payload is None else payload
    return KEYS[by or str(made["iss"])].sign("ivp-inquiry+jwt", made, **header)


TIMES = {
    "before 1970": -1,
    "before the first year": -(2**53) + 1,
    "at the end of the year 9999": 253402300799,
    "after the year 9999": 253402300800,
    "past milliseconds": 2**53 - 61,
}
"""Numbers that are no time anybody can mean; some overflow whoever calculates with them."""
FIRST = inquiry(question(aud=UPPER))
"""node-a asks a platform."""
TO_DELEGATE = inquiry(question(aud=RELAY))
"""node-a asks a body that the issuer named its delegate for answers."""
HANDED_ON = inquiry(question("relay-c", RELAY, via=["node-a", "relay-c"], asked=FIRST))
"""The platform's node asks the next."""
THIRD = question("relay-b", ISSUER, via=["node-a", "relay-c", "relay-b"], asked=FIRST)
"""Which asks the issuer."""


def grafted() -> str:
    """One question under the signature of another."""
    question_part = inquiry(question(purpose="other")).rpartition(".")[0]
    return f"{question_part}.{inquiry().rpartition('.')[2]}"


def _inquiries() -> list[dict[str, Any]]:
    """Name, token and what an answerer with the body code ISSUER does at NOW, not seen before."""
    good: dict[str, str] = {
        "by identifier": inquiry(),
        "by number and type": inquiry(
            question(without="identifier", number="N-1", type=TYPE, compare=["holder"])
        ),
        "about a seal": inquiry(
            question(without="identifier", seal="63010000012345", certificate="0a1b")
        ),
        "by a code of the issuer's own": inquiry(
            question(without="identifier", code="q3vJ0x_6TqWcV0dQ8Yh1Zg")
        ),
        "for a time": inquiry(question(at=NOW - 86_400)),
        "for now, by a clock 60 s ahead": inquiry(question(at=NOW + 60)),
        "an unknown member is ignored": inquiry(question(more={"a": 1})),
        "an unknown fact is not compared": inquiry(question(compare=["colour"])),
        "a clock 60 s behind": inquiry(question(iat=NOW - 60, exp=NOW)),
        "a clock 60 s ahead": inquiry(question(iat=NOW + 60, exp=NOW + 120)),
        "handed on by two": inquiry(THIRD),
    }
    bad: dict[str, tuple[int, str]] = {}
    tokens: dict[str, str] = {}

    def refuse(name: str, token: str, status: int, *, error: str) -> None:
        tokens[name], bad[name] = token, (status, error)

    refuse("signature of other bytes", grafted(), 401, error="signature_invalid")
    for name, header in {
        "another typ": {"typ": "license+jwt"},
        "alg none": {"alg": "none"},
        "alg of another key": {"alg": "ES256"},
        "a key in the header": {"jwk": KEYS["stranger"].jwk()},
        "no kid": {"kid": ""},
    }.items():
        error = {"alg none": "algorithm_not_of_key", "alg of another key": "algorithm_not_of_key"}
        word = error.get(name, "malformed")
        refuse(name, inquiry(None, **header), 401 if name in error else 400, error=word)
    refuse("an unknown node", inquiry(question("stranger")), 401, error="node_unknown")
    refuse(
        "another node's key",
        inquiry(question(), by="relay-b"),
        401,
        error="node_unknown",
    )
    refuse("another body", inquiry(question(aud=RELAY)), 403, error="not_for_this_body")
    for name, changes in {
        "no jti": {"without": "jti"},
        "a short jti": {"jti": "AAAA"},
        "no via": {"without": "via"},
        "no purpose": {"without": "purpose"},
        "no compare": {"without": "compare"},
        "no license named": {"without": "identifier"},
        "a number without type": {"without": "identifier", "number": "N-1"},
        "two licenses named": {"number": "N-1", "type": TYPE},
        "a code beside an identifier": {"code": "q3vJ0x_6TqWcV0dQ8Yh1Zg"},
        "a code beside a seal": {
            "without": "identifier",
            "code": "q3vJ0x_6TqWcV0dQ8Yh1Zg",
            "seal": "63010000012345",
        },
        "a code that is an address": {"without": "identifier", "code": "https://x.example/?a=1"},
        "no identifier of GB/T 36904": {"identifier": "1.2.3"},
        "a life over 60 s": {"exp": NOW + 61},
        "ends before it begins": {"exp": NOW},
        "a time that is no integer": {"iat": "now"},
        **{f"iat {name}": {"iat": value, "exp": value + 60} for name, value in TIMES.items()},
        "iat and exp in the last minute there is": {"iat": 253402300790, "exp": 253402300795},
        "iat a truth": {"iat": True},
        "exp past every calendar": {"exp": 10**400},
        "exp with a fraction": {"exp": 1e308},
        "at past every calendar": {"at": 10**400},
        **{f"at {name}": {"at": value} for name, value in TIMES.items()},
        "a digest of another length": {"documents": [{"alg": "sha256", "value": "AAAA"}]},
        "an unknown digest": {"documents": [{"alg": "md5", "value": b64(bytes(16))}]},
    }.items():
        refuse(name, inquiry(question(**changes)), 400, error="malformed")
    late, early = {"iat": NOW - 121, "exp": NOW - 61}, {"iat": NOW + 61, "exp": NOW + 100}
    refuse("over", inquiry(question(**late)), 401, error="out_of_time")
    refuse("not yet", inquiry(question(**early)), 401, error="out_of_time")
    ahead = question(at=NOW + 61)
    refuse("for a time to come", inquiry(ahead), 400, error="at_in_future")
    refuse("via names another", inquiry(question(via=["relay-b"])), 400, error="via_false")
    refuse(
        "a relay that encloses nothing",
        inquiry(question(via=["relay-b", "node-a"])),
        400,
        error="via_false",
    )
    for name, changes, status, error in (
        ("handed on, another license", {"identifier": IDENTIFIER[:-1] + "A"}, 400, "asked_differs"),
        ("handed on, other digests", {"documents": []}, 400, "asked_differs"),
        ("handed on, more compared", {"compare": ["holder"]}, 400, "asked_differs"),
        ("handed on, another purpose", {"purpose": "other"}, 400, "asked_differs"),
        ("handed on, another time", {"at": NOW}, 400, "asked_differs"),
        ("handed on, first asker left out", {"via": ["relay-c", "relay-b"]}, 400, "via_false"),
        ("handed on, sender left out", {"via": ["node-a", "relay-c"]}, 400, "via_false"),
        ("handed on, the enclosed is one handed on", {"asked": HANDED_ON}, 400, "asked_nested"),
        ("handed on, nothing enclosed", {"asked": "AA.AA"}, 400, "malformed"),
        (
            "come round",
            {"via": ["node-a", "relay-b", "relay-b"]},
            508,
            "loop",
        ),
        (
            "a fourth hop",
            {"via": ["node-a", "node-x", "relay-c", "relay-b"]},
            508,
            "hops",
        ),
        (
            "handed on, longer alive than what it encloses",
            {"iat": NOW + 1, "exp": NOW + 61},
            400,
            "asked_outlived",
        ),
        (
            "handed on, the enclosed is over",
            {"asked": inquiry(question(aud=UPPER, **late)), "iat": NOW - 121, "exp": NOW - 61},
            401,
            "out_of_time",
        ),
        (
            "handed on, a forged first question",
            {"asked": inquiry(question(aud=UPPER), by="stranger", kid="node-a-key")},
            401,
            "signature_invalid",
        ),
    ):
        refuse(name, inquiry(THIRD | changes), status, error=error)
    made = [{"name": n, "token": t, "expect": {"answered": True}} for n, t in good.items()]
    for name, token in tokens.items():
        status, error = bad[name]
        made.append({"name": name, "token": token, "expect": {"status": status, "error": error}})
    return made


def said(over: str, aud: str = "node-a", iss: str = ISSUER, **changes: Any) -> dict[str, Any]:
    """In force, said over that question."""
    payload: dict[str, Any] = {
        "iss": iss,
        "aud": aud,
        "iat": NOW + 1,
        "inquiry": digest(over),
        "identifier": IDENTIFIER,
        "outcome": 0,
        "document": "match",
        "facts": {},
        "as_of": NOW,
    } | changes
    return {name: value for name, value in payload.items() if value is not None}


def answer(payload: Mapping[str, Any], by: str = "", **header: Any) -> str:
    return KEYS[by or BODIES[str(payload["iss"])]].sign("ivp-answer+jwt", payload, **header)


def _answers() -> list[dict[str, Any]]:
    """Answers to the first inquiry of `inquiries.json`, as node-a reads them at NOW + 1."""
    over = inquiry()
    usable = {
        "in force": answer(said(over)),
        "revoked": answer(said(over, outcome=3, state="revoked", since="2026-01-01")),
        "no such record": answer(said(over, outcome=5, document="unknown")),
        "of another file": answer(said(over, document="differs")),
        "an unknown member is ignored": answer(said(over, more=1)),
        "with a next update": answer(said(over, next_update=NOW + 600)),
        "a clock 60 s ahead": answer(said(over, iat=NOW + 61, as_of=NOW + 61)),
    }
    unusable = {
        "signed by another body's key": (answer(said(over), by="body-b"), "signature"),
        "signed under a foreign name": (
            answer(said(over), by="stranger", kid="issuer-key"),
            "signature",
        ),
        "alg none": (answer(said(over), alg="none"), "signature"),
        "another typ": (answer(said(over), typ="ivp-inquiry+jwt"), "malformed"),
        "another issuer": (answer(said(over, iss=RELAY), by="issuer"), "wrong_party"),
        "for another node": (answer(said(over, aud="relay-b")), "wrong_party"),
        "to another question": (answer(said(FIRST)), "wrong_question"),
        "of another license": (
            answer(said(over, identifier=IDENTIFIER[:-1] + "A")),
            "wrong_question",
        ),
        "no identifier": (answer(said(over, identifier=None)), "wrong_question"),
        "made before the question": (answer(said(over, iat=NOW - 61)), "clock"),
        "made in the future": (answer(said(over, iat=NOW + 62)), "clock"),
        "true in the future": (answer(said(over, as_of=NOW + 62)), "clock"),
        "no outcome": (answer(said(over, outcome=None)), "malformed"),
        "an outcome nobody knows": (answer(said(over, outcome=8)), "malformed"),
        "in force and revoked": (answer(said(over, state="revoked")), "malformed"),
        "no document": (answer(said(over, document=None)), "malformed"),
        "no facts": (answer(said(over, facts=None)), "malformed"),
        "a time that is no integer": (answer(said(over, as_of="now")), "malformed"),
        **{
            f"{member} {name}": (answer(said(over, **{member: value})), "malformed")
            for member in ("iat", "as_of", "next_update")
            for name, value in {**TIMES, "a truth": True, "past all": 10**400, "": 1e308}.items()
        },
    }
    made = [{"name": n, "token": t, "expect": {"usable": True}} for n, t in usable.items()]
    made += [
        {"name": n, "token": t, "expect": {"usable": False, "silence": why}}
        for n, (t, why) in unusable.items()
    ]
    return [{**each, "inquiry": over} for each in made]


def _relayed() -> list[dict[str, Any]]:
    """What node-a, which asked the platform UPPER by FIRST, makes of what comes back."""
    home = answer(said(FIRST))
    gone = answer(said(FIRST, outcome=3, state="revoked"))

    def from_upper(**changes: Any) -> str:
        return answer(said(FIRST, iss=UPPER, **changes))

    issuer = {"usable": True, "speaker": "issuer", "signed": True}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("the issuer's own words", from_upper(relayed=home), issuer | {"outcome": 0}),
        ("the issuer's words beat the relay's", from_upper(relayed=gone), issuer | {"outcome": 3}),
        (
            "the relay's words only",
            from_upper(),
            {"usable": True, "speaker": "upstream", "signed": True, "outcome": 0},
        ),
        (
            "nobody's signed words",
            from_upper(unsigned=True),
            {"usable": True, "speaker": "upstream", "signed": False, "outcome": 0},
        ),
    ]
    for name, inner, why in (
        ("over another question", answer(said(inquiry())), "wrong_question"),
        ("over the relay's question", answer(said(HANDED_ON, "relay-c")), "wrong_party"),
        ("for another node", answer(said(FIRST, "relay-c")), "wrong_party"),
        ("signed by the relay", answer(said(FIRST), by="body-c"), "signature"),
        ("by a body nobody named", answer(said(FIRST, iss=RELAY)), "signature"),
        ("cut off", home[:-4], "malformed"),
        (
            "of another license",
            answer(said(FIRST, identifier=IDENTIFIER[:-1] + "A")),
            "wrong_question",
        ),
    ):
        expect = {"usable": False, "silence": why}
        cases.append((f"enclosed, {name}", from_upper(relayed=inner), expect))
    return [{"name": name, "token": token, "expect": expect} for name, token, expect in cases]


def _of_the_delegate() -> list[dict[str, Any]]:
    """What node-a, which asked the issuer's delegate RELAY by TO_DELEGATE, makes of its answers."""
    home = answer(said(TO_DELEGATE))

    def from_delegate(**changes: Any) -> str:
        return answer(said(TO_DELEGATE, iss=RELAY, **changes))

    cases: list[tuple[str, str, dict[str, Any]]] = [
        (
            "its own word",
            from_delegate(outcome=3),
            {"usable": True, "speaker": "delegate", "signed": True, "outcome": 3},
        ),
        (
            "the issuer's own words",
            from_delegate(outcome=3, relayed=home),
            {"usable": True, "speaker": "issuer", "signed": True, "outcome": 0},
        ),
        (
            "nobody's signed words",
            from_delegate(unsigned=True),
            {"usable": True, "speaker": "upstream", "signed": False, "outcome": 0},
        ),
    ]
    for name, inner, why in (
        ("over another question", answer(said(FIRST)), "wrong_question"),
        (
            "signed by the delegate as the issuer",
            answer(said(TO_DELEGATE), by="body-b"),
            "signature",
        ),
        ("by a body nobody named", answer(said(TO_DELEGATE, iss=UPPER)), "signature"),
    ):
        expect = {"usable": False, "silence": why}
        cases.append((f"enclosed, {name}", from_delegate(relayed=inner), expect))
    return [{"name": name, "token": token, "expect": expect} for name, token, expect in cases]


FACTS = {"holder": "青海样例有限公司", "number": "N-1"}
FACTS_JWE = (
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6Imlzc3Vlci1mYWN0cyIsImVwayI6"
    "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IkhLNkRoLUZGM21DWXp2alNfWTJZVkNvSVd0eTBE"
    "R21yZlNDSGhDTmYycEkiLCJ5IjoicWpDTVJrczVubUpVTmRqYk95bm5PNkFfZmZ4RVg4VzJQMXBuYkdX"
    "b0VhdyJ9fQ..zf1-MPXKYE6Dt7B6.5yPgWG5959guq9WeDLQDUCNIpzimSkKUe4CeZP11mGXKk7TxqBA"
    "2-XA_iRcvlHCNyyFHlg.W6H8gZDMS9q0bk-JveYTvw"
)
"""Sealed once: the ephemeral key is random, so it is kept and opened, not made anew."""


ORIGIN = "https://files.issuer.example"
"""Where links of the issuer lead."""


def wanted(**changes: Any) -> str:
    """A request for the document."""
    payload = {
        "iss": "node-a",
        "aud": ISSUER,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": b64(bytes(range(16))),
        "identifier": IDENTIFIER,
        "purpose": "loan-review",
        "behalf": "11630000MB0000019J",
    }
    return KEYS["node-a"].sign("ivp-retrieval+jwt", payload | changes)


def _deliveries() -> list[dict[str, Any]]:
    request, content = wanted(), b"the document"
    base: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "node-a",
        "iat": NOW + 1,
        "inquiry": digest(request),
        "identifier": IDENTIFIER,
    }
    given = base | {
        "outcome": "given",
        "link": f"{ORIGIN}/once/f00d",
        "expires": NOW + 600,
        "media_type": "application/ofd",
        "size": len(content),
        "document": {"alg": "sha256", "value": b64(hashlib.sha256(content).digest())},
    }

    def delivery(
        name: str, expect: str, payload: Mapping[str, Any], by: str = "issuer", **header: Any
    ) -> dict[str, Any]:
        token = KEYS[by].sign("ivp-delivery+jwt", payload, **header)
        return {"name": name, "token": token, "expect": expect}

    def without(name: str) -> dict[str, Any]:
        return {key: value for key, value in given.items() if key != name}

    return [
        delivery("given", "given", given),
        delivery("refused", "refused", base | {"outcome": "refused"}),
        delivery("no record", "no_record", base | {"outcome": "no_record"}),
        delivery("no document", "no_document", base | {"outcome": "no_document"}),
        delivery("an unknown member", "given", given | {"colour": "red"}),
        delivery("by a stranger", "signature", given, "stranger"),
        delivery("under another's name", "signature", given, "stranger", kid="issuer-key"),
        delivery("an answer's type", "malformed", given, typ="ivp-answer+jwt"),
        delivery("over another request", "wrong_question", given | {"inquiry": digest("x")}),
        delivery("of another license", "wrong_question", given | {"identifier": IDENTIFIER[:-1]}),
        delivery("to another node", "wrong_party", given | {"aud": "relay-b"}),
        delivery("by another body", "wrong_party", given | {"iss": RELAY}),
        delivery("from long ago", "clock", given | {"iat": NOW - 3600}),
        delivery("good for an hour", "clock", given | {"expires": NOW + 3600}),
        delivery("over already", "clock", given | {"expires": NOW - 61}),
        delivery("a link elsewhere", "forbidden_address", given | {"link": "https://e.example/1"}),
        delivery("a link inside", "forbidden_address", given | {"link": "http://10.0.0.1/1"}),
        delivery("a program", "media_type", given | {"media_type": "text/html"}),
        delivery("too large", "oversized", given | {"size": 20 * 1024 * 1024 + 1}),
        delivery("without a link", "malformed", without("link")),
        delivery("without a digest", "malformed", without("document")),
        delivery("without an outcome", "malformed", without("outcome")),
        delivery("another outcome", "malformed", given | {"outcome": "perhaps"}),
    ]


def files() -> dict[str, Any]:
    from tests.ivp_codes import codes  # it is made of what stands above

    return {
        "keys": {
            "now": NOW,
            "nodes": {name: KEYS[name].jwk() for name in NODES},
            "bodies": {code: KEYS[name].jwk() for code, name in BODIES.items()},
            "facts": JWE_KEY,
        },
        "inquiries": _inquiries(),
        "answers": _answers(),
        "relay": {
            "issuer": ISSUER,
            "asked": FIRST,
            "handed_on": [HANDED_ON, inquiry(THIRD)],
            "issuer_answer": answer(said(FIRST)),
            "answers_of_the_platform": _relayed(),
            "asked_of_the_delegate": TO_DELEGATE,
            "answers_of_the_delegate": _of_the_delegate(),
        },
        "facts": {"facts": FACTS, "facts_jwe": FACTS_JWE},
        "codes": codes(),
        "retrieval": {
            "issuer": ISSUER,
            "origins": [ORIGIN],
            "request": wanted(),
            "deliveries": _deliveries(),
        },
    }


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write()
