"""The same text typed in another way is the same; another text is not."""

import pytest

from app.domain.names import folded_code, folded_name

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
