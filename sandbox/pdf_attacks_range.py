"""Attacks on what a signature of a PDF covers: USF, SWA and ranges that leave something open."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import Ranges
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene

_RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")
_CONTENTS = re.compile(rb"/Contents <[0-9A-F]*>")
INEXACT = "byte_range_inexact"


def _swapped(pattern: re.Pattern[bytes], new: bytes) -> Forge:
    """The first place of the signature dictionary, changed without moving anything."""

    def forge(scene: PdfScene) -> bytes:
        content = scene.paper.content
        found = pattern.search(content)
        if found is None or len(new) > len(found[0]):
            raise ValueError("no such place")
        return content[: found.start()] + new.ljust(len(found[0])) + content[found.end() :]

    return forge


def _ranged(bend: Callable[[Ranges], Ranges]) -> Forge:
    """The issuer's own software writes another range, and signs what that covers."""

    def forge(scene: PdfScene) -> bytes:
        return pdf.sign(scene.draft, replace(scene.signing, ranges=bend)).content

    return forge


def _gap(left: int, right: int) -> Forge:
    def bend(ranges: Ranges) -> Ranges:
        _, length, second, rest = ranges
        return 0, length - left, second + right, rest - right

    return _ranged(bend)


def _shorter(octets: int) -> Forge:
    return _ranged(lambda r: (r[0], r[1], r[2], r[3] - octets))


def _later_start(ranges: Ranges) -> Ranges:
    return 1, ranges[1] - 1, ranges[2], ranges[3]


def _second_range(scene: PdfScene) -> bytes:
    """SWA: a second /ByteRange in the space of the value, where nothing is signed."""
    content = scene.paper.content
    found = _CONTENTS.search(content)
    if found is None:
        raise ValueError("no signature")
    value = found[0][:-1].rstrip(b"0") + b"0>"
    room = value + b" /ByteRange [0 9 20 9]"
    return content[: found.start()] + room.ljust(len(found[0])) + content[found.end() :]


def _moved_behind(scene: PdfScene) -> bytes:
    """SWA: the second half of the signed octets moved to make room for other objects."""
    content = scene.paper.content
    found = _CONTENTS.search(content)
    if found is None:
        raise ValueError("no signature")
    room = b"4 0 obj\n" + pdf.stream(b"BT (wrapped) Tj ET") + b"\nendobj\n"
    return content[: found.end()] + room + content[found.end() :]


def _whole_of_another(scene: PdfScene) -> bytes:
    """The range of an older, shorter file: what was added is under no signature."""
    paper = scene.paper
    more = pdf.save(paper, {pdf.CONTENTS: pdf.stream(b"BT (other) Tj ET")})
    return pdf.sign(
        replace(more, fields=(), annotations=()),
        replace(scene.signing, ranges=lambda r: (r[0], r[1], r[2], r[3] - 40)),
    ).content


def attacks() -> Iterator[PdfAttack]:
    """PDF-01 and PDF-03."""
    unread = "signature_unreadable"
    for name, zh, en, new in (
        ("missing", "签名值被删去", "The signature value is taken out", b" "),
        ("null", "签名值改为 null", "The signature value is null", b"/Contents null"),
        ("empty", "签名值为空串", "The signature value is empty", b"/Contents <>"),
        ("zero", "签名值只有零", "The signature value is nothing but zeros", b"/Contents <00>"),
        ("number", "签名值是一个数", "The signature value is a number", b"/Contents 0"),
        ("text", "签名值写成括号串", "The signature value in brackets", b"/Contents (0)"),
    ):
        forge = _swapped(_CONTENTS, new)
        yield PdfAttack(
            name=f"usf_contents_{name}",
            reason=unread,
            threats=("PDF-01",),
            zh=f"USF：{zh}。",
            en=f"USF: {en.lower()}.",
            forge=forge,
        )
    for name, zh, en, new in (
        ("missing", "没有 ByteRange", "there is no ByteRange", b" "),
        ("null", "ByteRange 为 null", "ByteRange is null", b"/ByteRange null"),
        ("zeros", "ByteRange 全为零", "ByteRange is all zeros", b"/ByteRange [0 0 0 0]"),
        (
            "negative",
            "ByteRange 有负数",
            "ByteRange has negative numbers",
            b"/ByteRange [0 -1 2 3]",
        ),
        ("two", "ByteRange 只有两个数", "ByteRange has two numbers", b"/ByteRange [0 999]"),
        (
            "six",
            "ByteRange 有第二个空缺",
            "ByteRange has a second hole",
            b"/ByteRange [0 9 20 9 40 9]",
        ),
        (
            "beyond",
            "ByteRange 超出文件",
            "ByteRange ends after the file",
            b"/ByteRange [0 9 20 999999]",
        ),
        (
            "huge",
            "ByteRange 的数大得离谱",
            "ByteRange has a huge number",
            b"/ByteRange [0 9 20 1" + b"0" * 20 + b"]",
        ),
    ):
        yield PdfAttack(
            name=f"usf_range_{name}",
            reason=INEXACT,
            threats=("PDF-01",),
            zh=f"USF：{zh}。",
            en=f"USF: {en}.",
            forge=_swapped(_RANGE, new),
            also=("data_hash_differs",),
        )
    for name, zh, en, forge in (
        (
            "gap_one_before",
            "空缺从签名值前一个字节开始",
            "the gap begins one octet early",
            _gap(1, 0),
        ),
        ("gap_one_after", "空缺到签名值后一个字节为止", "the gap ends one octet late", _gap(0, 1)),
        ("gap_key", "空缺连 /Contents 一起", "the gap takes /Contents with it", _gap(10, 0)),
        ("gap_far", "空缺大到能藏对象", "the gap has room for objects", _gap(0, 16)),
        ("gap_short_before", "签名连 < 一起覆盖", "the opening bracket is covered", _gap(-1, 0)),
        ("gap_short_after", "签名连 > 一起覆盖", "the closing bracket is covered", _gap(0, -1)),
        ("end_early", "末尾一个字节没有签名", "the last octet is not covered", _shorter(6)),
        ("end_trailer", "文件尾没有签名", "the trailer is not covered", _shorter(200)),
        ("start_late", "首字节没有签名", "the first octet is not covered", _ranged(_later_start)),
        (
            "whole_of_another",
            "范围不到所在版本之末",
            "the range ends inside its revision",
            _whole_of_another,
        ),
    ):
        yield PdfAttack(
            name=f"swa_{name}",
            reason=INEXACT,
            threats=("PDF-03",),
            zh=f"签署范围不准确：{zh}。",
            en=f"An inexact range: {en}.",
            forge=forge,
            also=("signature_unreadable", "malformed"),
        )
    for name, zh, en, wrap in (
        ("moved", "把已签的后半段后移，中间塞入对象", "the second half moved back", _moved_behind),
        (
            "second_range",
            "签名值的空处写进第二个范围",
            "a second range beside the value",
            _second_range,
        ),
    ):
        yield PdfAttack(
            name=f"swa_{name}",
            reason="malformed",
            threats=("PDF-03",),
            zh=f"签名包装：{zh}。",
            en=f"Signature wrapping: {en}.",
            forge=wrap,
        )
