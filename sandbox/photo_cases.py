"""Photographs of the sandbox's licenses, and what must be said of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.attacks import ATTACKS, INVALID, OPEN
from sandbox.licenses import License
from sandbox.photos import Shot, large_png, photograph
from sandbox.world import World

COPY = "unsigned_copy"


@dataclass(frozen=True, slots=True)
class PhotoCase:
    """One picture, PNG."""

    name: str
    content: bytes = field(repr=False)
    conclusion: str
    reason: str
    zh: str
    en: str
    threats: tuple[str, ...] = ()


def make_photos(world: World, license: License) -> Iterator[PhotoCase]:
    """Genuine ones first; then those with something wrong in them."""
    token, id = world.token(license), license.id.encode()
    small, turned = Shot(module=3), Shot(module=3, turn=(4, 3, 5))
    yield PhotoCase(
        "token", photograph([token], small), OPEN, COPY,
        "真实令牌的二维码照片：照片只是副本。", "A photo of a genuine token: a photo is a copy.",
    )  # fmt: skip
    yield PhotoCase(
        "turned", photograph([token], turned), OPEN, COPY,
        "斜着拍的照片。", "Taken at an angle.",
    )  # fmt: skip
    yield PhotoCase(
        "blurred", photograph([id], Shot(module=4, turn=(12, 5, 13), blur=1)), OPEN, COPY,
        "没有对准焦的照片，二维码中是证照标识。", "Out of focus; the code holds the identifier.",
    )  # fmt: skip
    yield PhotoCase(
        "twice", photograph([id, token], small), OPEN, COPY,
        "两个二维码指向同一证照。", "Two codes that name one license.",
    )  # fmt: skip
    yield from _wrong(world, license, token)


def _wrong(world: World, license: License, token: bytes) -> Iterator[PhotoCase]:
    small = Shot(module=3)
    other = next(each for each in world.of("traffic", "in_force") if each.id != license.id)
    yield PhotoCase(
        "forged-token", photograph([ATTACKS["foreign_key"].make(world)], small),
        INVALID, "signature_invalid",
        "二维码中的令牌系伪造。", "The token in the code is forged.",
    )  # fmt: skip
    yield PhotoCase(
        "two-licenses", photograph([token, other.id.encode()], small), OPEN, "multiple_codes",
        "两个二维码指向不同证照。", "Two codes that name different licenses.", ("QR-03",),
    )  # fmt: skip
    yield PhotoCase(
        "strange-address", photograph([b"https://zheng.yunhai.example.verify-xx.com/c/1"], small),
        OPEN, "unofficial_url",
        "二维码指向仿冒的网址。", "The code leads to a look-alike address.", ("QR-04",),
    )  # fmt: skip
    yield PhotoCase(
        "token-beside-address", photograph([token, b"weixin://dl/business/"], small),
        OPEN, "unofficial_url",
        "真实令牌旁边另有来历不明的网址。", "A strange address beside a genuine token.", ("QR-04",),
    )  # fmt: skip
    yield PhotoCase(
        "other-text", photograph([b"hello"], small), OPEN, "code_names_nothing",
        "二维码与证照无关。", "The code is about no license.",
    )  # fmt: skip
    yield PhotoCase(
        "cut-off", photograph([token], small)[:-900], OPEN, "image_not_read",
        "图片残缺。", "The picture is cut off.", ("QR-07",),
    )  # fmt: skip
    yield PhotoCase(
        "large", large_png(9000, 9000), OPEN, "beyond_limits",
        "几十千字节的图片，展开有八千一百万像素。",
        "Some kilobytes that unfold to 81 million pixels.", ("QR-01",),
    )  # fmt: skip
