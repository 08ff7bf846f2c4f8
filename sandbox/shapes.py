"""The shapes in which producers write sealed OFD files, by the fields where they differ.

Each shape follows what real files of one producer show (paths, spellings, presence and placement
of elements), under a fictional company: the fields are theirs, the names are not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType

from sandbox.bodies import BEIJING
from sandbox.ses import TimeForm

SM3_OID = "1.2.156.10197.1.401"
NAMESPACE = "http://www.ofdspec.org/2016"
OLD_NAMESPACE = "http://www.ofdspec.org"


class Naming(Enum):
    """Which of the circulating names CustomDatas carry (GB/T 36903); by column of `pages.NAMES`."""

    PINYIN = 0
    CAMEL = 1
    SNAKE = 2
    CHINESE = 3


class Layout(Enum):
    """How fields stand on the page."""

    LABELLED = "labelled"
    """One text a field: 证照编号：…"""
    INDEXED = "indexed"
    """Label and value apart, and a data index (数据索引) that points to the values."""
    BARE = "bare"
    """Label and value apart, and no index: the page proves nothing by itself."""


Clock = Callable[[datetime], str]


def spaced(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def compact(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"


def zulu(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}Z"


def zulu_millis(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}.041Z"


def short_zulu(at: datetime) -> str:
    return f"{at.astimezone(UTC):%y%m%d%H%M%S}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One producer's way."""

    name: str
    provider: str
    """Attributes of Provider."""
    clock: Clock
    """SignatureDateTime."""
    check_method: str = SM3_OID
    method: str = "1.2.156.10197.1.501"
    seal_file: str | None = None
    """BaseLoc of element Seal: absolute or relative; None: no such element, no such file."""
    list_part: str = "Doc_0/Signs/Signatures.xml"
    first: int = 0
    """Number of the first signature's folder."""
    id_form: str = "{}"
    typed: bool = True
    """The list says Type="Seal"; else it is left to the default."""
    covers_ofd: bool = True
    covers_list: bool = False
    """WholeProtected: no further signature may be added."""
    reference: str = "/{}"
    """FileRef of a part."""
    picture: str = "PNG"
    raw_seal: bool = False
    raw_value: bool = False
    times: TimeForm = TimeForm.ZULU
    list_type: int = 1
    naming: Naming = Naming.PINYIN
    layout: Layout = Layout.LABELLED
    template: bool = False
    annotation: bool = False
    attachment: bool = False
    compress: bool = True
    indent: bool = False
    namespace: str = NAMESPACE


_ALL: tuple[Shape, ...] = (
    Shape(
        name="tax",
        provider='ProviderName="yunhai_eseal" Version="2.0" Company="yunhai"',
        clock=zulu_millis,
        typed=False,
        picture="ofd",
        annotation=True,
        attachment=True,
    ),
    Shape(
        name="toolkit",
        provider='ProviderName="yunhai-sign" Company="yunhai" Version="2.4.0"',
        clock=spaced,
        check_method="SM3",
        seal_file="/Doc_0/Signs/Sign_{}/Seal.esl",
        id_form="s{:03}",
        covers_list=True,
        naming=Naming.CAMEL,
        layout=Layout.INDEXED,
        compress=False,
    ),
    Shape(
        name="bank",
        provider='ProviderName="Yunhai_SDK" Company="Yunhai" Version="4"',
        clock=compact,
        check_method="sm3",
        covers_ofd=False,
        picture="png",
        raw_seal=True,
        raw_value=True,
        times=TimeForm.LOCAL,
        naming=Naming.SNAKE,
        template=True,
    ),
    Shape(
        name="stamp-service",
        provider='ProviderName="YunhaiStampService" Company="云海软件" Version="1.0.5.1"',
        clock=spaced,
        seal_file="Seal.esl",
        covers_ofd=False,
        raw_seal=True,
        naming=Naming.CHINESE,
        layout=Layout.INDEXED,
        template=True,
    ),
    Shape(
        name="desktop",
        provider='ProviderName="YunhaiGrid" Company="YunhaiGrid" Version="4.0"',
        clock=zulu,
        seal_file="/Doc_0/Signs/Sign_{}/Seal.esl",
        list_part="Doc_0/Signatures.xml",
        typed=False,
        covers_ofd=False,
        annotation=True,
        attachment=True,
    ),
    Shape(
        name="receipt",
        provider='ProviderName="Yunhai" Version="2.0" Company="YunHai" OFDProMode="30"',
        clock=zulu,
        first=1,
        picture="bmp",
        naming=Naming.CAMEL,
        compress=False,
    ),
    Shape(
        name="plugin",
        provider='ProviderName="oesplugin" Version="1.0.0.1" Company="yunh"',
        clock=zulu,
        check_method="SM3",
        seal_file="/Doc_0/Signs/Sign_{}/Seal.esl",
        first=1,
        list_type=2,
        layout=Layout.INDEXED,
        indent=True,
        template=True,
    ),
    Shape(
        name="chain",
        provider='ProviderName="YunhaiChainGov" Company="YunhaiChain" Version="1.0"',
        clock=compact,
        typed=False,
        picture="ofd",
        times=TimeForm.SHORT,
        naming=Naming.CHINESE,
        compress=False,
    ),
    Shape(
        name="old-namespace",
        provider='ProviderName="yunhai-old" Company="yunhai" Version="1.2.0"',
        clock=short_zulu,
        check_method="SM3",
        reference="//{}",
        namespace=OLD_NAMESPACE,
        attachment=True,
    ),
)

SHAPES: Mapping[str, Shape] = MappingProxyType({shape.name: shape for shape in _ALL})
"""Name → shape."""
