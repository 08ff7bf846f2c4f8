"""Attacks on what speaks of parts: References, the list of signatures, metadata."""

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
    described,
    edited,
    honest,
    once,
    referring,
    sealing,
)
from sandbox.pages import OFD_XML, Parts
from sandbox.shapes import Layout

SIGNATURE = "Doc_0/Signs/Sign_0/Signature.xml"
VALUE = "Doc_0/Signs/Sign_0/SignedValue.dat"
LIST = "Doc_0/Signs/Signatures.xml"
_NOTHING = bytes(32)

# ---- References


def _more(target: str, digest: bytes = _NOTHING) -> Forge:
    return referring(lambda refs: [*refs, (target, digest)])


def _again(refs: list[Reference]) -> list[Reference]:
    return [*refs, ("/Doc_0/./Document.xml", dict(refs)["/Doc_0/Document.xml"])]


def _first(digest: bytes | None = None, size: int = 32) -> Forge:
    """The first reference with another digest, or with its own cut."""
    return referring(lambda refs: [(refs[0][0], digest or refs[0][1][:size]), *refs[1:]])


def references() -> Iterator[OfdAttack]:
    for name, reason, forge in (
        ("references_empty", "not_covered", referring(lambda _: [])),
        (
            "reference_harmless",
            "not_covered",
            referring(lambda refs: [r for r in refs if r[0].endswith("qr.png")]),
        ),
        ("reference_twice", "malformed", referring(lambda refs: [*refs, refs[0]])),
        (
            "reference_two_digests",
            "malformed",
            referring(lambda refs: [*refs, (refs[0][0], _NOTHING)]),
        ),
        ("reference_two_spellings", "malformed", referring(_again)),
    ):
        yield attack(name, reason, "OFD-08", forge)
    for name, target in (
        ("reference_traversal", "/../../etc/passwd"),
        ("reference_file_url", "file:///etc/passwd"),
        ("reference_drive", "C:\\Windows\\win.ini"),
        ("reference_nothing", ""),
        ("reference_folder", "/Doc_0/Pages"),
        ("reference_missing", "/Doc_0/Pages/Page_7/Content.xml"),
        ("reference_itself", "/" + SIGNATURE),
        ("reference_own_value", "/" + VALUE),
    ):
        yield attack(name, "content_changed", "OFD-07", _more(target), also=("malformed",))
    broken = "<ofd:CheckValue>"
    yield attack("digest_wrong", "content_changed", "OFD-12", _first(_NOTHING))
    yield attack("digest_short", "content_changed", "OFD-12", _first(size=16))
    yield attack("digest_not_base64", "malformed", "OFD-12", described(once(broken, broken + "!!")))


# ---- the list of signatures


def _two(second: Bends | None = None) -> Forge:
    """The issuer's seal, and beside it a seal that nobody asked for."""

    def forge(scene: Scene) -> bytes:
        beside = Job(
            holder=scene.world.seals.holders["university-current"],
            at=scene.license.signed_at,
            bends=second or Bends(),
        )
        return ofd.write(scene.made, scene.shape, scene.job, beside)

    return forge


def _without_first(parts: Parts) -> Parts:
    return {name: content for name, content in parts.items() if "/Sign_0/" not in name}


def _issuer_dropped(parts: Parts) -> Parts:
    listed = parts[LIST]
    start = listed.index(b"<ofd:Signature ID=")
    end = listed.index(b"/>", start) + 2
    return {**_without_first(parts), LIST: listed[:start] + listed[end:]}


def _swapped(parts: Parts) -> Parts:
    folder = {"Sign_0": "Sign_1", "Sign_1": "Sign_0"}

    def other(name: str) -> str:
        return "/".join(folder.get(segment, segment) for segment in name.split("/"))

    return {name: parts[other(name)] for name in parts}


def _no_list(parts: Parts) -> Parts:
    """Neither list nor signatures, and OFD.xml does not speak of them."""
    kept = {name: content for name, content in parts.items() if "/Signs/" not in name}
    said = f"<ofd:Signatures>/{LIST}</ofd:Signatures>"
    return edited(OFD_XML, once(said, ""))(kept)


def _empty_list(parts: Parts) -> Parts:
    kept = _without_first(parts)
    listed = kept[LIST]
    start, end = listed.index(b"<ofd:Signature ID="), listed.index(b"</ofd:Signatures>")
    return {**kept, LIST: listed[:start] + listed[end:]}


def _broken(value: bytes) -> bytes:
    return value[:-1] + bytes((value[-1] ^ 1,))


def _unsealed(scene: Scene) -> bytes:
    return ofd.write(scene.made, scene.shape)


def _painted(scene: Scene) -> bytes:
    """A seal drawn as a picture on the page, and no signature."""
    parts = pages.document(scene.made, scene.shape, sealed=False)
    picture = scene.job.holder.seal_plan().picture.data
    return ofd.pack({**parts, pages.QR_IMAGE: picture}, scene.shape)


def listed() -> Iterator[OfdAttack]:
    alone = Bends(covered=_without_first)
    yield attack(
        "issuer_entry_dropped",
        "signer_not_issuer",
        "OFD-10 OFD-32",
        _two(replace(alone, after=_issuer_dropped)),
        genuine=_two(alone),
    )
    yield attack(
        "seals_swapped",
        "data_hash_differs",
        "OFD-15",
        _two(Bends(after=_swapped)),
        also=("scope_differs", "content_changed"),
        genuine=_two(),
    )
    yield attack(
        "extra_seal_broken",
        "signature_invalid",
        "OFD-27",
        _two(Bends(value=_broken)),
        genuine=_two(),
    )
    yield attack(
        "second_after_whole",
        "content_changed",
        "OFD-27",
        _two(),
        shape="toolkit",
        genuine=honest,
    )
    missing = "signature_missing", "OFD-10 OFD-11"
    yield attack("signatures_removed", *missing, after(_no_list), shape="bank")
    yield attack("list_emptied", *missing, after(_empty_list))
    yield attack("never_sealed", *missing, _unsealed)
    yield attack("seal_painted", "signature_missing", "OFD-11 OFD-25", _painted)
    entry, end = '<ofd:Signature ID="1"', "</ofd:Signatures>"
    for name, old, new in (
        ("list_id_twice", end, f'{entry} BaseLoc="/{SIGNATURE}"/>{end}'),
        ("list_location_twice", end, f'<ofd:Signature ID="2" BaseLoc="/{SIGNATURE}"/>{end}'),
        ("list_location_nowhere", f"/{SIGNATURE}", "/Doc_0/Signs/Sign_9/Signature.xml"),
        ("list_type_unknown", entry, f'{entry} Type="Stamp"'),
    ):
        yield attack(name, "malformed", "OFD-10", changed(LIST, once(old, new)))


def _built_on(*, dropped: bool) -> Forge:
    """Two seals, the issuer's building on the first (Relative); the open list loses the first."""

    def forge(scene: Scene) -> bytes:
        first = Job(holder=scene.world.seals.holders["university-current"], at=scene.job.at)
        parts = ofd.sealed(scene.made, scene.shape, first, scene.job)
        listed = once('<ofd:Signature ID="2"', '<ofd:Signature ID="2" Relative="1"')(parts[LIST])
        if dropped:
            start = listed.index(b'<ofd:Signature ID="1"')
            listed = listed[:start] + listed[listed.index(b"/>", start) + 2 :]
        return ofd.pack({**parts, LIST: listed}, scene.shape)

    return forge


# ---- what the file says of itself


_IDENTIFIER = frozenset({"证照标识"})


def _foreign_identifier(scene: Scene) -> str:
    return scene.world.of(scene.license.issuer, "in_force")[1].id


def _relabelled(scene: Scene) -> bytes:
    """CustomDatas of an open OFD.xml name another license; the page names its own."""
    change = once(f">{scene.license.id}<", f">{_foreign_identifier(scene)}<")
    return changed(OFD_XML, change)(scene)


def _unproven(scene: Scene) -> bytes:
    """The identifier stands in an open OFD.xml only, and is another license's."""
    made = replace(scene.made, unshown=_IDENTIFIER)
    parts = ofd.sealed(made, replace(scene.shape, layout=Layout.BARE), scene.job)
    change = once(f">{scene.license.id}<", f">{_foreign_identifier(scene)}<")
    return ofd.pack(edited(OFD_XML, change)(parts), scene.shape)


def _bare(scene: Scene, *, shown: bool = True, related: str | None = None) -> Parts:
    """The page bears values without names, and perhaps names a related license."""
    made = replace(scene.made, unshown=frozenset() if shown else _IDENTIFIER)
    if related is not None:
        made = replace(made, fields=(*made.fields, ("关联证照", related)))
    return ofd.sealed(made, replace(scene.shape, layout=Layout.BARE), scene.job)


def _mentioned(text: str, *, shown: bool) -> Forge:
    """The sealed page mentions another license, and the open OFD.xml is made to say that one."""

    def forge(scene: Scene) -> bytes:
        other = _foreign_identifier(scene)
        parts = _bare(scene, shown=shown, related=text.format(other))
        change = once(f">{scene.license.id}<", f">{other}<")
        return ofd.pack(edited(OFD_XML, change)(parts), scene.shape)

    return forge


def _unrelated(scene: Scene) -> bytes:
    return ofd.pack(_bare(scene), scene.shape)


def _contradicting(name: str, put: str) -> Forge:
    """CustomDatas and page disagree, and the issuer sealed it so."""
    place = f'Name="{name}">'
    return sealing(Bends(draft=edited(OFD_XML, once(place, place + put))))


def _index_astray(parts: Parts) -> Parts:
    """证照编号 is said to be the text that names the holder."""
    tag = parts[pages.TAG]
    return {**parts, pages.TAG: tag.replace(b"ZZBH>", b"X>").replace(b"CZZT>", b"ZZBH>")}


def dropped() -> Iterator[OfdAttack]:
    yield attack(
        "signature_built_on_dropped",
        "signature_dropped",
        "OFD-10",
        _built_on(dropped=True),
        genuine=_built_on(dropped=False),
    )


def claims() -> Iterator[OfdAttack]:
    differs = "identifier_disagrees"
    threats = "OFD-02 OFD-28"
    yield attack("identifier_relabelled", differs, threats, _relabelled, shape="bank")
    yield attack("identifier_open", "identifier_unproven", threats, _unproven, shape="bank")
    for name, forge in (
        ("mentioned", _mentioned("{}", shown=True)),
        ("only_mentioned", _mentioned("依据 {} 换发", shown=False)),
    ):
        yield attack(
            f"identifier_{name}",
            "identifier_unproven",
            threats,
            forge,
            also=("identifier_disagrees",),
            shape="bank",
            genuine=_unrelated,
        )
    said = "content_disagrees"
    yield attack("number_contradicts", said, "OFD-28", _contradicting("ZZBH", "9"))
    yield attack("holder_contradicts", said, "OFD-28", _contradicting("CZZT", "新"))
    astray = sealing(Bends(draft=_index_astray))
    yield attack("index_astray", said, "OFD-28", astray, shape="plugin")


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (references, listed, dropped, claims):
        yield from family()
