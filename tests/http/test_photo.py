"""Photos over HTTP: a real decoder in its own process, real issuers, and pictures meant to harm."""

import io
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from app.imaging import program
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.pdf_attacks import PDF_ATTACKS
from sandbox.photos import Shot, photograph, png_of_size
from sandbox.samples import asked
from tests.service import VERIFICATIONS, Service, line

GROWTH = 40 * 1024 * 1024
"""Bytes the service may grow by, whatever pictures it is sent."""


@pytest.fixture
def photo(service: Service) -> bytes:
    return photograph([service.world.token(service.world.pick("traffic"))], Shot(turn=(4, 3, 5)))


def decoder_pids() -> list[int]:
    """Processes of this one that read pictures."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"PPid:\t{os.getpid()}\n" in (folder / "status").read_text()
            if mine and program.__file__.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_a_photo_of_a_genuine_license_is_a_copy_with_its_status(
    service: Service, photo: bytes
) -> None:
    license = service.world.pick("traffic")
    assert service.told(service.world.token(license)) == "valid"
    report = service.verify(photo)["report"]
    assert line(report) == "indeterminate unsigned_copy"
    assert report["format"] == "photo"
    assert report["versions"]["policy"] == "photo-1"
    assert [code["holds"] for code in report["photo"]["codes"]] == ["license_token"]
    assert report["answer"]["said"]["outcome"] == 0
    (signature,) = report["signatures"]
    assert signature["checks"]["signature_holds"] == "passed"


def test_what_was_typed_is_compared_one_by_one(service: Service, photo: bytes) -> None:
    license, other = service.world.of("traffic", "in_force")[:2]
    typed = {name: str(asked(license)[name]) for name in ("number", "holder", "holder_code")}
    mine = service.verify(photo, **typed)["report"]
    assert {pair["fact"]: pair["match"] for pair in mine["facts_compared"]}["holder"] == "match"
    assert line(mine) == "indeterminate unsigned_copy"
    wrong = service.verify(photo, **{**typed, "holder": asked(other)["holder"]})["report"]
    assert line(wrong) == "invalid record_mismatch"


@pytest.mark.parametrize(
    ("scenario", "told"),
    [("suspended", "invalid suspended"), ("renewed", "indeterminate unsigned_copy")],
)
def test_the_status_of_the_record(service: Service, scenario: str, told: str) -> None:
    license = service.world.pick("traffic", scenario)
    assert service.told(photograph([license.id.encode()])) == told


def test_two_licenses_in_one_picture_ask_nobody(service: Service) -> None:
    first, second = service.world.of("traffic", "in_force")[:2]
    before = service.asked()
    both = photograph([service.world.token(first), service.world.token(second)], Shot(module=3))
    assert service.told(both) == "indeterminate multiple_codes"
    assert service.asked() == before


def test_a_strange_address_is_told_in_both_languages_and_never_fetched(service: Service) -> None:
    before = service.asked()
    address = f"{service.issuers.endpoints[service.world.body('traffic').code]}/login"
    report = service.verify(photograph([address.encode()]))["report"]
    assert line(report) == "indeterminate unofficial_url"
    assert "警惕" in report["explanation"]["clerk"]["zh"]
    assert "Beware" in report["explanation"]["clerk"]["en"]
    assert "login" not in str(report)
    assert service.asked() == before


def test_where_no_list_is_followed_no_address_is_official(service: Service) -> None:
    code = b"https://zheng.qinghai.gov.cn/c/N-1"
    assert service.told(photograph([code])) == "indeterminate unofficial_url"


def test_typed_facts_go_with_pictures_only(service: Service, photo: bytes) -> None:
    token = service.world.token(service.world.pick("traffic"))
    service.verify(photo, number="N-1")
    told = service.verify(token, status=422, number="N-1")
    assert told["field"] == "number"


def camera(content: bytes, secret: str) -> bytes:
    """A JPEG that says where it was taken, and by whom."""
    exif = Image.Exif()
    exif[0x013B] = secret
    exif.get_ifd(0x8825)[1] = "N"
    made = io.BytesIO()
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.save(made, "JPEG", exif=exif, comment=secret.encode())
    return made.getvalue()


def test_qr07_what_a_camera_writes_into_a_picture_is_kept_nowhere(
    service: Service, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "Zhang-San-at-36.6171N-101.7782E"
    answer = service.verify(camera(photo, secret))
    assert line(answer["report"]) == "indeterminate unsigned_copy"
    assert secret not in str(answer)
    assert secret not in caplog.text
    rows = service.sql("SELECT facts::text, evidence::text, report::text, jws FROM verification")
    assert rows
    assert not any(secret in str(tuple(row)) for row in rows)


HOSTILE = {
    "81_mpx": (png_of_size(9000, 9000), "indeterminate beyond_limits"),
    "20_mpx_of_nothing": (png_of_size(4500, 4500), "indeterminate code_missing"),
    "truncated": (photograph([b"x"])[:400], "indeterminate image_not_read"),
    "head_alone": (b"\xff\xd8\xff", "indeterminate image_not_read"),
    "polyglot": (photograph([b"x"]) + b"<html>PK\3\4%PDF-1.7", "indeterminate code_names_nothing"),
    "eight_mib": (photograph([b"x"]) + bytes(8 * 1024 * 1024), "indeterminate beyond_limits"),
}


def resident() -> int:
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_qr01_hostile_pictures_grow_nothing_and_each_has_its_verdict(
    service: Service, photo: bytes
) -> None:
    service.verify(photo)
    service.told(HOSTILE["eight_mib"][0])  # buffers of this size are made once
    before = resident()
    for _ in range(3):
        for name, (content, told) in HOSTILE.items():
            assert service.told(content) == told, name
    assert resident() - before < GROWTH
    assert service.told(photo) == "indeterminate unsigned_copy"
    assert service.client.get("/livez").status_code == 200


BOMBS = (
    *("zip_bomb", "zip_bomb_understated", "zip_overlap", "zip_many_entries", "xml_deep"),
    *("xml_many_attributes", "structure_loop", "structure_section_bomb", "structure_index_bomb"),
    *("structure_object_bomb", "structure_nested", "usf_range_huge"),
)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_hostile_documents_grow_nothing_and_each_has_its_verdict(service: Service) -> None:
    """Bombs of every layer, of OFD and PDF: as pictures, in the process that answers."""
    attacks = {**OFD_ATTACKS, **PDF_ATTACKS}
    made = {name: attacks[name].make(service.world) for name in BOMBS}
    twin = service.world.ofd(service.world.of("market", "in_force")[0], "stamp-service")
    as_ever = service.told(twin)
    for content in made.values():
        service.told(content)  # buffers of every size are made once
    before = resident()
    for _ in range(2):
        for name, content in made.items():
            conclusion, _, reason = service.told(content).partition(" ")
            expected = {attacks[name].reason, *attacks[name].also}
            assert conclusion == attacks[name].conclusion, name
            assert reason in expected, (name, reason, expected)
    assert resident() - before < GROWTH
    assert service.told(twin) == as_ever
    assert service.client.get("/livez").status_code == 200


@pytest.mark.skipif(not Path("/proc").exists(), reason="no /proc here")
def test_qr02_a_decoder_killed_in_the_act_is_a_verdict_and_the_service_stays(
    service: Service, photo: bytes
) -> None:
    token = service.world.token(service.world.pick("traffic"))
    service.verify(photo)
    (pid,) = decoder_pids()
    os.kill(pid, signal.SIGSTOP)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(service.told(photo)))
    asking.start()
    assert service.told(token) == "valid"  # others are answered while a picture is under way
    time.sleep(0.5)
    os.kill(pid, signal.SIGKILL)
    asking.join(30)
    assert answers == ["indeterminate image_not_read"]
    assert service.told(photo) == "indeterminate unsigned_copy"
    assert decoder_pids() != [pid]


def test_nothing_typed_is_in_the_openapi_description_of_other_bodies(service: Service) -> None:
    described = service.client.get("/openapi.json").json()["paths"][VERIFICATIONS]["post"]
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert {"file", "number", "holder", "holder_code", "identifier"} <= form.keys()
