"""RFC 9457 problems."""

import pytest
from pydantic import ValidationError

from app.schemas.problem import Problem

GOOD = {"type": "/problems/refused", "title": "Refused", "status": 422}


def test_a_problem_and_the_example_in_its_schema() -> None:
    assert Problem.model_validate(GOOD).model_dump(exclude_none=True) == GOOD
    (example,) = Problem.model_json_schema()["examples"]
    assert Problem.model_validate(example).field == "at"


@pytest.mark.parametrize("change", [{"status": 200}, {"input": "x"}, {"type": None}])
def test_what_is_no_problem(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Problem.model_validate(GOOD | change)
