"""OFD-06, OFD-07: where a path leads, inside the archive and nowhere else."""

import pytest

from app.domain.ofd import Deviation, PartKind, Unmet
from app.formats.archive import read_archive
from app.formats.ofd.walk import MAX_TARGET, Walk
from tests.zipmaker import plain

MEMBERS = ("OFD.xml", "Doc_0/Document.xml", "Doc_0/Res/a.png", "Doc_0/证照.xml", "etc/passwd")
SOURCE = "Doc_0/Document.xml"


def walk() -> Walk:
    return Walk(read_archive(plain(dict.fromkeys(MEMBERS, b"x"))))


@pytest.mark.parametrize(
    ("target", "part", "deviations"),
    [
        ("/OFD.xml", "OFD.xml", set()),
        ("/Doc_0/Document.xml", SOURCE, set()),
        ("Document.xml", SOURCE, set()),
        ("Res/a.png", "Doc_0/Res/a.png", set()),
        ("证照.xml", "Doc_0/证照.xml", set()),
        ("//Doc_0/Res/a.png", "Doc_0/Res/a.png", {Deviation.DOUBLE_SLASH}),
        ("Res//a.png", "Doc_0/Res/a.png", {Deviation.DOUBLE_SLASH}),
        ("./Res/a.png", "Doc_0/Res/a.png", {Deviation.DOT_SEGMENT}),
        ("../OFD.xml", "OFD.xml", {Deviation.DOT_SEGMENT}),
        ("RES/A.PNG", "Doc_0/Res/a.png", {Deviation.CASE_DIFFERS}),
        (
            "//doc_0/./res/a.png",
            "Doc_0/Res/a.png",
            {Deviation.DOUBLE_SLASH, Deviation.DOT_SEGMENT, Deviation.CASE_DIFFERS},
        ),
    ],
)
def test_resolved(target: str, part: str, deviations: set[Deviation]):
    one = walk()
    assert one.resolve(target, SOURCE) == (part, None)
    assert one.deviations == deviations


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("", Unmet.EMPTY),
        ("Other.xml", Unmet.MISSING),
        ("Doc_0/Document.xml", Unmet.MISSING),  # relative: Doc_0/Doc_0/…
        ("/Res/a.png", Unmet.MISSING),
        ("a.png", Unmet.MISSING),
        ("/Doc_0/Document.xml.", Unmet.MISSING),
        ("/Ｄoc_0/Document.xml", Unmet.MISSING),  # width is never folded
        ("../../etc/passwd", Unmet.ESCAPES),
        ("/../etc/passwd", Unmet.ESCAPES),
        ("../Doc_0/../../OFD.xml", Unmet.ESCAPES),
        ("Res", Unmet.FOLDER),
        ("/Doc_0/", Unmet.FOLDER),
        ("/Doc_0/Document.xml/", Unmet.FOLDER),
        ("/", Unmet.FOLDER),
        (".", Unmet.FOLDER),
        ("file:///etc/passwd", Unmet.NOT_A_PATH),
        ("http://127.0.0.1/a", Unmet.NOT_A_PATH),
        ("C:\\windows", Unmet.NOT_A_PATH),
        ("Res\\a.png", Unmet.NOT_A_PATH),
        ("%2e%2e/OFD.xml", Unmet.NOT_A_PATH),
        ("Res/a.png\0", Unmet.NOT_A_PATH),
        ("Res/\u0001a.png", Unmet.NOT_A_PATH),
    ],
)
def test_unresolved(target: str, why: Unmet):
    one = walk()
    assert one.resolve("Res/a.png", SOURCE) == ("Doc_0/Res/a.png", None)
    assert one.resolve(target, SOURCE) == (None, why)
    assert one.deviations == set()


def test_an_absolute_operating_system_path_is_a_name_in_the_archive():
    """There is no file system behind a path: `/etc/passwd` is a member or nothing."""
    assert walk().resolve("/etc/passwd", SOURCE) == ("etc/passwd", None)
    assert walk().resolve("/etc/shadow", SOURCE) == (None, Unmet.MISSING)


@pytest.mark.parametrize(
    ("base", "target", "part"),
    [
        ("Res", "a.png", "Doc_0/Res/a.png"),
        ("/Doc_0/Res", "a.png", "Doc_0/Res/a.png"),
        ("", "Res/a.png", "Doc_0/Res/a.png"),
        ("Nowhere", "/Doc_0/Res/a.png", "Doc_0/Res/a.png"),
        ("Res", "Res/a.png", None),
    ],
)
def test_base_of_a_resource_file(base: str, target: str, part: str | None):
    assert walk().resolve(target, "Doc_0/DocumentRes.xml", base)[0] == part


def test_a_gap_is_kept_and_its_target_cut():
    one = walk()
    assert one.follow("x" * 999, SOURCE, PartKind.IMAGE) is None
    (gap,) = one.dangling
    assert (gap.source, gap.kind, gap.why) == (SOURCE, PartKind.IMAGE, Unmet.MISSING)
    assert gap.target == "x" * MAX_TARGET


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_kinds_the_one_nearer_to_what_is_shown_counts(order: tuple[int, int]):
    one = walk()
    kinds = (PartKind.SIGNED_VALUE, PartKind.PAGE)
    for index in order:
        one.reach("Doc_0/Res/a.png", kinds[index])
    assert one.reachable["Doc_0/Res/a.png"] is PartKind.PAGE
