"""Draw docs/verdict.svg: `python -m docs.picture`; `--check` only compares, and fails."""

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "verdict.svg"
WIDTH, HEIGHT = 960, 430
INK, SOFT, LINE = "#1a1a1a", "#555555", "#767676"
OK, NO, OPEN = "#0b6b2e", "#a4161a", "#7a4d00"
FONT = "system-ui, 'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


@dataclass(frozen=True, slots=True)
class Box:
    """A frame with lines of text in it; the first is the title. Units: pixels."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]
    colour: str = INK
    dash: str = ""

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    def drawn(self) -> str:
        frame = (
            f'<rect x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="8" '
            f'fill="#ffffff" stroke="{self.colour}" stroke-width="2"{self.dash}/>'
        )
        top = self.middle - (len(self.lines) - 1) * 11 + 5
        texts = (
            _text(
                self.x + self.width // 2,
                top + 22 * number,
                line,
                size=17 if number == 0 else 14,
                weight=700 if number == 0 else 400,
                colour=self.colour if number == 0 else SOFT,
            )
            for number, line in enumerate(self.lines)
        )
        return "\n".join((frame, *texts))


def _text(
    x: int,
    y: int,
    words: str,
    *,
    size: int = 14,
    weight: int = 400,
    colour: str = SOFT,
    anchor: str = "middle",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def _arrow(points: str, *, colour: str = INK, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return (
        f'<path d="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash} '
        'marker-end="url(#head)"/>'
    )


GIVEN = Box(
    20, 135, 170, 120, ("证照", "OFD、证照令牌", "或编号 + 持证人", "file, token, or facts")
)
LOCAL = Box(
    255,
    40,
    290,
    130,
    (
        "本机核验 checked here",
        "真实性：签名、签章、覆盖、证书、时间",
        "authenticity",
        "权限：谁可以颁发什么  authority",
    ),
)
ISSUER = Box(
    255,
    230,
    290,
    110,
    (
        "颁发机构的答复 issuer's word",
        "状态：现在是否有效，是否就是这份文件",
        "status, signed by the issuer",
    ),
)
TABLE = Box(610, 125, 140, 130, ("一张公开的表", "两把钥匙，一个结论", "one published table"))
VALID = Box(810, 40, 130, 70, ("✔ 有效", "valid"), OK)
INVALID = Box(810, 155, 130, 70, ("✘ 无效", "invalid"), NO)
UNKNOWN = Box(810, 270, 130, 70, ("? 暂不能确定", "indeterminate"), OPEN)
BOXES = (GIVEN, LOCAL, ISSUER, TABLE, VALID, INVALID, UNKNOWN)


def picture() -> str:
    """The whole file."""
    arrows = (
        _arrow(f"M{GIVEN.right} {GIVEN.middle} H222 V{LOCAL.middle} H{LOCAL.x - 4}"),
        _arrow(f"M290 {LOCAL.y + LOCAL.height} V{ISSUER.y - 4}"),
        _arrow(f"M{LOCAL.right} {LOCAL.middle} H578 V175 H{TABLE.x - 4}"),
        _arrow(f"M{ISSUER.right} {ISSUER.middle} H578 V205 H{TABLE.x - 4}"),
        *(
            _arrow(f"M{TABLE.right} {TABLE.middle} H780 V{box.middle} H{box.x - 4}")
            for box in (VALID, INVALID, UNKNOWN)
        ),
    )
    notes = (
        _text(304, 196, "没有发现问题才询问；伪造的文件不外传", size=13, anchor="start"),
        _text(304, 214, "asked only if nothing failed", size=13, anchor="start"),
        _text(
            WIDTH // 2,
            382,
            "每个结论都带原因、下一步、逐项依据和本服务的签名。接口故障只会是“暂不能确定”，绝不会是“无效”。",
            size=15,
            colour=INK,
        ),
        _text(
            WIDTH // 2,
            406,
            "Each verdict carries its reason, the next step, every check, and this node's "
            "signature. An outage is never shown as invalid.",
            size=13,
        ),
    )
    drawn = "\n".join((*arrows, *(box.drawn() for box in BOXES), *notes))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" \
width="{WIDTH}" height="{HEIGHT}" font-family="{FONT}" role="img" aria-labelledby="what">
<title id="what">证照 → 本机核验 × 颁发机构的答复 → 一个结论 (file → local checks \
× issuer's word → one verdict)</title>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker></defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
{drawn}
</svg>
"""


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` finds the file different."""
    if "--check" in arguments:
        return int(FILE.read_text(encoding="utf-8") != picture())
    FILE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
