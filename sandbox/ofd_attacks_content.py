"""Attacks on what is shown: parts changed, left open, hidden, or of another document."""

from collections.abc import Iterator
from dataclasses import replace

from sandbox import ofd, pages
from sandbox.ofd import Bends, Job, Reference
from sandbox.ofd_forging import (
    Forge,
    OfdAttack,
    Scene,
    after,
    attack,
    changed,
    edited,
    once,
    sealing,
    uncovered,
)
from sandbox.pages import (
    ANNOTATION,
    ANNOTATIONS,
    ATTACHMENT,
    ATTACHMENTS,
    DOCUMENT,
    OFD_XML,
    PAGE,
    Parts,
)


def _other_qr(scene: Scene) -> bytes:
    """The QR code of another license in the place of this one's."""
    other = scene.world.of(scene.license.issuer, "in_force")[1]
    made = scene.world.made(other)
    parts = {**scene.parts, pages.QR_IMAGE: pages.document(made, scene.shape)[pages.QR_IMAGE]}
    return ofd.pack(parts, scene.shape)


def _class_raised(scene: Scene) -> bytes:
    """准驾车型 on the page: what a driver would like to be allowed."""
    held = scene.license.details["准驾车型"]
    return changed(PAGE, once(f"准驾车型：{held}", "准驾车型：A1A2"))(scene)


_EDITS: tuple[tuple[str, str, str | bytes, str | bytes, str], ...] = (
    ("template", pages.TEMPLATE, "虚构数据", "真实数据", "bank"),
    ("font", pages.PUBLIC_RES, "SimSun", "SimHei", "tax"),
    ("resource", pages.DOCUMENT_RES, 'Format="PNG"', 'Format="JPG"', "tax"),
    ("image", pages.QR_IMAGE, b"IEND", b"IENd", "tax"),
    ("annotation", ANNOTATION, "仅供测试", "原件有效", "tax"),
    ("annotation_list", ANNOTATIONS, "<ofd:Page ", '<ofd:Page Note="1" ', "tax"),
    ("attachment", ATTACHMENT, ".", "..", "tax"),
    ("attachment_list", ATTACHMENTS, 'Format="jws"', 'Format="txt"', "tax"),
    ("document", DOCUMENT, "0 0 210 297", "0 0 210 290", "tax"),
)
"""Name, part, and how it is changed in which shape."""


def altered() -> Iterator[OfdAttack]:
    """A covered part changed after sealing."""
    words = "content_changed", "OFD-12"
    yield attack("page_changed", *words, _class_raised)
    yield attack("qr_replaced", *words, _other_qr)
    for name, part, old, new, shape in (
        *_EDITS,
        ("index", pages.TAG, "<license", '<license note="1"', "plugin"),
        ("entry", OFD_XML, "<ofd:Creator>sandbox", "<ofd:Creator>another", "tax"),
    ):
        yield attack(f"{name}_changed", *words, changed(part, once(old, new)), shape=shape)


def left_open() -> Iterator[OfdAttack]:
    """A producer left out a part; it was changed, and every digest still holds."""
    for name, part, old, new, shape in (
        ("page", PAGE, "30 20 150 12", "30 20 150 14", "tax"),
        *_EDITS,
    ):
        threats = "OFD-01 OFD-09" if name.startswith("annotation") else "OFD-01"
        forge = uncovered(part, once(old, new))
        yield attack(f"{name}_open", "not_covered", threats, forge, shape=shape)
    yield attack("page_added", "not_covered", "OFD-01", _page_added)
    yield attack("annotation_added", "not_covered", "OFD-09", _annotation_added, shape="bank")


def _open_document(old: str, new: str, more: Parts) -> Forge:
    def put(parts: Parts) -> Parts:
        return {**edited(DOCUMENT, once(old, new))(parts), **more}

    def without(parts: Parts) -> Parts:
        return {name: content for name, content in parts.items() if name != DOCUMENT}

    return sealing(Bends(covered=without, after=put))


def _page_added(scene: Scene) -> bytes:
    end = "</ofd:Pages>"
    entry = '<ofd:Page ID="99" BaseLoc="Pages/Page_1/Content.xml"/>'
    page = pages.element(scene.shape, "Page", "<ofd:Content/>")
    return _open_document(end, entry + end, {"Doc_0/Pages/Page_1/Content.xml": page})(scene)


def _annotation_added(scene: Scene) -> bytes:
    donor = pages.document(scene.made, replace(scene.shape, annotation=True))
    more = {part: donor[part] for part in (ANNOTATIONS, ANNOTATION)}
    end = "</ofd:Document>"
    entry = "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>"
    return _open_document(end, entry + end, more)(scene)


# ---- which document is it


def _false_document(scene: Scene) -> Parts:
    """Doc_1: the same license, another holder."""
    other = scene.world.of(scene.license.issuer, "in_force")[1]
    false = replace(scene.license, holder=other.holder)
    made = replace(scene.made, fields=tuple(pages.fields_of(false, scene.made.issuer).items()))
    parts = pages.document(made, scene.shape)
    return {
        name.replace("Doc_0/", "Doc_1/"): content
        for name, content in parts.items()
        if name != OFD_XML
    }


def _entry(old: str, new: str, *, false: bool = True) -> Forge:
    """OFD.xml, which this shape leaves open, tells of another document."""

    def forge(scene: Scene) -> bytes:
        more = _false_document(scene) if false else {}
        parts = {**edited(OFD_XML, once(old, new))(scene.parts), **more}
        return ofd.pack(parts, scene.shape)

    return forge


_ROOT = "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
_FALSE_ROOT = "<ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot>"
_FALSE_BODY = f"<ofd:DocBody><ofd:DocInfo/>{_FALSE_ROOT}</ofd:DocBody>"


def _versioned(*, root: str, current: bool) -> Forge:
    def forge(scene: Scene) -> bytes:
        body = f"<ofd:FileList/><ofd:DocRoot>/{root}</ofd:DocRoot>"
        version = pages.element(scene.shape, "DocVersion", body, 'ID="2" Version="2.0"')
        flag = "true" if current else "false"
        listed = (
            f'<ofd:Versions><ofd:Version ID="2" Index="2" Current="{flag}" BaseLoc="V2.xml"/>'
            "</ofd:Versions>"
        )
        more = _false_document(scene) if root.startswith("Doc_1") else {}
        parts = {**scene.parts, **more, "V2.xml": version}
        change = once("</ofd:DocRoot>", f"</ofd:DocRoot>{listed}")
        return ofd.pack(edited(OFD_XML, change)(parts), scene.shape)

    return forge


def ambiguous() -> Iterator[OfdAttack]:
    """An open OFD.xml, which decides what is shown."""
    for name, forge in (
        ("second_body_first", _entry("<ofd:DocBody>", f"{_FALSE_BODY}<ofd:DocBody>")),
        ("second_body_last", _entry("</ofd:OFD>", f"{_FALSE_BODY}</ofd:OFD>")),
        (
            "same_body_twice",
            _entry("</ofd:OFD>", f"{_FALSE_BODY.replace('_1', '_0')}</ofd:OFD>", false=False),
        ),
        ("newer_version", _versioned(root="Doc_1/Document.xml", current=True)),
        ("older_version", _versioned(root="Doc_0/Document.xml", current=False)),
    ):
        yield attack(
            name, "ambiguous_document", "OFD-03", forge, also=("not_covered",), shape="bank"
        )
    yield attack(
        "root_redirected",
        "not_covered",
        "OFD-02",
        _entry(_ROOT, _FALSE_ROOT),
        also=("hidden_content",),
        shape="bank",
    )


def _carrying(part: str, content: bytes) -> Forge:
    return after(lambda parts: {**parts, part: content})


def _by_a_stranger(bends: Bends) -> Forge:
    """A file smuggled in, and a second seal of somebody nobody asked that refers to it."""

    def forge(scene: Scene) -> bytes:
        holder = scene.world.seals.holders["stranger-current"]
        second = Job(holder=holder, at=scene.license.signed_at, bends=bends)
        return ofd.write(scene.made, scene.shape, scene.job, second)

    return forge


def _smuggle(parts: Parts) -> Parts:
    return {**parts, "run.html": b"<script>1</script>"}


def _false_digests(references: list[Reference]) -> list[Reference]:
    return [(target, bytes(32)) for target, _ in references]


def _two_seals(scene: Scene) -> bytes:
    return _by_a_stranger(Bends())(scene)


def hidden() -> Iterator[OfdAttack]:
    """夹带文件 (GM/T 0099 annex D)."""
    for name, part, content in (
        ("extra_page", "Doc_0/Pages/Page_9/Content.xml", b"<Page/>"),
        ("extra_program", "run.html", b"<script>1</script>"),
        ("extra_picture", "Doc_0/Res/seal.png", b"\x89PNG"),
        ("extra_signature_file", "Doc_0/Signs/Sign_0/Seal2.esl", b"\x30\x00"),
    ):
        yield attack(name, "hidden_content", "OFD-04", _carrying(part, content))
    for name, bends in (
        ("signed", Bends(draft=_smuggle)),
        ("named", Bends(draft=_smuggle, references=_false_digests)),
    ):
        yield attack(
            f"extra_{name}_by_stranger",
            "hidden_content",
            "OFD-04 OFD-10",
            _by_a_stranger(bends),
            genuine=_two_seals,
        )
    yield attack(
        "encrypted",
        "encrypted",
        "OFD-30",
        _carrying("Encryptions.xml", b"<Encryptions/>"),
    )


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (altered, left_open, ambiguous, hidden):
        yield from family()
