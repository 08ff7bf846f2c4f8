"""Reports read out of a job leave a row in the audit log, like reports read by their ids."""

import json

from app.schemas.job import CSV_ROWS
from tests.jobs.test_jobs import CSV, Room, room

__all__ = ["room"]


def read(room: Room, who: str) -> int:
    """Rows of that caller about jobs whose reports it read."""
    found = (json.loads(row["body"]) for row in room.service.sql("SELECT body FROM audit"))
    return sum(each["operation"] == "read_job" and each["caller"] == who for each in found)


def test_whoever_reads_the_results_of_a_job_is_seen(room: Room) -> None:
    id = room.taken(CSV_ROWS.encode(), CSV)
    for form in ("ndjson", "csv"):
        before = read(room, "jobs-all")
        assert room.get(f"{id}/results", format=form).status_code == 200
        assert read(room, "jobs-all") == before + 1
    before = read(room, "jobs-tokens")
    assert room.get(f"{id}/results", who="jobs-tokens").status_code == 200, "of the same tenant"
    assert read(room, "jobs-tokens") == before + 1


def test_the_twin_that_reads_nothing_leaves_no_such_row(room: Room) -> None:
    before = read(room, "jobs-all")
    assert room.get("A" * 22 + "/results").status_code == 404
    assert read(room, "jobs-all") == before
