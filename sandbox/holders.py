"""Holders: people and companies that cannot exist, with codes whose check characters hold.

Citizen numbers begin with 6399xx, a region GB/T 2260 gives to nobody; company codes carry it too.
"""

from datetime import date, timedelta

from sandbox.codes import USCC_ALPHABET, citizen_check, uscc
from sandbox.licenses import Holder
from sandbox.stream import Stream

SURNAMES = "赵钱孙李周吴郑王冯陈马韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = "文海雪岭青云德吉祥瑞安宁明远清源嘉木长河晨曦向阳草原松柏"
PLATEAU = (
    "卓玛·措姆", "扎西·尼玛", "才让·多杰", "索南·旺堆", "马·伊布拉",
    "格桑·拉姆", "阿依古丽·买买提", "其美·央金",
)  # fmt: skip
"""Names with a middle dot (U+00B7), which clerks type in four different ways."""
WORDS = ("雪岭", "青稞", "云杉", "湖畔", "高原红", "白塔", "牧歌", "盐湖", "鹰湾", "石峡")
TRADES = ("商贸", "牧业", "科技", "建筑工程", "文化旅游", "新能源", "物流", "藏毯")
REGIONS = ("639901", "639902", "639921", "639922")
FIRST_BIRTH = date(1950, 1, 1)


def citizen(stream: Stream, born_before: date) -> Holder:
    name = (
        stream.pick(PLATEAU)
        if stream.below(6) == 0
        else stream.pick(SURNAMES) + "".join(stream.pick(GIVEN) for _ in range(2))
    )
    days = (born_before - FIRST_BIRTH).days
    born = FIRST_BIRTH + timedelta(days=stream.below(days))
    body = f"{stream.pick(REGIONS)}{born:%Y%m%d}{stream.between(1, 999):03}"
    return Holder(name, body + citizen_check(body), "111")


def company(stream: Stream) -> Holder:
    name = f"云海{stream.pick(WORDS)}{stream.pick(TRADES)}有限公司"
    organisation = "MA9" + "".join(stream.pick(USCC_ALPHABET) for _ in range(5))
    return Holder(name, uscc("91", stream.pick(REGIONS), organisation), "001")
