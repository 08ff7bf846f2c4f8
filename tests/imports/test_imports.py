"""归集 over HTTP: what is acknowledged is there once; bad rows are named; breaks are mended."""

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.crypto.provider import FolderKeys
from app.domain.batch import BatchId, Kind
from app.domain.verification import Asker
from app.formats.rows import MAX_LINE, RowFormat
from app.registry import callers
from app.registry.imports.apart import RowReader
from app.registry.imports.sealing import unseal
from app.registry.imports.store import PostgresImports
from app.registry.sessions import Database
from app.services import importing
from app.services.importing import CHUNK_LINES, Importer, Sending
from tests.imports.conftest import Office, fresh, license_type

HOLDER = "张样例"
CODE = "11010519491231002X"


def row(id: object, **more: Any) -> dict[str, Any]:
    return {
        "identifier": str(id),
        "number": "青运000001号",
        "holder": HOLDER,
        "holder_code": CODE,
        "valid_from": "2024-01-01",
        "valid_until": "长期",
        **more,
    }


def ndjson(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows)


def counts(answer: Any) -> tuple[int, int, int, int]:
    told = answer.json()
    return told["added"], told["changed"], told["unchanged"], told["bad"]


# ---- what lands


def test_rows_land_and_are_acknowledged(office: Office) -> None:
    ids = [fresh(office.service) for _ in range(3)]
    answer = office.push(ndjson(*map(row, ids)), "lands")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert counts(answer) == (3, 0, 0, 0)
    assert (told["lines"], told["finished"], told["faults"]) == (3, True, [])
    assert office.progress("lands").json() == told
    (kept,) = office.rows("SELECT * FROM license WHERE identifier = $1", str(ids[0]))
    assert (kept["issuer"], kept["long_term"], kept["valid_until"]) == (office.code, True, None)


def test_nothing_personal_is_readable_in_the_tables(office: Office) -> None:
    id = fresh(office.service)
    office.push(ndjson(row(id), row(id, valid_until="x")), "sealed")
    (kept,) = office.rows("SELECT * FROM license WHERE identifier = $1", str(id))
    keys = FolderKeys(office.service.settings.key_folder)
    held = unseal(keys, str(id), kept["sealed"])
    assert (held.number, held.holders[0].name) == ("青运000001号", HOLDER), "the twin: it is there"
    for table in ("license", "license_key", "import_batch", "import_fault", "audit"):
        dump = office.rows(f"SELECT t::text AS row FROM {table} t")
        assert dump
        for each in dump:
            for value in (HOLDER, CODE, "青运000001号"):
                assert value not in each["row"]
                assert value.encode().hex() not in each["row"]


def test_three_naming_sets_all_date_forms_and_several_holders(office: Office) -> None:
    ids = [fresh(office.service) for _ in range(4)]
    answer = office.push(
        ndjson(
            {"ZZBS": str(ids[0]), "CZZT": HOLDER, "ZZYXQJZRQ": "2029年12月31日"},
            {"certificateIdentifier": str(ids[1]), "certificateHolderName": HOLDER, "certificateExpiringDate": "20291231"},
            {"certificate_identifier": str(ids[2]), "certificate_holder_name": f"{HOLDER}^李样例", "certificate_holder_code": f"{CODE}^", "certificate_validate_end": "2029-12-31", "certificate_area_code": "630000"},
            {"证照标识": str(ids[3]), "holder": [HOLDER, "李样例"], "valid_until": "99991231"},
        ),
        "names",
    )  # fmt: skip
    assert counts(answer) == (4, 0, 0, 0), answer.text
    kept = [
        office.rows("SELECT valid_until, long_term FROM license WHERE identifier = $1", str(id))[0]
        for id in ids
    ]
    assert {str(each["valid_until"]) for each in kept[:3]} == {"2029-12-31"}
    assert kept[3]["long_term"]
    keys = FolderKeys(office.service.settings.key_folder)
    sealed = office.rows("SELECT sealed FROM license WHERE identifier = $1", str(ids[2]))
    held = unseal(keys, str(ids[2]), sealed[0]["sealed"])
    assert [(h.name, h.code) for h in held.holders] == [(HOLDER, CODE), ("李样例", None)]


def test_csv_with_a_mark_and_quotes_like_a_table_program_saves_it(office: Office) -> None:
    ids = [fresh(office.service) for _ in range(2)]
    text = (
        "\ufeffcertificate_identifier,certificate_number,certificate_holder_name\r\n"
        f'{ids[0]},"N,1","样例 ""甲"" 公司"\r\n'
        f"{ids[1]},N-2,乙公司\r\n"
    )
    answer = office.push(text, "csv", media="text/csv")
    assert counts(answer) == (2, 0, 0, 0), answer.text
    assert answer.json()["lines"] == 3, "the header is line 1"
    keys = FolderKeys(office.service.settings.key_folder)
    sealed = office.rows("SELECT sealed FROM license WHERE identifier = $1", str(ids[0]))
    assert unseal(keys, str(ids[0]), sealed[0]["sealed"]).number == "N,1"


def test_one_json_object_may_have_several_lines(office: Office) -> None:
    text = json.dumps(row(fresh(office.service)), indent=2)
    assert counts(office.push(text, "single", media="application/json")) == (1, 0, 0, 0)


def test_a_license_without_an_identifier_keeps_one_internal_name(office: Office) -> None:
    internal = "SELECT identifier FROM license WHERE starts_with(identifier, '0.0.0.0.0.')"
    before = set(office.rows(internal))
    bare = {"type": license_type(office.service), "number": "老证 0001", "holder": HOLDER}
    same = {**bare, "number": "老证0001", "valid_until": "2030-01-01"}
    assert counts(office.push(ndjson(bare, same), "bare-1")) == (1, 0, 1, 0)
    assert counts(office.push(ndjson(same), "bare-2"))[:2] in ((0, 1), (0, 0))
    later = {**bare, "valid_until": "2031-01-01"}
    assert counts(office.push(ndjson(later), "bare-3")) == (0, 1, 0, 0)
    kept = [row for row in office.rows(internal) if row not in before]
    assert len(kept) == 1


# ---- again, and newer


def test_the_same_again_changes_nothing_and_newer_replaces(office: Office) -> None:
    id = fresh(office.service)
    assert counts(office.push(ndjson(row(id)), "again-1")) == (1, 0, 0, 0)
    assert counts(office.push(ndjson(row(id)), "again-2")) == (0, 0, 1, 0)
    changed = row(id, valid_until="2030-12-31")
    assert counts(office.push(ndjson(changed), "again-3")) == (0, 1, 0, 0)
    older = row(id, as_of="2020-01-01T00:00:00Z")
    assert counts(office.push(ndjson(older), "again-4")) == (0, 0, 1, 0)
    (kept,) = office.rows("SELECT valid_until FROM license WHERE identifier = $1", str(id))
    assert str(kept["valid_until"]) == "2030-12-31"


def test_whatever_the_order_the_newest_row_stays(office: Office) -> None:
    for batch, order in (("order-1", (1, 2)), ("order-2", (2, 1))):
        id = fresh(office.service)
        made = [
            row(id, as_of=f"2026-01-0{n}T00:00:00Z", valid_until=f"203{n}-01-01") for n in order
        ]
        for n, each in enumerate(made):
            office.push(ndjson(each), f"{batch}-{n}")
        (kept,) = office.rows("SELECT valid_until FROM license WHERE identifier = $1", str(id))
        assert str(kept["valid_until"]) == "2032-01-01"


def test_a_batch_sent_again_is_recognised_line_by_line(office: Office) -> None:
    text = ndjson(*(row(fresh(office.service)) for _ in range(5)))
    first = office.push(text, "twice")
    again = office.push(text, "twice")
    assert again.json() == first.json()
    assert office.rows("SELECT lines, added FROM import_batch WHERE batch = 'twice'")[0][:] == (
        5,
        5,
    )


@pytest.mark.parametrize("change", ["other", "fewer", "more"])
def test_other_lines_under_the_same_name_are_refused(office: Office, change: str) -> None:
    rows = [row(fresh(office.service)) for _ in range(4)]
    name = f"name-{change}"
    assert office.push(ndjson(*rows), name).status_code == 200
    other = {
        "other": [*rows[:3], row(fresh(office.service))],
        "fewer": rows[:3],
        "more": [*rows, row(fresh(office.service))],
    }[change]
    refused = office.push(ndjson(*other), name)
    assert (refused.status_code, refused.json()["field"]) == (422, "batch")
    wanted = str(other[-1]["identifier"])
    kept = office.rows("SELECT 1 FROM license WHERE identifier = $1", wanted)
    assert bool(kept) == (change == "fewer"), "nothing of it was written"


def test_a_name_is_of_one_kind_and_one_tenant(office: Office) -> None:
    text = ndjson(row(fresh(office.service)))
    assert office.push(text, "one-kind").status_code == 200
    assert office.decide("", "one-kind").json()["field"] == "batch"
    assert office.push(text, "one-kind", who="granted").json()["field"] == "batch"


# ---- bad rows

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"identifier": "1.2.3"}, "identifier", "six parts"),
    ({"identifier": None, "ZZBS": "1.2.3"}, "ZZBS", "six parts"),
    ({"identifier": None, "number": None}, "identifier", "names no license"),
    ({"issuer": "11630000MB0000019J"}, "issuer", "not the issuer of this batch"),
    ({"type": "11100000MB03271699001"}, "type", "not the type that the identifier names"),
    ({"valid_until": "2023-12-31"}, "valid_until", "ends before"),
    ({"valid_until": "2023-02-30"}, "valid_until", "no day"),
    ({"valid_from": "长期"}, "valid_from", "first day"),
    ({"issued_on": "永久"}, "issued_on", "not 长期"),
    ({"holder": None, "holder_code": None}, "holder", "names no holder"),
    ({"holder": ["甲", "乙"], "holder_code": CODE}, "holder_code", "as many codes"),
    ({"holder_code": "110105194912310020", "holder_code_type": "111"}, "holder_code", "mistyped"),
    ({"holder_code": "91630000M000100Y44", "holder_code_type": "001"}, "holder_code", "mistyped"),
    ({"holder": "甲\n乙"}, "holder", "control character"),
    ({"holder": "甲" * 513}, "holder", "longer than 512"),
    ({"holder": 5}, "holder", "not text"),
    ({"number": 5}, "number", "is not text"),
    ({"CZZT": "另一人"}, "CZZT", "stated twice"),
    ({"as_of": "2026-01-01"}, "as_of", "offset"),
    ({"as_of": "2099-01-01T00:00:00Z"}, "as_of", "future"),
    ({"JZJZZSY": "仅用于"}, "JZJZZSY", "annotated copy"),
    ({"valid_untill": "2030-01-01"}, "row", "member 7 has a name"),
    ({"statement": "e30.e30.AA"}, "statement", "typ"),
]


def test_bad_rows_are_named_by_line_field_and_fix_and_good_ones_land(office: Office) -> None:
    good = [fresh(office.service) for _ in range(2)]
    rows = [row(good[0]), *(row(fresh(office.service), **bad) for bad, _, _ in BAD), row(good[1])]
    answer = office.push(ndjson(*rows), "bad")
    assert counts(answer) == (2, 0, 0, len(BAD)), answer.text
    faults = answer.json()["faults"]
    assert [fault["line"] for fault in faults] == list(range(2, len(BAD) + 2))
    for fault, (_, field, fix) in zip(faults, BAD, strict=True):
        assert fault["field"] == field
        assert fix in fault["fix"], fault
    for value in ("另一人", "110105194912310020", "1.2.3", "valid_untill"):
        assert value not in answer.text
    for id in good:
        assert office.rows("SELECT 1 FROM license WHERE identifier = $1", str(id))


def test_a_mistyped_identifier_is_said_to_be_mistyped(office: Office) -> None:
    id = str(fresh(office.service))
    wrong = id[:-1] + ("0" if id[-1] != "0" else "1")
    (fault,) = office.push(ndjson(row(wrong)), "typo").json()["faults"]
    assert (fault["field"], "mistyped" in fault["fix"]) == ("identifier", True)


LINES = [
    (b'{"a": 1', "no JSON object"),
    (b"[]", "no JSON object"),
    (b'{"identifier": "x", "identifier": "y"}', "duplicate member"),
    (b"\xff\xfe", "not UTF-8"),
    (b'{"holder": "\\ud800"}', "surrogate"),
    (b'{"n": 1.5}', "not an integer"),
    (b'{"a":{"b":{"c":1}}}', "deeper"),
    (b"x" * (MAX_LINE + 1), "longer than"),
]


def test_lines_that_are_no_rows(office: Office) -> None:
    good = ndjson(row(fresh(office.service))).encode()
    body = good + b"".join(line + b"\n" for line, _ in LINES) + b"\n  \n" + good[:-1]
    answer = office.push(body, "lines")
    assert counts(answer) == (1, 0, 1, len(LINES)), answer.text
    told = answer.json()
    assert told["lines"] == len(LINES) + 4, "empty lines count and are no rows"
    for number, (fault, (_, fix)) in enumerate(zip(told["faults"], LINES, strict=True), start=2):
        assert (fault["line"], fault["field"]) == (number, "row")
        assert fix in fault["fix"], fault


HEADERS = [
    "identifier,holder,identifier",
    "identifier,,holder",
    "identifier,holder,valid_untill",
    '"identifier,holder',
    "",
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_cannot_be_right_keeps_everything_out(office: Office, header: str) -> None:
    name = f"header-{HEADERS.index(header)}"
    answer = office.push(f"{header}\n{fresh(office.service)},甲,x\n", name, media="text/csv")
    assert (answer.status_code, answer.json()["field"]) == (422, "header")
    assert "valid_untill" not in answer.text
    assert office.progress(name).json()["lines"] == 0


def test_csv_rows_that_do_not_fit_their_header(office: Office) -> None:
    id = fresh(office.service)
    text = f'identifier,holder\n{id}\n{id},甲,乙\n"{id},甲\n{id},甲\n'
    answer = office.push(text, "csv-bad", media="text/csv")
    assert counts(answer) == (1, 0, 0, 3)
    assert [fault["line"] for fault in answer.json()["faults"]] == [2, 3, 4]


# ---- long streams, breaks and dry runs


def settled(office: Office, batch: str) -> Any:
    """The progress of a batch that broke off, once its first chunk is there."""
    for _ in range(500):
        told = office.progress(batch).json()
        if told.get("lines") == CHUNK_LINES:
            return told
        time.sleep(0.02)
    raise AssertionError(told)


def many(office: Office, number: int) -> list[dict[str, Any]]:
    return [row(fresh(office.service), number=f"M{n}") for n in range(number)]


def test_a_batch_goes_on_after_its_last_acknowledged_line(office: Office) -> None:
    rows = many(office, 2 * CHUNK_LINES + 10)
    text = ndjson(*rows)

    def breaks_off():
        lines = text.encode().splitlines(keepends=True)
        yield b"".join(lines[: CHUNK_LINES + 500])
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        office.push(breaks_off(), "breaks")
    told = settled(office, "breaks")
    assert (told["lines"], told["added"], told["finished"]) == (CHUNK_LINES, CHUNK_LINES, False)
    rest = ndjson(*rows[CHUNK_LINES:])
    wrong = office.push(rest, "breaks", after=CHUNK_LINES - 1)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "after")
    assert str(CHUNK_LINES) in wrong.json()["detail"]
    done = office.push(rest, "breaks", after=CHUNK_LINES)
    assert counts(done) == (len(rows), 0, 0, 0)
    assert done.json()["finished"]
    assert office.push(text, "breaks").json() == done.json(), "and the whole again is the same"
    kept = office.rows("SELECT count(*) FROM license WHERE identifier = ANY ($1)", [r["identifier"] for r in rows])  # fmt: skip
    assert kept[0][0] == len(rows)


def test_a_csv_goes_on_with_its_header_before_the_rest(office: Office) -> None:
    ids = [fresh(office.service) for _ in range(CHUNK_LINES + 5)]
    head, lines = "identifier,holder\n", [f"{id},甲\n" for id in ids]

    def breaks_off():
        yield (head + "".join(lines[: CHUNK_LINES + 1])).encode()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        office.push(breaks_off(), "csv-breaks", media="text/csv")
    at = settled(office, "csv-breaks")["lines"]
    rest = head + "".join(lines[at - 1 :])
    done = office.push(rest, "csv-breaks", media="text/csv", after=at)
    assert counts(done) == (len(ids), 0, 0, 0), done.text
    again = office.push(head + "".join(lines), "csv-breaks", media="text/csv")
    assert again.json() == done.json()


def test_a_dry_run_says_what_would_be_and_keeps_nothing(office: Office) -> None:
    rows = [row(fresh(office.service)), row("1.2.3")]
    tried = office.push(ndjson(*rows), "dry", dry_run=True)
    assert counts(tried) == (1, 0, 0, 1)
    assert tried.json()["faults"][0]["line"] == 2
    assert office.progress("dry").status_code == 404
    assert not office.rows("SELECT 1 FROM license WHERE identifier = $1", rows[0]["identifier"])
    assert counts(office.push(ndjson(*rows), "dry")) == (1, 0, 0, 1), "the twin"


def test_bad_lines_are_named_page_by_page(office: Office) -> None:
    office.push("{}\n" * 150, "pages")
    first = office.progress("pages").json()
    assert (first["bad"], len(first["faults"])) == (150, 100)
    rest = office.progress("pages", faults_after=first["faults"][-1]["line"]).json()
    assert [fault["line"] for fault in rest["faults"]] == list(range(101, 151))


def test_a_chunk_whose_acknowledgement_was_lost_is_not_taken_twice(office: Office) -> None:
    """Two workers with one batch: the second finds the first's chunk, or is told to look."""

    async def run() -> None:
        database = await Database.open(office.service.database_url)
        reader = RowReader(office.service.settings.key_folder)
        try:
            keys = FolderKeys(office.service.settings.key_folder)
            imports = PostgresImports(database, keys)
            importer = Importer(
                imports=imports,
                reader=reader,
                keys=keys,
                clock=lambda: datetime.now(UTC),
                version="0",
            )
            id = BatchId.read(f"{office.code}.lost-ack")
            assert id is not None
            sending = Sending(
                id=id,
                kind=Kind.LICENSES,
                format=RowFormat.NDJSON,
                asker=Asker(caller="x", tenant="traffic-office"),
            )
            body = ndjson(row(fresh(office.service))).encode()

            async def pieces():
                yield body

            both = await asyncio.gather(
                importer.take(sending, pieces()),
                importer.take(sending, pieces()),
                return_exceptions=True,
            )
            assert any(not isinstance(each, Exception) for each in both), both
            done = await importer.take(sending, pieces())
            assert (done.lines, done.added, done.finished) == (1, 1, True)
        finally:
            reader.close()
            await database.close()

    asyncio.run(run())


def test_a_sender_who_falls_silent_is_let_go_and_what_was_acknowledged_stays(
    office: Office,
) -> None:
    host, port = office.service.url.removeprefix("http://").split(":")
    line = ndjson(row(fresh(office.service))).encode()
    request = (
        f"POST /v1/imports?issuer={office.code}&batch=silent HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {office.keys['own']}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {2 * len(line)}\r\n\r\n"
    ).encode()
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request + line)
        answer = connection.recv(65536)
    assert b" 408 " in answer.splitlines()[0]
    assert office.progress("silent").json()["finished"] is False


# ---- who may


SENT = [
    ("own", "/v1/imports", 200),
    ("granted", "/v1/imports", 200),
    ("stranger", "/v1/imports", 403),
    ("verifier", "/v1/imports", 403),
    ("own-decides", "/v1/imports", 403),
    ("own-decides", "/v1/status-changes", 200),
    ("granted-decides", "/v1/status-changes", 200),
    ("stranger-decides", "/v1/status-changes", 403),
    ("own", "/v1/status-changes", 403),
]


@pytest.mark.parametrize(("who", "path", "status"), SENT)
def test_scope_tenant_and_issuer_decide_who_may_write(
    office: Office, who: str, path: str, status: int
) -> None:
    decides = path.endswith("changes")
    one = {"identifier": str(fresh(office.service)), "decision": "注销", "since": "2026-01-01"}
    text = ndjson(one if decides else row(fresh(office.service)))
    answer = office.push(text, f"may-{who}-{decides:d}", who=who, path=path)
    assert answer.status_code == status, answer.text
    nobody = office.push(text, "nobody", who="own", issuer="630199")
    foreign = office.push(
        text, "foreign", who="own", issuer=office.service.world.body("university").code
    )
    assert nobody.status_code == foreign.status_code == 403
    assert nobody.content == foreign.content, "unknown and not yours look alike"


def test_rows_of_another_issuer_are_refused_one_by_one(office: Office) -> None:
    other = office.service.world.pick("university")
    (fault,) = office.push(ndjson(row(other.id)), "foreign-rows").json()["faults"]
    assert (fault["field"], "another issuer" in fault["fix"]) == ("identifier", True)


def test_a_grant_taken_back_ends_at_once(office: Office) -> None:
    text = ndjson(row(fresh(office.service)))
    assert office.push(text, "grant-1", who="granted").status_code == 200
    now = datetime.now(UTC)
    office.service.write(lambda s: callers.withdraw_issuer(s, "platform", office.code, now))
    try:
        assert office.push(text, "grant-2", who="granted").status_code == 403
    finally:
        office.service.write(lambda s: callers.grant_issuer(s, "platform", office.code))
    assert office.push(text, "grant-3", who="granted").status_code == 200


def test_progress_of_another_tenant_is_unknown(office: Office) -> None:
    office.push(ndjson(row(fresh(office.service))), "mine")
    assert office.progress("mine").status_code == 200
    other, never = office.progress("mine", who="stranger"), office.progress("never")
    assert (other.status_code, other.content) == (never.status_code, never.content)
    assert other.status_code == 404


def test_every_chunk_has_its_row_in_the_audit_log(office: Office) -> None:
    office.push(ndjson(*many(office, CHUNK_LINES + 1)), "audited")
    rows = office.rows("SELECT body FROM audit WHERE operation = 'import_records'")
    told = [json.loads(each["body"]) for each in rows]
    mine = [each for each in told if each["object"].startswith(f"{office.code}.audited ")]
    assert [each["object"].split()[1] for each in mine] in (
        [f"1-{CHUNK_LINES}", f"{CHUNK_LINES + 1}-{CHUNK_LINES + 1}"],
        [f"{CHUNK_LINES + 1}-{CHUNK_LINES + 1}", f"1-{CHUNK_LINES}"],
    )
    assert {(e["caller"], e["tenant"], e["issuer"]) for e in mine} == {
        ("imports-own", "traffic-office", office.code)
    }


BODIES = [("text/plain", 415), ("", 415), ("multipart/form-data", 415)]


@pytest.mark.parametrize(("media", "status"), BODIES)
def test_other_media_are_refused(office: Office, media: str, status: int) -> None:
    assert office.push("{}", "media", media=media).status_code == status


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x" * 65, "张三", "../x"])
def test_names_of_batches_are_plain(office: Office, name: str) -> None:
    answer = office.push("", name)
    assert (answer.status_code, answer.json()["field"]) == (422, "batch")


def test_memory_of_a_stream_is_bounded_by_chunks() -> None:
    """However long the stream: at most one chunk is cut ahead, and none is larger than its bound."""
    pulled = 0

    async def body():
        nonlocal pulled
        line = b"x" * 1000 + b"\n"
        for _ in range(50):
            pulled += 1
            yield line * 300

    async def run() -> None:
        seen = 0
        async for lines in importing.chunked(body()):
            seen += 1
            assert len(lines) <= CHUNK_LINES
            assert sum(len(line or b"") for line in lines) < importing.CHUNK_BYTES + MAX_LINE
            assert pulled * 300 - seen * CHUNK_LINES < 2 * CHUNK_LINES
        assert seen == 15

    asyncio.run(run())


def test_the_clock_of_a_batch_is_that_of_its_first_line(office: Office) -> None:
    """What a later batch brought is not undone by an earlier one that goes on late."""
    id = fresh(office.service)
    early = ndjson(row(fresh(office.service)), row(id, valid_until="2030-01-01"))

    def only_begins():
        yield early.encode().splitlines(keepends=True)[0] * 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        office.push(only_begins(), "early")
    assert counts(office.push(ndjson(row(id, valid_until="2031-01-01")), "late")) == (1, 0, 0, 0)
    office.rows("UPDATE import_batch SET as_of = as_of - $1::interval WHERE batch = 'early'", timedelta(hours=1))  # fmt: skip
    assert counts(office.push(early, "early")) == (1, 0, 1, 0)
    (kept,) = office.rows("SELECT valid_until FROM license WHERE identifier = $1", str(id))
    assert str(kept["valid_until"]) == "2031-01-01"
