"""Files brought along behind the seal by way of places that no seal has to cover.

None of them needs the issuer's key: an open OFD.xml or data index names a file, or a stranger's own
signature does, which is broken nowhere.
"""

from collections.abc import Iterator

from sandbox import ofd
from sandbox.ofd import Bends, Job
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, edited, honest, once, sealing
from sandbox.pages import OFD_XML, PAGE, TAGS, Parts

_ANOTHER = "Pages/Page_0/Content.xml"
"""Where the page's path leads for a reader that begins at the package's root."""


_FILE = "run.html"


def _another_page(parts: Parts) -> bytes:
    """A page like the genuine one, other texts on it."""
    return parts[PAGE].replace(b"0", b"1")


def _covered_by(name: str, content: bytes) -> Forge:
    """An open OFD.xml gets a cover (封面), whose picture programs show in place of the page."""

    def put(parts: Parts) -> Parts:
        cover = once("</ofd:DocInfo>", f"<ofd:Cover>{name}</ofd:Cover></ofd:DocInfo>")
        return {**edited(OFD_XML, cover)(parts), name: content}

    return lambda scene: ofd.pack(put(scene.parts), scene.shape)


def _by_a_stranger(bends: Bends) -> Forge:
    def forge(scene: Scene) -> bytes:
        holder = scene.world.seals.holders["stranger-current"]
        second = Job(holder=holder, at=scene.license.signed_at, bends=bends)
        return ofd.write(scene.made, scene.shape, scene.job, second)

    return forge


def _brought(parts: Parts) -> Parts:
    return {**parts, _ANOTHER: _another_page(parts)}


def _as_seal(content: bytes) -> bytes:
    """Signature.xml calls a file its seal."""
    start = content.index(b"<ofd:Seal><ofd:BaseLoc>") + len(b"<ofd:Seal><ofd:BaseLoc>")
    end = content.index(b"<", start)
    return content[:start] + f"/{_FILE}".encode() + content[end:]


def _as_picture(content: bytes) -> bytes:
    """Signature.xml calls a file the picture of its seal."""
    return once("<ofd:Seal>", f"<ofd:Seal><ofd:ImageLoc>/{_FILE}</ofd:ImageLoc>")(content)


def _with_file(parts: Parts) -> Parts:
    return {**parts, _FILE: b"<p>1</p>"}


def _in_place_of_its_seal(parts: Parts) -> Parts:
    return _with_file({n: p for n, p in parts.items() if not n.endswith("Sign_1/Seal.esl")})


def _open_index(*, after: bool) -> Forge:
    """A producer leaves its data index open; then the index names a page as well."""

    def without(parts: Parts) -> Parts:
        return {name: content for name, content in parts.items() if name != TAGS}

    def put(parts: Parts) -> Parts:
        end = "</ofd:CustomTags>"
        entry = f'<ofd:CustomTag TypeID="2"><ofd:FileLoc>/{_ANOTHER}</ofd:FileLoc></ofd:CustomTag>'
        return _brought(edited(TAGS, once(end, entry + end))(parts))

    return sealing(Bends(covered=without, after=put if after else ofd.same_parts))


def attacks() -> Iterator[OfdAttack]:
    """OFD-02, OFD-04, OFD-06."""
    yield attack(
        "cover_added",
        "not_covered",
        "OFD-02",
        _covered_by("Cover.png", b"\x89PNG\r\n\x1a\n"),
        also=("hidden_content",),
        shape="bank",
        genuine=honest,
    )
    beside = _by_a_stranger(Bends())
    for name, bends in (
        ("seal", Bends(description=_as_seal, after=_in_place_of_its_seal)),
        ("picture", Bends(description=_as_picture, after=_with_file)),
    ):
        yield attack(
            f"brought_as_{name}",
            "hidden_content",
            "OFD-04 OFD-10",
            _by_a_stranger(bends),
            also=("seal_file_differs",),
            shape="desktop",
            genuine=beside,
        )
    yield attack(
        "brought_as_index",
        "malformed",
        "OFD-06",
        _open_index(after=True),
        also=("not_covered",),
        shape="plugin",
        genuine=_open_index(after=False),
    )
