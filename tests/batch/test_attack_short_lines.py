"""A batch of millions of lines of one character: refused for their number, and not read first."""

from collections.abc import Iterator

from app.domain.errors import ServiceError
from app.routers.batches import MOST, first_of
from app.routers.body import EMPTY_LINES
from tests.batch.conftest import Bank, by_id
from tests.batch.test_batch_over_http import item, told


def test_no_more_lines_are_read_than_show_that_they_are_too_many() -> None:
    taken = 0

    def lines(text: bytes) -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield text

    found = first_of(lines(b"x"), 1024)
    assert len(found) == taken == MOST + 1
    assert all(isinstance(each.ask, ServiceError) for each in found)


def test_short_lines_and_empty_ones_are_refused_and_the_twin_is_answered(bank: Bank) -> None:
    size = MOST * bank.service.settings.max_json
    good = item("good", bank.token())
    for body in (b"x\n" * (size // 2), b"\n" * size, b"\n" * (EMPTY_LINES + MOST + 1)):
        answer = bank.post(body)
        assert (answer.status_code, answer.json()["field"]) == (422, "body")
        assert told(by_id(bank.post([good]))["good"]) == "valid"
    with_gaps = b"\n" * EMPTY_LINES + bank.token().join(('{"id":"a","token":"', '"')).encode()
    with_gaps += b',"purpose":"loan-check"}\n'
    assert told(by_id(bank.post(with_gaps))["a"]) == "valid"
