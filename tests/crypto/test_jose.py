"""The strict reader of JSON and compact tokens. Vectors: RFC 7515 A.1–A.3, RFC 8785 §3.2.2.2."""

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.crypto.jose import (
    ANSWER_TOKEN,
    EXACT_INTEGER,
    LICENSE_TOKEN,
    Compact,
    CompactLimits,
    JsonLimits,
    base64url,
    read_json_object,
    split_compact,
    to_base64url,
)
from app.domain.errors import Malformed

LIMITS = JsonLimits()
HEADER = {"typ": "license+jwt", "alg": "ES256", "kid": "k-1"}
PAYLOAD = b'{"iss":"x"}'
SIGNATURE = bytes(range(64))


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(header: object = HEADER, payload: bytes = PAYLOAD, signature: bytes = SIGNATURE) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return b".".join(b64(part) for part in (raw, payload, signature))


GOOD = token()


def test_good_token():
    assert split_compact(GOOD) == Compact(HEADER, PAYLOAD, GOOD.rpartition(b".")[0], SIGNATURE)
    compact = split_compact(GOOD)
    assert (compact.typ, compact.alg, compact.kid) == ("license+jwt", "ES256", "k-1")


def test_good_object():
    text = '{"a":[1,-2,{"b":null,"c":true}],"d":"证照 \\ud83d\\ude00 \\u20ac","e":{}} \n'
    assert read_json_object(text.encode(), LIMITS) == {
        "a": [1, -2, {"b": None, "c": True}],
        "d": "证照 😀 €",
        "e": {},
    }


# RFC 7515 appendix A.1.1: the encoding of a header, with its line break; and appendix C.
def test_rfc7515_vectors():
    a11 = b'{"typ":"JWT",\r\n "alg":"HS256"}'
    assert base64url("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "header") == a11
    assert base64url("A-z_4ME", "x") == bytes([3, 236, 255, 224, 193])
    assert to_base64url(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


BAD_JSON = {
    "empty": (b"", "syntax"),
    "one byte": (b"{", "syntax"),
    "truncated": (b'{"a":1', "syntax"),
    "random": (b"\x00\x9f\x92\x96", "not UTF-8"),
    "over the size": (b'{"a":"' + b"x" * LIMITS.size + b'"}', "over 16384 bytes"),
    "byte order mark": (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
    "UTF-16 LE with mark": ('\ufeff{"a":1}'.encode("utf-16-le"), "not UTF-8"),
    "UTF-16 BE": ('{"a":1}'.encode("utf-16-be"), "syntax"),
    "UTF-16 LE": ('{"a":1}'.encode("utf-16-le"), "syntax"),
    "UTF-32": ('{"a":1}'.encode("utf-32-be"), "syntax"),
    "GBK": ('{"a":"证照核验"}'.encode("gbk"), "not UTF-8"),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', "not UTF-8"),
    "surrogate as UTF-8": (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
    "duplicate members": (b'{"a":1,"a":1}', "duplicate"),
    "duplicate members deep": (b'{"a":[{"b":1,"b":2}]}', "duplicate"),
    "duplicate members by escape": (b'{"a":1,"\\u0061":2}', "duplicate"),
    "lone high surrogate": (b'{"a":"\\ud800"}', "surrogate"),
    "lone low surrogate": (b'{"a":["\\udc00"]}', "surrogate"),
    "surrogates reversed": (b'{"a":"\\udc00\\ud800"}', "surrogate"),
    "surrogate as a name": (b'{"\\ud800":1}', "surrogate"),
    "NUL": (b'{"a":"\\u0000"}', "NUL"),
    "NUL as a name": (b'{"\\u0000":1}', "NUL"),
    "control character": (b'{"a":"\n"}', "syntax"),
    "NaN": (b'{"a":NaN}', "NaN"),
    "Infinity": (b'{"a":-Infinity}', "Infinity"),
    "1e400": (b'{"a":1e400}', "not an integer"),
    "1.0": (b'{"a":1.0}', "not an integer"),
    "1E0": (b'{"a":1E0}', "not an integer"),
    "2**53": (b'{"a":9007199254740992}', "not exact"),
    "-2**53": (b'{"a":-9007199254740992}', "not exact"),
    "5000 digits": (b'{"a":' + b"9" * 5000 + b"}", "not exact"),
    "leading zero": (b'{"a":01}', "syntax"),
    "plus sign": (b'{"a":+1}', "syntax"),
    "hexadecimal": (b'{"a":0x1}', "syntax"),
    "full-width digit": ('{"a":１}'.encode(), "syntax"),
    "single quotes": (b"{'a':1}", "syntax"),
    "trailing comma": (b'{"a":1,}', "syntax"),
    "comment": (b'{"a":1/**/}', "syntax"),
    "second object": (b'{"a":1}{"a":2}', "syntax"),
    "form feed outside": (b'\x0c{"a":1}', "syntax"),
    "array": (b'[{"a":1}]', "not an object"),
    "string": (b'"a"', "not an object"),
    "null": (b"null", "not an object"),
    "depth 21": (nested(21), "deeper"),
    "depth 8000": (b"[" * 8000 + b"]" * 8000, "deeper"),
    "depth by objects": (b'{"a":' * 3000, "deeper"),
    "depth behind a false close": (b'{"]]]]]]":' + nested(20) + b"}", "deeper"),
    "1001 members": (json.dumps({str(n): 0 for n in range(1001)}).encode(), "1000 members"),
    "1001 items": (json.dumps({"a": [0] * 1001}).encode(), "1000 items"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_json_refused(name: str):
    data, rule = BAD_JSON[name]
    with pytest.raises(Malformed, match=rule):
        read_json_object(data, LIMITS)


EDGES = {
    "size": b'{"a":"' + b"x" * (LIMITS.size - 8) + b'"}',
    "exact integer": json.dumps({"a": EXACT_INTEGER, "b": -EXACT_INTEGER}).encode(),
    "depth 20": nested(20),
    "brackets in strings": b'{"a":"' + b"[{" * 40 + b'\\"' + b"[" * 40 + b'"}',
    "1000 members": json.dumps({str(n): 0 for n in range(1000)}).encode(),
    "1000 items": json.dumps({"a": [0] * 1000}).encode(),
}


@pytest.mark.parametrize("name", EDGES)
def test_json_at_the_limit_is_read(name: str):
    assert read_json_object(EDGES[name], LIMITS) == json.loads(EDGES[name])


def with_header(**changes: object) -> bytes:
    return token({**HEADER, **changes})


H, P, S = GOOD.split(b".")
BAD_TOKENS = {
    "empty": (b"", "not three parts"),
    "over 16 KiB": (token(payload=b"x" * 12_500), "over 16384 characters"),
    "two parts": (H + b"." + P, "not three parts"),
    "four parts": (GOOD + b".AAAA", "not three parts"),
    "five parts (JWE)": (GOOD + b".AAAA.AAAA", "encrypted"),
    "five empty parts": (b"....", "encrypted"),
    "empty header": (b"." + P + b"." + S, "header: empty"),
    "empty payload (detached)": (H + b".." + S, "payload: empty"),
    "empty signature (unsecured)": (H + b"." + P + b".", "signature: empty"),
    "trailing newline": (GOOD + b"\n", "signature: not base64url"),
    "leading space": (b" " + GOOD, "header: not base64url"),
    "white space within": (GOOD.replace(b".", b". ", 1), "payload: not base64url"),
    "line folded": (H[:20] + b"\r\n" + H[20:] + b"." + P + b"." + S, "header: not base64url"),
    "tab": (GOOD.replace(b".", b"\t."), "header: not base64url"),
    "NUL": (GOOD + b"\x00", "signature: not base64url"),
    "full-width dot": ("a．b．c".encode(), "not ASCII"),
    "padding": (token(payload=PAYLOAD + b"x").replace(b"." + S, b"=." + S), "padded"),
    "padded signature": (GOOD + b"==", "signature: padded"),
    "plus and slash": (
        H + b"." + P + b"." + base64.b64encode(b"\xfb\xff\xfe" * 20),
        "signature: not base64url",
    ),
    "last bits of the signature": (GOOD[:-1] + b"x", "signature: base64url not canonical"),
    "last bits of the payload": (
        H + b"." + b64(b"{}")[:-1] + b"1." + S,
        "payload: base64url not canonical",
    ),
    "impossible length": (H + b"." + P + b".AAAAA", "impossible length"),
    "JSON serialisation": (
        json.dumps({"payload": "e30", "signatures": [{"protected": "e30"}]}).encode(),
        "JSON serialisation",
    ),
    "JSON flattened": (
        b'\n{"payload":"e30","protected":"e30","signature":"e30"}',
        "JSON serialisation",
    ),
    "header no object": (token(b"[]"), "not an object"),
    "header no JSON": (token(b"x"), "syntax"),
    "header with byte order mark": (token(b"\xef\xbb\xbf" + json.dumps(HEADER).encode()), "mark"),
    "header twice alg": (
        token(b'{"typ":"license+jwt","alg":"ES256","alg":"none","kid":"k"}'),
        "duplicate",
    ),
    "header over 2 KiB": (
        token(json.dumps(HEADER).encode() + b" " * 2048),
        "header: over 2048 bytes",
    ),
    "no typ": (token({"alg": "ES256", "kid": "k"}), "no typ"),
    "no alg": (token({"typ": "license+jwt", "kid": "k"}), "no alg"),
    "no kid": (token({"typ": "license+jwt", "alg": "ES256"}), "no kid"),
    "alg array": (with_header(alg=["ES256"]), "alg is not a string"),
    "alg null": (with_header(alg=None), "alg is not a string"),
    "typ number": (with_header(typ=1), "typ is not a string"),
    "kid number": (with_header(kid=1), "kid is not a string"),
    "kid empty": (with_header(kid=""), "kid is not 1 to 128"),
    "kid 129": (with_header(kid="k" * 129), "kid is not 1 to 128"),
    "kid path": (with_header(kid="../../dev/null"), "kid is not 1 to 128"),
    "kid SQL": (with_header(kid="k' OR '1'='1"), "kid is not 1 to 128"),
    "kid URL": (with_header(kid="http://attacker.example/k"), "kid is not 1 to 128"),
    "kid trailing newline": (with_header(kid="k\n"), "kid is not 1 to 128"),
    "kid full-width": (with_header(kid="ｋ"), "kid is not 1 to 128"),
    "case of a member": (token({"Typ": "license+jwt", "alg": "ES256", "kid": "k"}), "other than"),
    "crit": (with_header(crit=["b64"], b64=False), "member crit"),
    "crit empty": (with_header(crit=[]), "member crit"),
    "b64": (with_header(b64=False), "member b64"),
    "jku": (with_header(jku="https://attacker.example/keys"), "member jku"),
    "x5u": (with_header(x5u="https://attacker.example/c"), "member x5u"),
    "jwk": (with_header(jwk={"kty": "EC"}), "member jwk"),
    "x5c": (with_header(x5c=["MII"]), "member x5c"),
    "x5t": (with_header(x5t="AAAA"), "member x5t"),
    "zip": (with_header(zip="DEF"), "member zip"),
    "enc": (with_header(enc="A256GCM"), "member enc"),
    "cty": (with_header(cty="JWT"), "member cty"),
    "unknown member": (with_header(hello="x"), "other than"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_token_refused(name: str):
    data, rule = BAD_TOKENS[name]
    assert data != GOOD
    with pytest.raises(Malformed, match=rule):
        split_compact(data)


def test_what_a_stranger_wrote_is_not_repeated():
    with pytest.raises(Malformed) as caught:
        split_compact(with_header(**{"张三 632801199001011234": 1}))
    assert "632801" not in str(caught.value)


def test_an_answer_may_be_longer():
    longer = token(payload=b"x" * 12_500)
    assert split_compact(longer, ANSWER_TOKEN).payload == b"x" * 12_500
    with pytest.raises(Malformed, match="over 65536"):
        split_compact(token(payload=b"x" * 50_000), ANSWER_TOKEN)
    assert split_compact(GOOD, CompactLimits(token=len(GOOD))) == split_compact(GOOD)
    with pytest.raises(Malformed, match="over"):
        split_compact(GOOD, CompactLimits(token=len(GOOD) - 1))


def test_reading_is_linear_where_a_scanner_could_be_quadratic():
    """Thirty thousand escaped quotes in a string that never ends: milliseconds, not minutes."""
    limits = JsonLimits(size=64 * 1024)
    with pytest.raises(Malformed, match="syntax"):
        read_json_object(b'{"a":"' + b'\\"' * 32_000, limits)


@given(st.binary(max_size=200))
@example(b"{")
@example(b'"\\')
def test_any_bytes_are_an_object_or_malformed(data: bytes):
    try:
        value = read_json_object(data, LIMITS)
    except Malformed:
        return
    assert value == json.loads(data.decode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-EXACT_INTEGER, EXACT_INTEGER) | st.text('aé证"\\\n'),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("ab证", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("ab证", max_size=3), JSON, max_size=4), st.booleans())
def test_what_json_wrote_is_read_back(value: dict[str, object], escape: bool):
    text = json.dumps(value, ensure_ascii=escape).encode()
    if b"\\u0000" in text or b"\\ud" in text:
        return
    assert read_json_object(text, LIMITS) == value


@given(st.binary(max_size=300) | st.text("AQg_-.=+/ \n", max_size=120).map(str.encode))
def test_any_bytes_are_a_token_or_malformed(data: bytes):
    try:
        compact = split_compact(data)
    except Malformed:
        return
    assert compact.signing_input + b"." + b64(compact.signature) == data


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_changed_byte_never_reads_the_same(place: int, value: int):
    changed = GOOD[:place] + bytes([value]) + GOOD[place + 1 :]
    try:
        compact = split_compact(changed)
    except Malformed:
        return
    assert (compact == split_compact(GOOD)) == (changed == GOOD)


def test_limits_are_named():
    assert CompactLimits(token=16 * 1024, header=2 * 1024) == LICENSE_TOKEN
    assert (LIMITS.depth, LIMITS.members, LIMITS.items) == (20, 1000, 1000)
