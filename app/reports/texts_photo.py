"""Photos and scans, and what their codes hold."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.photo import Held
from app.domain.reasons import Reason
from app.reports.entry import Bilingual, Entry, Own, bilingual, unsure

PHOTO: Final[Mapping[Reason, Entry]] = {
    Reason.IMAGE_NOT_READ: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("图片未能读取", "the picture could not be read"),
        engineer=(
            "图片残缺、读取超时，或者读取图片的独立进程因此终止，见检查项 well_formed 的 detail。没有看到任何内容，不说明图片中的证照有问题。",
            "The picture is damaged, took too long, or ended the process that reads pictures; see the detail of check well_formed. Nothing was seen, which says nothing about the license in it.",
        ),
        clerk=(
            "系统没能读出这张图片，没有得出真伪结论；这不表示证照有问题。",
            "The system could not read this picture, so nothing is said about the license in it. That does not mean anything is wrong.",
        ),
        next_step=(
            "请重新拍照或截图后再试；最好请持证人提供电子证照原件。",
            "Take the photo or screenshot again; better still, ask the holder for the electronic original.",
        ),
    ),
    Reason.CODE_MISSING: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("图片中没有找到二维码", "no code was found in the picture"),
        engineer=(
            "图片已读完，多种方式查找后仍没有可以读出的二维码；调用方也没有填写证照信息，因此无从查询。图片自身不能证明任何内容。",
            "The picture was read and searched in several ways, and no code could be read off it. The caller typed nothing either, so there is nothing to ask by. A picture by itself proves nothing.",
        ),
        clerk=(
            "图片里没有能读出的二维码，无从核验。",
            "There is no readable code in this picture, so there is nothing to verify.",
        ),
        next_step=(
            "请对准二维码重新拍照，或者连同证照编号、持证主体一起提交；最好提供电子证照原件。",
            "Photograph the code closely, or send number and holder beside the picture. The electronic original is better than either.",
        ),
    ),
    Reason.CODE_NAMES_NOTHING: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("二维码没有指明任何证照", "the code names no license"),
        engineer=(
            "二维码可以读出，但其内容不是证照令牌、证照标识，也不是登记网址中可以读出标识或编号的一种。各码的种类见 photo.codes。",
            "A code was read, but it holds no license token, no identifier, and no registered address that tells an identifier or number. What each code holds is told in photo.codes.",
        ),
        clerk=(
            "二维码里的内容与证照无关，或者系统不认识，无从核验。",
            "What the code holds is about no license, or is unknown to the system. There is nothing to verify.",
        ),
        next_step=(
            "请按证面上的证照编号、持证主体核验，或者请持证人提供电子证照原件。",
            "Verify by the number and holder that stand on the license, or ask the holder for the electronic original.",
        ),
    ),
    Reason.MULTIPLE_CODES: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=(
            "图片中有多个二维码，指向不同证照",
            "the picture holds several codes that name different licenses",
        ),
        engineer=(
            "图片中有两个以上互不相同的二维码，各自指向证照。本服务不在其中选择，也不采信其中任何一个的签名。各码的种类见 photo.codes。",
            "Two or more different codes in the picture name a license each. This service chooses none of them and counts no signature of theirs. What each code holds is told in photo.codes.",
        ),
        clerk=(
            "图片里不止一个二维码，分不清是哪一张证照，没有得出结论。",
            "There is more than one code in this picture, and they do not name the same license, so nothing is said about any.",
        ),
        next_step=(
            "请每次只拍一张证照的一个二维码，再行核验；有覆盖、粘贴痕迹的，向{issuer}核实。",
            "Photograph one code of one license at a time and verify again. If one is pasted over another, ask {issuer}.",
        ),
    ),
    Reason.UNOFFICIAL_URL: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=(
            "二维码指向的网址不是登记的官方网址",
            "the code leads to an address that is not a registered official one",
        ),
        engineer=(
            "二维码中的网址（主机名经 IDNA 规范化后逐字比较，并比较路径）不在任何有效的信任清单的官方网址之列。本服务没有访问该网址，其页面显示的任何结果都不作数。",
            "The address in the code (its host compared letter by letter after IDNA normalisation, and its path) is none of the official ones in any trust list in force. This service did not visit it, and whatever its page shows counts for nothing.",
        ),
        clerk=(
            "警惕：二维码指向的不是官方网址，可能是仿冒网站，不要打开，更不要填写信息。",
            "Beware: the code leads to an address that is not official and may imitate one. Do not open it, and enter nothing there.",
        ),
        next_step=(
            "不要以该网页显示的结果为准。请按证照编号和持证主体在本服务核验，或向{issuer}核实。",
            "Do not rely on what that page shows. Verify here by number and holder, or ask {issuer}.",
        ),
    ),
}

HOLDS: Final[Mapping[Held, Bilingual]] = {
    held: bilingual(pair)
    for held, pair in {
        Held.LICENSE_TOKEN: ("证照令牌", "a license token"),
        Held.IDENTIFIER: ("证照标识", "an identifier of a license"),
        Held.OFFICIAL_URL: ("登记的官方网址，未访问", "a registered official address, not visited"),
        Held.UNOFFICIAL_URL: (
            "未登记的网址，未访问，请勿打开",
            "an address that is not registered, not visited: do not open it",
        ),
        Held.CONFIRMATION: (
            "本服务核验报告的核验码，请在 /r/ 查看",
            "the code of a report of this service: look at it under /r/",
        ),
        Held.OTHER_TOKEN: ("不是证照的签名令牌", "a signed token that is no license"),
        Held.OTHER: ("与证照无关的内容", "something that is about no license"),
    }.items()
}
"""What each kind of code holds, for people."""
