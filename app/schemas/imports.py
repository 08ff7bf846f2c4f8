"""What batches of records are answered with, and examples of the rows in them."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.batch import Kind, LineFault, Progress

ROWS: Final = (
    '{"identifier":"1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",'
    '"number":"N-1","holder":"青海样例有限公司","holder_code":"91630000M000100Y43",'
    '"valid_from":"2024-01-01","valid_until":"长期"}\n'
    '{"ZZBS":"1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000002.001.W",'
    '"ZZBH":"N-2","CZZT":"张样例","CZZTDM":"11010519491231002X","ZZYXQQSRQ":"2024年1月1日",'
    '"ZZYXQJZRQ":"20291231"}\n'
)
CSV_ROWS: Final = (
    "certificate_identifier,certificate_number,certificate_holder_name,certificate_validate_end\n"
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B,N-1,"
    "青海样例有限公司,99991231\n"
)
DECISIONS: Final = (
    '{"identifier":"1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",'
    '"decision":"暂扣","since":"2026-10-01","until":"2026-12-31"}\n'
    '{"identifier":"1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000002.001.W",'
    '"decision":"revoke","since":"2026-10-01T09:00:00+08:00"}\n'
)
CSV_DECISIONS: Final = "type,number,decision,since\n11100000MB03271699001,N-1,撤回,2026-10-01\n"

EXAMPLE: Final[dict[str, Any]] = {
    "id": "11630000MB0000019J.2026-11-24",
    "kind": "licenses",
    "finished": True,
    "lines": 1000,
    "added": 990,
    "changed": 5,
    "unchanged": 3,
    "bad": 2,
    "faults": [
        {"line": 17, "field": "ZZBS", "fix": "has not the six parts of GB/T 36904"},
        {"line": 400, "field": "ZZYXQJZRQ", "fix": "ends before it begins"},
    ],
}  # fmt: skip


class FaultOut(BaseModel):
    """A line that was not taken. Its content is not repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: Annotated[int, Field(description="number of the line in the file, from 1; of a CSV file the header is line 1")]  # fmt: skip # noqa: E501
    field: Annotated[str, Field(description="the member, by the name it was sent under, or `row`")]
    fix: Annotated[str, Field(description="what is wrong and how to mend it")]


class ImportOut(BaseModel):
    """How far a batch is: what is counted here is on disk.

    归集批次的进度。
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    id: Annotated[str, Field(description="`issuer.batch`, under which it is read again")]
    kind: Kind
    finished: Annotated[bool, Field(description="its last line was acknowledged")]
    lines: Annotated[int, Field(description="acknowledged, without a gap: go on after it")]
    added: int
    changed: int
    unchanged: Annotated[int, Field(description="known already, or overtaken by something newer")]
    bad: Annotated[int, Field(description="not taken")]
    faults: Annotated[
        list[FaultOut], Field(description="of the bad lines, the first 100 after `faults_after`")
    ]

    @classmethod
    def of(cls, progress: Progress) -> Self:
        return cls(
            id=str(progress.id),
            kind=progress.kind,
            finished=progress.finished,
            lines=progress.lines,
            added=progress.added,
            changed=progress.changed,
            unchanged=progress.unchanged,
            bad=progress.bad,
            faults=[_fault(fault) for fault in progress.faults],
        )


def _fault(fault: LineFault) -> FaultOut:
    return FaultOut(line=fault.line, field=fault.field, fix=fault.fix)
