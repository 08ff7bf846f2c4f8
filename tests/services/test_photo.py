"""Photos through the whole of a verification: a picture proves nothing, and says what it says."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.checks import examine
from app.domain.evidence import CheckName, Outcome
from app.domain.issuer import Adapter, Answered, Code, IssuerAnswer, NotAsked, Speaker, Unasked
from app.domain.license import Claims, Fact, LicenseFormat
from app.domain.photo import Held, OfficialUrl, SeenCode
from app.domain.reasons import Reason
from app.domain.verdict import Conclusion
from app.domain.verification import Submission, Verification
from app.formats import FORMATS
from app.formats.photo.reading import PhotoReader
from app.policy import PHOTO
from app.registry.serial import dump_facts, load_facts
from app.services.judgement import replay
from app.services.verify import Verifier
from tests.world import (
    FOREIGN,
    IDENTIFIER,
    IN_FORCE,
    ISSUER,
    PAGE,
    TYPE,
    World,
    said,
    token,
    told,
)

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\0\5\0\0\0\5" + bytes(20)
HOST = "zheng.example.cn"
PLACE = OfficialUrl(TYPE, HOST, "/c/")
READ_BY_ISSUER = OfficialUrl(None, HOST, "/v", "code", ISSUER)
TYPED = Claims(identifier=None, type=TYPE, issuer=ISSUER, number="N-1", holder="青海样例有限公司")


def coded(code: Code) -> IssuerAnswer:
    """The issuer says so."""
    return replace(IN_FORCE, code=code)


ALL = said(Fact.NUMBER, Fact.HOLDER)


@dataclass
class Codes:
    """Fits `OfficialCodes`, and remembers what it was asked."""

    known: tuple[OfficialUrl, ...] = (PLACE, READ_BY_ISSUER)

    async def official_urls(self, hosts: frozenset[str]) -> tuple[OfficialUrl, ...]:
        return tuple(url for url in self.known if url.host in hosts)


def verified(
    *payloads: bytes | str,
    typed: Claims | None = None,
    answer: IssuerAnswer = IN_FORCE,
    world: World | None = None,
) -> Verification:
    """A picture with these codes."""
    world = world or World(answer=answer)
    world.answer = answer
    seen = [SeenCode("QRCode", p if isinstance(p, bytes) else p.encode()) for p in payloads]
    reader = PhotoReader(lambda _: seen, "verify.example")
    verifier: Verifier = replace(world.verifier(), formats=(*FORMATS, reader), codes=Codes())
    submission = Submission(content=PICTURE, typed=typed)
    return asyncio.run(verifier.verify(submission)).verification


def held(verification: Verification) -> list[Held]:
    assert verification.facts is not None
    assert verification.facts.document.photo is not None
    return [code.held for code in verification.facts.document.photo.codes]


def outcome(verification: Verification, check: CheckName) -> set[Outcome]:
    return {item.outcome for item in verification.evidence if item.check is check}


# ---- the twin: the same token as a text is valid


def test_a_genuine_token_in_a_picture_is_still_a_copy() -> None:
    assert told(asyncio.run(World().verify(token()))) == "valid"
    picture = verified(token())
    assert told(picture) == "indeterminate unsigned_copy"
    assert held(picture) == [Held.LICENSE_TOKEN]
    assert outcome(picture, CheckName.SIGNATURE_HOLDS) == {Outcome.PASSED}
    assert outcome(picture, CheckName.CODES_CLEAR) == {Outcome.PASSED}
    assert picture.policy == PHOTO.name
    assert isinstance(picture.answer, Answered)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (coded(Code.ENDED), "invalid ended"),
        (coded(Code.SUSPENDED), "invalid suspended"),
        (coded(Code.NO_RECORD), "invalid issuer_denies"),
        (coded(Code.DIFFERS), "invalid record_mismatch"),
    ],
)
def test_what_the_issuer_says_against_it_counts(answer: IssuerAnswer, line: str) -> None:
    assert told(verified(token(), answer=answer)) == line
    assert told(verified(str(IDENTIFIER), answer=answer)) == line


def test_a_forged_token_in_a_picture_is_a_forgery() -> None:
    header, payload, value = token().split(b".")
    forged = b".".join((header, payload, value[:-4] + b"AAAA"))
    picture = verified(forged)
    assert told(picture) == "invalid signature_invalid"
    assert picture.answer == NotAsked(Unasked.BROKEN)


def test_an_unread_token_is_no_license_and_no_failure() -> None:
    assert told(verified(b"eyJhbGciOiJub25lIn0.e30.")) == "indeterminate code_names_nothing"
    assert told(verified(token("stranger"))) == "indeterminate unsigned_copy"


def test_what_was_typed_is_compared_one_by_one_and_a_picture_is_never_valid() -> None:
    answer = replace(IN_FORCE, facts=ALL)
    world = World()
    picture = verified(str(IDENTIFIER), typed=TYPED, answer=answer, world=world)
    assert told(picture) == "indeterminate unsigned_copy"
    (inquiry,) = world.asked
    assert {Fact.NUMBER, Fact.HOLDER, Fact.TYPE} <= inquiry.compare
    assert inquiry.claims.holder == TYPED.holder
    assert dict(picture.matched)["holder"] == "match"
    assert dict(picture.matched)["number"] == "match"


def test_no_digest_of_a_picture_leaves_for_no_issuer_knows_it() -> None:
    world = World()
    verified(token(), world=world)
    (inquiry,) = world.asked
    assert not inquiry.digests


def test_a_picture_without_codes_is_asked_about_by_what_was_typed() -> None:
    assert told(verified()) == "indeterminate code_missing"
    typed = verified(typed=TYPED, answer=replace(IN_FORCE, facts=ALL))
    assert told(typed) == "indeterminate unsigned_copy"
    assert told(verified(typed=TYPED, answer=coded(Code.ENDED))) == "invalid ended"


# ---- several codes: none is chosen


@pytest.mark.parametrize(
    "payloads",
    [
        (str(IDENTIFIER), str(FOREIGN)),
        (token(), str(FOREIGN)),
        (token(), token(page={**PAGE, "number": "N-2"})),
        (str(IDENTIFIER), f"https://{HOST}/c/N-1"),
        (f"https://{HOST}/c/N-1", f"https://{HOST}/c/N-2"),
        (str(IDENTIFIER), str(FOREIGN), "hello"),
        (f"https://{HOST}/c/", str(IDENTIFIER)),
    ],
)
def test_qr03_two_licenses_are_never_weighed_against_each_other(
    payloads: tuple[bytes | str, ...],
) -> None:
    assert told(verified(payloads[0])).startswith("indeterminate ")
    world = World()
    picture = verified(*payloads, world=world)
    assert told(picture) == "indeterminate multiple_codes"
    assert picture.facts is not None
    assert picture.facts.document.signatures == ()
    assert world.asked == []
    assert told(verified(*payloads[::-1])) == "indeterminate multiple_codes"


@pytest.mark.parametrize(
    "payloads",
    [
        (token(), str(IDENTIFIER)),
        (str(IDENTIFIER), "hello"),
        (token(), f"https://{HOST}/c/N-1"),
        (token(), f"https://{HOST}/c/{IDENTIFIER}"),
        (token(), token()),
    ],
)
def test_codes_that_name_one_license_are_one(payloads: tuple[bytes | str, ...]) -> None:
    picture = verified(*payloads)
    assert told(picture) == "indeterminate unsigned_copy"
    assert isinstance(picture.answer, Answered)


def test_typed_beside_codes_that_disagree_still_asks_by_what_was_typed() -> None:
    picture = verified(str(IDENTIFIER), str(FOREIGN), typed=TYPED)
    assert told(picture) == "indeterminate multiple_codes"
    assert isinstance(picture.answer, Answered)
    ended = verified(str(IDENTIFIER), str(FOREIGN), typed=TYPED, answer=coded(Code.ENDED))
    assert told(ended) == "invalid ended"


def test_another_identifier_than_the_typed_one_disagrees() -> None:
    typed = Claims(identifier=FOREIGN, identifiers=frozenset({str(FOREIGN)}))
    assert told(verified(str(IDENTIFIER), typed=typed)) == "invalid identifier_disagrees"


# ---- addresses


def test_an_official_address_names_its_license_and_nothing_is_fetched() -> None:
    world = World()
    typed = Claims(identifier=None, issuer=ISSUER, holder="青海样例有限公司")
    picture = verified(f"https://{HOST}/c/N-1", typed=typed, world=world)
    assert told(picture) == "indeterminate unsigned_copy"
    assert held(picture) == [Held.OFFICIAL_URL]
    (inquiry,) = world.asked
    assert (inquiry.claims.number, inquiry.type) == ("N-1", TYPE)


CODE = "q3vJ0x_6TqWcV0dQ8Yh1Zg"


def test_a_code_only_the_issuer_reads_is_asked_of_it_and_of_nobody_else() -> None:
    world = World()
    picture = verified(f"https://{HOST}/v?code={CODE}", world=world)
    assert (told(picture), held(picture)) == ("indeterminate unsigned_copy", [Held.OFFICIAL_URL])
    (inquiry,) = world.asked
    assert (inquiry.code, inquiry.identifier, inquiry.claims.number) == (CODE, None, None)
    assert inquiry.digests == {}
    (question,) = world.questions
    assert question.issuer == ISSUER
    assert picture.facts is not None
    assert CODE not in dump_facts(picture.facts)  # type: ignore[operator]
    ended = verified(f"https://{HOST}/v?code={CODE}", answer=coded(Code.ENDED))
    assert told(ended) == "invalid ended"
    denied = verified(f"https://{HOST}/v?code={CODE}", answer=coded(Code.NO_RECORD))
    assert told(denied) == "invalid issuer_denies"


@pytest.mark.parametrize(
    "changes", [{"speaker": Speaker.UPSTREAM}, {"adapter": Adapter.MAPPED}], ids=str
)
def test_nobody_else_is_asked_what_only_the_issuer_reads(changes: dict[str, Any]) -> None:
    world = World()
    assert world.trust.endpoint is not None
    world.trust = replace(world.trust, endpoint=replace(world.trust.endpoint, **changes))
    picture = verified(f"https://{HOST}/v?code={CODE}", world=world)
    assert told(picture) == "indeterminate unsigned_copy"
    assert picture.answer == NotAsked(Unasked.NO_ENDPOINT)
    assert world.asked == []


def test_a_typed_number_is_compared_beside_the_code_that_names_the_license() -> None:
    world = World()
    verified(f"https://{HOST}/v?code={CODE}", typed=TYPED, world=world)
    (inquiry,) = world.asked
    assert (inquiry.code, inquiry.identifier) == (CODE, None)
    assert {Fact.NUMBER, Fact.HOLDER} <= inquiry.compare


@pytest.mark.parametrize(
    ("first", "second", "several"),
    [(CODE, CODE, False), (CODE, CODE[:-1] + "A", True), (CODE, str(IDENTIFIER), True)],
)
def test_two_codes_of_the_issuer_are_two_licenses(first: str, second: str, several: bool) -> None:
    world = World()
    picture = verified(
        f"https://{HOST}/v?code={first}", f"https://{HOST}/v?lang=zh&code={second}", world=world
    )
    assert (told(picture) == "indeterminate multiple_codes") == several
    assert bool(world.asked) != several


@pytest.mark.parametrize(
    "text",
    [
        f"https://{HOST}.verify-xx.com/v?code={CODE}",
        f"https://zhеng.example.cn/v?code={CODE}",
        f"https://{HOST}/vv?code={CODE}",
        f"https://{HOST}:8443/v?code={CODE}",
        f"https://x@{HOST}/v?code={CODE}",
    ],
)
def test_qr04_a_lookalike_with_a_genuine_code_is_a_warning_and_no_question(text: str) -> None:
    world = World()
    genuine = verified(f"https://{HOST}/v?code={CODE}", world=world)
    assert told(genuine) == "indeterminate unsigned_copy"
    asked = len(world.asked)
    picture = verified(text, world=world)
    assert told(picture) == "indeterminate unofficial_url"
    assert len(world.asked) == asked


@pytest.mark.parametrize(
    "text",
    [
        f"https://{HOST}.verify-xx.com/c/N-1",
        f"https://{HOST}@verify-xx.com/c/N-1",
        f"https://{HOST}/d/N-1",
        "https://zhеng.example.cn/c/N-1",
        "javascript:alert(1)",
        "weixin://dl/business/",
        "https://verify.example/login",
    ],
)
def test_qr04_a_strange_address_is_a_warning_and_no_question(text: str) -> None:
    world = World()
    picture = verified(text, world=world)
    assert told(picture) == "indeterminate unofficial_url"
    assert held(picture) == [Held.UNOFFICIAL_URL]
    assert world.asked == []


def test_qr04_beside_a_genuine_token_it_is_told_first() -> None:
    assert told(verified(token(), "https://verify-xx.com/")) == "indeterminate unofficial_url"
    against = verified(token(), "https://verify-xx.com/", answer=coded(Code.ENDED))
    assert told(against) == "invalid ended"


# ---- everything else


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        ("https://verify.example/r/ABCDE", Held.CONFIRMATION),
        ("", Held.OTHER),
        ("hello", Held.OTHER),
        (b"\xff\xfe", Held.OTHER),
        ("MECARD:N:x;;", Held.OTHER),
        (b"eyJhbGciOiJFUzI1NiJ9.e30.AAAA", Held.OTHER_TOKEN),
    ],
)
def test_what_is_no_license_is_explained(payload: bytes | str, what: Held) -> None:
    picture = verified(payload)
    assert held(picture) == [what]
    assert told(picture) == "indeterminate code_names_nothing"


def test_content_of_codes_is_not_kept() -> None:
    secret = "https://verify-xx.com/?name=zhangsan"
    picture = verified(secret, token(), typed=TYPED)
    kept = dump_facts(picture.facts)
    assert kept is not None
    for text in ("zhangsan", "verify-xx", "N-1", TYPED.holder or ""):
        assert text not in kept
        assert text not in repr(picture.evidence)


def test_kept_facts_are_judged_the_same_again() -> None:
    for payloads in ((token(),), (str(IDENTIFIER), str(FOREIGN)), ("https://x.cn/",), ()):
        picture = verified(*payloads)
        kept = dump_facts(picture.facts)
        assert kept is not None
        facts = load_facts(kept)
        assert replay(facts, picture.answer, picture.policy) == (picture.evidence, picture.verdict)


def test_no_evidence_at_all_makes_a_picture_valid() -> None:
    """Whatever else its checks come to: SIGNED says of every picture that it is a copy."""
    picture = verified(token())
    assert picture.facts is not None
    found = {e.check: e for e in examine(picture.facts)}
    assert found[CheckName.SIGNED].why is Reason.UNSIGNED_COPY
    assert picture.facts.document.format is LicenseFormat.PHOTO
    assert picture.verdict.conclusion is not Conclusion.VALID


def test_typed_goes_with_a_file() -> None:
    assert Submission(content=PICTURE, typed=TYPED).typed is TYPED
    with pytest.raises(ValueError, match="beside a file"):
        Submission(stated=TYPED, typed=TYPED)
