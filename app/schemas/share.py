"""The envelopes of 证照共享服务接口 (GB/T 36906) as existing callers send and read them.

What a caller sends beside the members known here is left alone: its envelopes are older than this.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_CAUSE: Final = 200
"""Characters of useCause."""

_OPEN: Final = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)
_CLOSED: Final = ConfigDict(extra="forbid", frozen=True)


class HeadIn(BaseModel):
    """Who calls. `Authorization: Bearer …` does as well."""

    model_config = _OPEN

    accessId: Annotated[str | None, Field(max_length=64, description="caller")] = None  # noqa: N815
    accessToken: Annotated[  # noqa: N815
        str | None, Field(max_length=4096, description="API key of the caller, or its assertion")
    ] = None
    token: Annotated[str | None, Field(max_length=4096, description="the same")] = None

    @property
    def credential(self) -> str | None:
        return self.accessToken or self.token


class CauseIn(BaseModel):
    """用证事由."""

    model_config = _OPEN

    purpose: Annotated[
        str | None, Field(description="of the caller's own; not needed where it has one only")
    ] = None
    useCause: Annotated[  # noqa: N815
        str | None,
        Field(max_length=MAX_CAUSE, description="JSON; certificateEventCode is the 事项编码"),
    ] = None


class CertInfoIn(CauseIn):
    """What names the license, and its holder: a number alone is a guess, and is not answered."""

    certIdentifier: Annotated[str | None, Field(description="证照标识")] = None  # noqa: N815
    certNo: Annotated[str | None, Field(description="证照编号")] = None  # noqa: N815
    certTypeCode: Annotated[str | None, Field(description="证照类型代码")] = None  # noqa: N815
    holder: Annotated[str | None, Field(description="持证主体")] = None
    holderCode: Annotated[str | None, Field(description="持证主体代码")] = None  # noqa: N815


class FileIn(CauseIn):
    """The file itself. A URL is refused: nothing is fetched because a stranger names it."""

    contentType: Annotated[str, Field(description="base64, and nothing else")]  # noqa: N815
    content: Annotated[str, Field(min_length=1, description="the file, base64")]


_HEAD: Final[dict[str, Any]] = {
    "accessId": "bank-core",
    "accessToken": "zy_0123456789abcdef_secret",
}
_CAUSE: Final = (
    '{"certificateMatterName":"贷款审查","certificateEventCode":"11639900MB9902027X300"}'
)


class EnvelopeIn(BaseModel):
    """What is asked stands in `data`, beside who calls."""

    model_config = _OPEN

    head: HeadIn


class VerifyCertInfoIn(EnvelopeIn):
    """证照信息验证."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "head": _HEAD,
                    "data": {
                        "certNo": "N-1",
                        "certTypeCode": "11100000MB03271699001",
                        "holder": "青海样例有限公司",
                        "holderCode": "91630000M000100Y43",
                        "useCause": _CAUSE,
                    },
                }
            ]
        },
    )

    data: CertInfoIn


class VerifyFileIn(EnvelopeIn):
    """证照文件验证."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"head": _HEAD, "data": {"contentType": "base64", "content": "ZXlKMA=="}}]
        },
    )

    data: FileIn


class HeadOut(BaseModel):
    """0 a result stands in data; 1 not authorised; 2 no result, try later; 4 a parameter is wrong;
    16 busy; 17 over a limit.
    """

    model_config = _CLOSED

    status: Literal["0", "1", "2", "4", "16", "17"]
    message: str


class ResultOut(BaseModel):
    """The result, where there is one."""

    model_config = _CLOSED

    result: Annotated[
        Literal["0", "1", "2", "3", "4", "5", "6", "7"] | None,
        Field(description="0-7 of 证照信息验证; 0-2 of 证照文件验证"),
    ] = None
    message: str | None = None
    reason: Annotated[str | None, Field(description="docs/reasons.md")] = None
    reportId: Annotated[  # noqa: N815
        str | None, Field(description="GET /v1/verifications/{id} is the whole, signed report")
    ] = None


class ShareOut(BaseModel):
    """Always status 200: existing callers read the envelope, and no other status."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "head": {"status": "0", "message": "成功"},
                    "data": {
                        "result": "3",
                        "message": "证照已吊销",
                        "reason": "revoked",
                        "reportId": "AAAAAAAAAAAAAAAAAAAAAA",
                    },
                },
                {
                    "head": {"status": "2", "message": "颁发机构的核验接口暂时没有答复"},
                    "data": {
                        "reason": "issuer_unreachable",
                        "reportId": "AAAAAAAAAAAAAAAAAAAAAA",
                    },
                },
            ]
        },
    )

    head: HeadOut
    data: ResultOut


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Schema and examples of a request, as OpenAPI wants them: whole, without references."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    found = {str(i): {"value": value} for i, value in enumerate(schema.get("examples", []), 1)}
    return {"schema": _inlined(schema, parts), "examples": found}


def _inlined(schema: Any, parts: Any) -> Any:
    match schema:
        case {"$ref": str(name)}:
            return _inlined(parts[name.rpartition("/")[2]], parts)
        case dict():
            return {key: _inlined(value, parts) for key, value in schema.items()}
        case list():
            return [_inlined(value, parts) for value in schema]
        case _:
            return schema
