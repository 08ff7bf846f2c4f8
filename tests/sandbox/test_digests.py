"""Files that stay with the caller: what a liar may say in digests, and never a valid verdict of it.

Every lie runs beside its twin: the honest digests of the file that the issuer keeps are valid.
"""

import base64
import hashlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.crypto.digests import digest
from app.domain.digested import FileDigest
from app.domain.identifier import Identifier
from app.domain.license import Claims
from app.domain.scheme import Digest
from app.domain.trust import Trust, TrustQuestion
from app.domain.verification import Submission
from app.formats.digested.making import digested_from
from app.registry.snapshot import SnapshotRegistry
from app.schemas.digested import DigestsIn, digested_of, digests_json
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.pdf_attacks import PDF_ATTACKS
from sandbox.world import World
from tests.sandbox.core import Core, Keeper, Said, Told

Body = dict[str, Any]
Lie = Callable[[Body, Body], None]
VALID, DIFFERS, UNSEEN = (
    "valid", "invalid record_mismatch", "indeterminate structure_not_seen"
)  # fmt: skip
_READ = TypeAdapter[Any](DigestsIn)


def body_of(content: bytes, by: FileDigest = FileDigest.SM3) -> Body:
    """What `zhengyan digest` prints."""
    digested, named = digested_from(content, by)
    return {"identifier": str(named.identifier), "digests": digests_json(digested)}


def submission(body: Body) -> Submission:
    """What comes of it at the other end."""
    identifier = Identifier.read(body["identifier"])
    stated = Claims(identifier=identifier, identifiers=frozenset({str(identifier)}))
    digested = digested_of(_READ.validate_python(body["digests"]))
    return Submission(stated=stated, digested=digested)


def keeper(core: Core, *files: bytes) -> Keeper:
    """Gave out these files."""
    kept: dict[str, frozenset[bytes]] = {}
    for content in files:
        name = body_of(content)["identifier"]
        both = frozenset(digest(by, content) for by in (Digest.SM3, Digest.SHA256))
        kept[name] = kept.get(name, frozenset()) | both
    return Keeper(kept, core.now)


def told(core: Core, body: Body, *files: bytes) -> Told:
    return core.told(submission(body), keeper(core, *files))


def part(body: Body, name: str) -> Body:
    found: Body = next(p for p in body["digests"]["parts"] if p["name"].endswith(name))
    return found


def of(world: World, place: int = 0, shape: str = "stamp-service") -> bytes:
    return world.ofd(world.of("market", "in_force")[place], shape)


# ---- honest


@pytest.mark.parametrize("by", list(FileDigest))
def test_the_issuer_confirms_the_file(pinned: World, core: Core, by: FileDigest) -> None:
    content = of(pinned)
    body = body_of(content, by)
    issuer = keeper(core, content)
    found = core.told(submission(body), issuer)
    assert (found.line, found.calls) == (VALID, 1)
    assert issuer.asked[0].digests == {by.value: bytes.fromhex(body["digests"]["file"]["value"])}
    if by is FileDigest.SHA256:
        assert body["digests"]["file"]["value"] == hashlib.sha256(content).hexdigest()
    assert found.reasons == {"structure_not_seen"}


def test_a_pdf_is_confirmed(pinned: World, core: Core) -> None:
    for name in ("isa_content", "signed_two_objects"):
        attack = PDF_ATTACKS.get(name) or next(a for a in PDF_ATTACKS.values() if a.kind != "seal")
        content = attack.twin(pinned)
        assert told(core, body_of(content), content).line == VALID, attack.kind


def test_an_unsigned_yes_closes_nothing(pinned: World, core: Core) -> None:
    content = of(pinned)
    issuer = keeper(core, content)
    issuer.signed = False
    assert core.judge(content).line == VALID
    assert core.told(submission(body_of(content)), issuer).line == UNSEEN


def test_an_answer_that_leaves_the_file_open_closes_nothing(pinned: World, core: Core) -> None:
    content, all_facts = of(pinned), dict.fromkeys(("number", "type", "holder", "dates"), "match")
    for facts in ({}, all_facts):
        said = Said({"outcome": 0, "document": "unknown", "facts": facts}, core.now)
        assert core.told(submission(body_of(content)), said).line == UNSEEN
    assert told(core, body_of(content), content).line == VALID


# ---- lies about an OFD


def another_file(body: Body, _other: Body) -> None:
    body["digests"]["file"]["value"] = "ab" * 32


def digest_of_anothers_file(body: Body, other: Body) -> None:
    """Which its issuer confirms, of that other license."""
    body["digests"]["file"] = other["digests"]["file"]


def identifier_of_another(body: Body, other: Body) -> None:
    body["identifier"] = other["identifier"]


def omitted_part(body: Body, _other: Body) -> None:
    body["digests"]["parts"].remove(part(body, "Content.xml"))


def changed_part(body: Body, _other: Body) -> None:
    part(body, "Content.xml")["digests"] = {"sm3": "cd" * 32, "sha256": "cd" * 32}


def undigested_part(body: Body, _other: Body) -> None:
    """By an algorithm that no reference was made with; the file is not the issuer's."""
    part(body, "Content.xml")["digests"] = {"sha512": "cd" * 64}
    another_file(body, _other)


def seal_of_another(body: Body, _other: Body) -> None:
    part(body, "Seal.esl")["digests"] = {"sm3": "ab" * 32}


def value_of_another(body: Body, other: Body) -> None:
    part(body, "SignedValue.dat")["content"] = part(other, "SignedValue.dat")["content"]


def _rewritten(body: Body, old: str, new: str) -> None:
    found = part(body, "/Signature.xml")
    text = base64.b64decode(found["content"]).decode()
    assert old in text
    found["content"] = base64.b64encode(text.replace(old, new, 1).encode()).decode()


def extra_reference(body: Body, _other: Body) -> None:
    """One more protected file in Signature.xml, to cover what nobody signed."""
    more = (
        '<ofd:Reference FileRef="/Doc_0/x.xml"><ofd:CheckValue>'
        f"{base64.b64encode(bytes.fromhex('ab' * 32)).decode()}</ofd:CheckValue></ofd:Reference>"
    )
    _rewritten(body, "</ofd:References>", f"{more}</ofd:References>")
    body["digests"]["parts"].append({"name": "Doc_0/x.xml", "digests": {"sm3": "ab" * 32}})


def reference_taken_out(body: Body, _other: Body) -> None:
    text = base64.b64decode(part(body, "/Signature.xml")["content"]).decode()
    first = text.index("<ofd:Reference ")
    _rewritten(body, text[first : text.index("</ofd:Reference>") + len("</ofd:Reference>")], "")


def seal_called_a_signature(body: Body, _other: Body) -> None:
    """What makes of a 签章 a 签名 that is asked less."""
    found = part(body, "Signatures.xml")
    text = base64.b64decode(found["content"]).decode()
    changed = text.replace('Type="Seal"', 'Type="Sign"')
    found["content"] = base64.b64encode(changed.encode()).decode()
    another_file(body, _other)


LIES: tuple[tuple[Lie, str], ...] = (
    (another_file, DIFFERS),
    (digest_of_anothers_file, DIFFERS),
    (identifier_of_another, DIFFERS),
    (omitted_part, "invalid content_changed"),
    (changed_part, "invalid content_changed"),
    (undigested_part, DIFFERS),
    (seal_of_another, "invalid content_changed"),
    (value_of_another, "invalid data_hash_differs"),
    (extra_reference, "invalid data_hash_differs"),
    (reference_taken_out, "invalid data_hash_differs"),
    (seal_called_a_signature, DIFFERS),
)


@pytest.mark.parametrize(("lie", "expected"), LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_a_lie_is_not_valid(pinned: World, core: Core, lie: Lie, expected: str) -> None:
    kept = of(pinned), of(pinned, 1)
    honest, other = (body_of(content) for content in kept)
    said = deepcopy(honest)
    lie(said, other)
    assert [told(core, body, *kept).line for body in (honest, other)] == [VALID, VALID]
    found = told(core, said, *kept)
    assert found.line == expected
    assert found.calls == (1 if expected == DIFFERS else 0), "what failed costs nobody a call"


FORGED = (
    "page_changed", "image_open", "second_body_first", "extra_program", "identifier_relabelled",
    "signatures_removed", "seal_lists_forger", "unlisted_stranger", "revoked_seal_used",
    "sealed_by_university", "chain_of_ones_own", "value_one_bit", "signer_encryption",
)  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_by_digests(pinned: World, core: Core, name: str) -> None:
    """By its own, and by those of the genuine file around its own: whatever is hidden in it or not
    covered, its issuer never gave it out.
    """
    attack = OFD_ATTACKS[name]
    forged, twin = attack.make(pinned), attack.twin(pinned)
    honest = body_of(twin)
    assert told(core, honest, twin).line == VALID
    around = deepcopy(honest)
    around["digests"]["file"]["value"] = digest(Digest.SM3, forged).hex()
    assert told(core, around, twin).line == DIFFERS
    if name != "signatures_removed":  # of which no digests are made
        assert told(core, body_of(forged), twin).conclusion != VALID


def test_hidden_parts_left_out(pinned: World, core: Core) -> None:
    """The forged file carries a program; its digests are sent without it."""
    attack = OFD_ATTACKS["extra_program"]
    genuine = attack.twin(pinned)
    forged, twin = body_of(attack.make(pinned)), body_of(genuine)
    kept = {p["name"] for p in twin["digests"]["parts"]}
    hidden = [p for p in forged["digests"]["parts"] if p["name"] not in kept]
    assert hidden
    forged["digests"]["parts"] = [p for p in forged["digests"]["parts"] if p not in hidden]
    assert told(core, forged, genuine).line == DIFFERS
    assert told(core, twin, genuine).line == VALID


def test_a_signature_left_out(pinned: World, core: Core) -> None:
    """A file with a broken second seal, sent without it: the issuer never gave it out."""
    attack = OFD_ATTACKS["value_one_bit"]
    genuine, forged = attack.twin(pinned), attack.make(pinned)
    said = body_of(genuine)
    said["digests"]["file"]["value"] = digest(Digest.SM3, forged).hex()
    assert [told(core, b, genuine).line for b in (said, body_of(genuine))] == [DIFFERS, VALID]


def test_the_seal_of_another_license_is_told_to_be_unproven(pinned: World, core: Core) -> None:
    """The signature of one license beside identifier and digest of another of the same issuer. No
    one without the file can tell; the verdict is about the file that the issuer confirms, and the
    question names no other.
    """
    kept = of(pinned), of(pinned, 1)
    mine, other = (body_of(content) for content in kept)
    said = {"identifier": other["identifier"], "digests": deepcopy(mine["digests"])}
    said["digests"]["file"] = other["digests"]["file"]
    issuer = keeper(core, *kept)
    found = core.told(submission(said), issuer)
    assert found.reasons == {"structure_not_seen"}
    assert set(issuer.asked[0].digests.values()) == {digest(Digest.SM3, kept[1])}
    assert digest(Digest.SM3, kept[0]) not in issuer.asked[0].digests.values()


def test_a_seal_that_needs_a_closing_gets_none(pinned: World, core: Core) -> None:
    """The issuer confirms the file; whether this retired seal stands in it, nobody can. The whole
    file is valid by the same word.
    """
    license = pinned.pick("university", "retired_key")
    content = pinned.ofd(license, "stamp-service")
    issuer = keeper(core, content)
    assert core.told(Submission(content=content), issuer).line == VALID
    assert core.told(submission(body_of(content)), issuer).line == "indeterminate seal_ended_since"


def test_a_copy_is_never_valid_by_digests(pinned: World, core: Core) -> None:
    """Its own term (加注件有效期) stands in the file, and is not the caller's to tell."""
    for copy in pinned.copies[:1]:
        content = pinned.copy_ofd(copy, "stamp-service")
        issuer = keeper(core, content)
        assert core.told(Submission(content=content), issuer).line == VALID
        found = core.told(submission(body_of(content)), issuer)
        assert found.line == "indeterminate copy_expiry_missing"


def test_that_a_file_was_seen_before_says_nothing_of_parts_sent(
    pinned: World, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a stolen key could date back by the digest of an old file. Of a file that was sent, it
    is asked.
    """
    content = of(pinned)
    questions: list[TrustQuestion] = []
    ask = type(core.registry).trust_for

    async def noted(self: SnapshotRegistry, question: TrustQuestion) -> Trust:
        questions.append(question)
        return await ask(self, question)

    monkeypatch.setattr(type(core.registry), "trust_for", noted)
    issuer = keeper(core, content)
    by = submission(body_of(content, FileDigest.SHA256))
    assert [core.told(s, issuer).line for s in (by, Submission(content=content))] == [VALID, VALID]
    assert [q.digest for q in questions] == [None, hashlib.sha256(content).digest()]


# ---- lies about a PDF


def gap_too_small(body: Body, _other: Body) -> None:
    body["digests"]["signatures"][0]["byte_range"][2] -= 8000


def not_from_start(body: Body, _other: Body) -> None:
    body["digests"]["signatures"][0]["byte_range"][0] = 1


def beyond_the_file(body: Body, _other: Body) -> None:
    body["digests"]["length"] -= 1000


def range_of_another(body: Body, _other: Body) -> None:
    body["digests"]["signatures"][0]["digests"] = {"sm3": "ab" * 32}


def range_not_digested(body: Body, _other: Body) -> None:
    body["digests"]["signatures"][0]["digests"] = {"sha512": "ab" * 64}


def under_a_weak_name(body: Body, _other: Body) -> None:
    body["digests"]["signatures"][0]["sub_filter"] = "adbe.pkcs7.sha1"


PDF_LIES: tuple[tuple[Lie, str], ...] = (
    (gap_too_small, "invalid byte_range_inexact"),
    (not_from_start, "invalid byte_range_inexact"),
    (beyond_the_file, "invalid byte_range_inexact"),
    (range_of_another, "invalid data_hash_differs"),
    (range_not_digested, "indeterminate signature_unsupported"),
    (under_a_weak_name, "invalid weak_algorithm"),
    (another_file, DIFFERS),
)


@pytest.mark.parametrize(("lie", "expected"), PDF_LIES, ids=[lie.__name__ for lie, _ in PDF_LIES])
def test_a_lie_about_a_pdf(pinned: World, core: Core, lie: Lie, expected: str) -> None:
    content = PDF_ATTACKS["isa_content"].twin(pinned)
    honest = body_of(content)
    said = deepcopy(honest)
    lie(said, honest)
    assert [told(core, b, content).line for b in (honest, said)] == [VALID, expected]


@pytest.mark.parametrize("name", ["isa_content", "shadow_hide", "ssa_visible"])
def test_a_forged_pdf_by_its_own_digests(pinned: World, core: Core, name: str) -> None:
    """What was saved after the signature is not among what is sent: its issuer never had it."""
    attack = PDF_ATTACKS[name]
    twin = attack.twin(pinned)
    found = [told(core, body_of(c), twin).line for c in (twin, attack.make(pinned))]
    assert found == [VALID, DIFFERS]
