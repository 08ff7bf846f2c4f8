"""What jobs are answered with."""

import json
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.job import JobKind, JobProgress, JobState
from app.schemas.problem import Problem

EXAMPLE: Final[dict[str, Any]] = {
    "id": "AAECAwQFBgcICQoLDA0ODw",
    "kind": "csv",
    "state": "running",
    "items": 10000,
    "answered": 4210,
    "refused": 3,
    "problem": None,
    "created_at": "2026-11-01T00:00:00Z",
    "finished_at": None,
    "expires_at": "2026-11-02T00:00:00Z",
}
CSV_ROWS: Final = (
    "id,number,type,issuer,holder\n"
    "a,N-1,11100000MB03271699001,11630000MB0000019J,青海样例有限公司\n"
)
CSV_RESULT: Final = (
    "id,line,conclusion,reason,report,problem,field\n"
    "a,2,valid,,AAECAwQFBgcICQoLDA0ODw,,\n"
    "b,3,,,,refused,type\n"
)


class JobOut(BaseModel):
    """How far a job is: what is counted here is on disk.

    批量任务的进度。
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    id: Annotated[str, Field(description="under which it is asked about; only by its own tenant")]
    kind: JobKind
    state: Annotated[
        JobState,
        Field(
            description="stored: not counted yet; refused: the upload cannot be read, see problem"
        ),
    ]
    items: Annotated[int | None, Field(description="null: not counted yet")] = None
    answered: Annotated[int, Field(description="with a report")]
    refused: Annotated[int, Field(description="with a problem of their own")]
    problem: Annotated[Problem | None, Field(description="of the whole upload")] = None
    created_at: datetime
    finished_at: datetime | None = None
    expires_at: Annotated[
        datetime, Field(description="upload and results are deleted then; reports are kept")
    ]

    @classmethod
    def of(cls, job: JobProgress) -> Self:
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            items=job.items,
            answered=job.answered,
            refused=job.refused,
            problem=None if job.problem is None else Problem(**json.loads(job.problem)),
            created_at=job.created_at,
            finished_at=job.finished_at,
            expires_at=job.expires_at,
        )
