"""The same text typed in another way is the same; another text is not."""

import pytest

from app.domain.names import folded_code, folded_name, unseen

SAME = [
    ("青海样例有限公司", " 青海 样例有限公司 "),
    ("青海样例(集团)有限公司", "青海样例（集团）有限公司"),
    ("阿布都·热合曼", "阿布都•热合曼"),
    ("阿布都·热合曼", "阿布都・热合曼"),
    ("ABC公司", "ＡＢＣ公司"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_typed_in_another_way(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张三", "张山"),
        ("阿布都·热合曼", "阿布都热合曼"),
        ("ABC公司", "abc公司"),
        ("张三", "张三三"),
    ],
)
def test_another_name(one: str, other: str) -> None:
    assert folded_name(one) != folded_name(other)


def test_codes_have_one_case() -> None:
    assert folded_code("11010519491231002x") == folded_code("１１０１０５19491231002X ")
    assert folded_code("91630000M000100Y43") != folded_code("91630000M000100Y44")


@pytest.mark.parametrize(
    "char",
    [
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",  # UAX 9
        *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061\U000e0041",  # drawn as nothing
        *"\u034f\u115f\u1160\u3164\uffa0\u2800",
        *"\x00\x1b\n\t\x7f\x85\u2028\u2029\ue000\U000f0000\ud800",
    ],
)
def test_attack_what_is_not_seen_in_a_name(char: str) -> None:
    for name in (f"青海{char}大学", f"{char}青海大学", f"青海大学{char}"):
        assert unseen(name)
    assert not unseen("青海大学")


@pytest.mark.parametrize(
    "name",
    [
        "云海高原大学（虚构）", "阿布都·热合曼", "Yunhai Plateau University (fictional)", "བོད་ལྗོངས་", "ᠮᠣᠩᠭᠣᠯ",
        "\U0002ebf0镇", "\U00031350县", "葛\U000e0100", "é", "e\u0301", "A\u00a0B", "A\u3000B", "№ 1",
    ],
)  # fmt: skip
def test_names_of_every_script_may_be(name: str) -> None:
    """U+2EBF0 and U+31350 are of GB 18030-2022, and newer than the tables of Python 3.11."""
    assert not unseen(name)
