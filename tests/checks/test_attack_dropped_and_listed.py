"""Signatures taken out of the list, and packages that are not what their own list of files says."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.checks.measure_package import package_facts
from app.domain.certificate import NOBODY
from app.domain.evidence import CheckName
from app.domain.ofd import PartKind
from app.domain.sealed import IntegrityFacts, PackageFacts
from tests.checks import scene
from tests.checks.scene import FILE, one, says
from tests.cms_maker import CmsMaker
from tests.formats.ofd import maker
from tests.pki import certificate, name, root, sm2_key
from tests.world import DAY, NOW

ENTRY = '<ofd:Signature ID="{}" BaseLoc="Sign_{}/Signature.xml"{}/>'
VALUE = "OFDEntries.dat"


# ---- Relative (OFD 2.0): the signature this one builds on


def two(*entries: str) -> scene.Facts:
    files = maker.sealed()
    files["Doc_0/Signs/Sign_1/Signature.xml"] = maker.signature_xml(
        maker.references(files, [maker.PAGE, maker.SIGNATURE])
    )
    files[maker.SIGNATURES] = maker.signature_list("".join(entries))
    return scene.document(FILE, package=package_facts(maker.read(files)))


def test_a_signature_that_others_build_on_is_missed() -> None:
    first, second = ENTRY.format(1, 0, ""), ENTRY.format(2, 1, ' Relative="1"')
    assert one(two(first, second), CheckName.SIGNED) == "passed"
    dropped = two(second)
    assert one(dropped, CheckName.SIGNED) == "failed signature_dropped"
    assert says(dropped, CheckName.SIGNED)[0].endswith(": 1 that others build on")
    assert one(two(first, ENTRY.format(2, 1, "")), CheckName.SIGNED) == "passed"
    assert one(two(first, ENTRY.format(2, 1, ' Relative=""')), CheckName.SIGNED) == "passed"
    assert one(two(ENTRY.format(2, 1, ' Relative="2"')), CheckName.SIGNED) == "passed"


# ---- OFDEntries.xml (GM/T 0099-2020 7.4.2)


def listing(
    change: Callable[[list[str]], list[str]] = lambda names: names,
    sign: Callable[[bytes], bytes] = lambda _: b"no SignedData",
    **more: bytes,
) -> scene.Facts:
    files = {**maker.sealed(), **more}
    names = change([n for n in files if not n.startswith("Doc_0/Signs/")])
    listed = "".join(f'<ofd:File ID="{i}" FileLoc="/{n}"/>' for i, n in enumerate(names))
    content = maker.xml(
        "DocEntries",
        f"<ofd:SignedValueLoc>/{VALUE}</ofd:SignedValueLoc><ofd:FileList>{listed}</ofd:FileList>",
        'ID="1"',
    )
    files["OFDEntries.xml"], files[VALUE] = content, sign(content)
    facts = package_facts(maker.read(files))
    return scene.document(FILE, package=replace(facts, hidden=()))


ADDED = "Doc_0/Attachs/data.xml"


def left_out(names: list[str]) -> list[str]:
    return [name for name in names if name != ADDED]


def package_of(facts: scene.Facts) -> PackageFacts:
    assert facts.document.package is not None
    return facts.document.package


def unsealed_by(part: str, facts: scene.Facts) -> scene.Facts:
    """The seal leaves the part open."""
    left_open = scene.coverage(uncovered={PartKind.ATTACHMENT: (part,)})
    return scene.document(left_open, package=package_of(facts))


def signed(content: bytes) -> bytes:
    key = sm2_key(77)
    authority = root("清单", sm2_key(78), since=NOW - DAY, until=NOW + DAY)
    by = certificate(name("制作者"), key, authority, since=NOW - DAY, until=NOW + DAY)
    return CmsMaker(key, by, outside=content, attributes=None).make()


HIDDEN = CheckName.NOTHING_HIDDEN
DIFFERS = "failed integrity_list_differs"


def test_a_list_that_agrees_says_nothing_against_the_package() -> None:
    for agreeing in (listing(), listing(sign=signed)):
        assert one(agreeing, HIDDEN) == "passed"


def test_what_it_does_not_list_was_added() -> None:
    """An attachment put in after the list was made: reached, and perhaps under nobody's seal."""
    added = unsealed_by(ADDED, listing(left_out))
    assert one(added, HIDDEN) == DIFFERS
    assert says(added, HIDDEN)[0].endswith(f": 1 not listed: {ADDED}")
    assert one(unsealed_by(ADDED, listing()), HIDDEN) == "passed", "the twin: it is listed"


def test_what_was_added_and_then_signed_by_one_who_had_to_is_no_addition() -> None:
    """An annotated copy (加注件): the share platform adds its note, and seals the whole."""
    assert one(listing(left_out), HIDDEN) == "passed"
    for how in ("changed", "unchecked"):  # signed, and not as it is, or in a way not read
        not_as_it_is = scene.coverage(**{how: (ADDED,)})
        changed = scene.document(not_as_it_is, package=package_of(listing(left_out)))
        assert one(changed, HIDDEN) == DIFFERS, how


def test_a_strangers_signature_excuses_no_addition() -> None:
    mine = unsealed_by(ADDED, listing(left_out))
    (own,) = mine.document.signatures
    (whole,) = listing(left_out).document.signatures
    assert whole.sealed is not None
    assert whole.sealed.signer is not None
    then = replace(whole.sealed.signer.then, named=NOBODY)
    nobody = replace(whole.sealed, signer=replace(whole.sealed.signer, then=then))
    stranger = replace(whole, label="0:2", sealed=nobody)
    assert one(scene.document(mine, signatures=(own, stranger)), HIDDEN) == DIFFERS
    assert (
        one(scene.document(mine, signatures=(own, replace(whole, label="0:2"))), HIDDEN) == "passed"
    )


def test_what_it_lists_was_taken_out() -> None:
    taken = listing(lambda names: [*names, "Doc_0/Pages/Page_1/Content.xml"])
    assert one(taken, HIDDEN) == DIFFERS


def test_a_signature_of_the_list_that_does_not_hold_counts_against_it() -> None:
    forged = listing(sign=lambda content: signed(content + b" "))
    assert one(forged, HIDDEN) == DIFFERS


def test_whoever_signed_the_list_makes_nothing_of_what_is_hidden() -> None:
    facts = listing(sign=signed)
    assert facts.document.package is not None
    smuggled = scene.document(
        scene.coverage(unreferenced=("x.bin",)),
        package=replace(facts.document.package, hidden=("x.bin",)),
    )
    assert one(smuggled, HIDDEN) == "failed hidden_content"


@pytest.mark.parametrize("fault", [{"unlisted": ("x",)}, {"missing": 1}, {"broken": True}], ids=str)
def test_each_fault_by_itself(fault: dict[str, object]) -> None:
    good = IntegrityFacts(unlisted=(), missing=0, broken=False)
    package = replace(scene.PACKAGE, integrity=good)
    open_to_x = scene.coverage(uncovered={PartKind.ATTACHMENT: ("x",)})
    assert one(scene.document(open_to_x, package=package), HIDDEN) == "passed"
    bad = replace(package, integrity=replace(good, **fault))
    assert one(scene.document(open_to_x, package=bad), HIDDEN) == DIFFERS


# ---- paths that lead nowhere


def test_paths_that_lead_nowhere_are_told() -> None:
    files = maker.sealed()
    del files["Doc_0/Res/photo.png"]
    facts = scene.document(FILE, package=package_facts(maker.read(files)))
    assert facts.document.package is not None
    assert facts.document.package.astray == {PartKind.IMAGE: 1}
    (told,) = says(facts, CheckName.ONE_DOCUMENT)
    assert told.startswith("passed")
    assert told.endswith(": paths that lead nowhere: image 1")
    whole = scene.document(FILE, package=package_facts(maker.read(maker.sealed())))
    assert says(whole, CheckName.ONE_DOCUMENT)[0].endswith("document: ")
