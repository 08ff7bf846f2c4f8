"""The public lists: what is registered and how it answers; nothing of anybody who asked."""

import re
from html import unescape

import pytest

from app.registry.directory import Availability, availability
from app.routers.list_texts import LISTS
from app.routers.lists import PER_PAGE, sheet
from tests.service import Service

PAGES = {"/issuers": "issuers.html", "/types": "types.html", "/help": "help.html"}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_each_is_there_without_a_cookie(service: Service, path: str, lang: str) -> None:
    answer = service.client.get(path, params={"lang": lang})
    assert answer.status_code == 200
    assert LISTS[PAGES[path]][lang]["title"] in unescape(answer.text)
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-robots-tag"] == ("all" if path == "/help" else "noindex")


def test_issuers_with_what_they_issue(service: Service) -> None:
    page = unescape(service.client.get("/issuers?lang=zh").text)
    for row in service.sql("SELECT code, name, types FROM issuer"):
        assert row["code"] in page
        assert row["name"] in page
    names = {row["code"]: row["name"] for row in service.sql("SELECT code, name FROM license_type")}
    issued = service.sql("SELECT unnest(types) AS type FROM issuer")
    assert issued
    for row in issued:
        assert names[row["type"]] in page


def test_types_with_what_they_ask(service: Service) -> None:
    page = unescape(service.client.get("/types?lang=en").text)
    rows = service.sql("SELECT code, name_en FROM license_type")
    assert rows
    for row in rows:
        assert row["code"] in page
        assert row["name_en"] in page


def test_finding_by_name_or_code(service: Service) -> None:
    # Other tests register bodies too, some under names like these.
    every = service.sql("SELECT code, name_en FROM issuer WHERE name_en <> '' ORDER BY code")
    names = [each["name_en"].upper() for each in every]
    row = next(
        each for each in every if sum(each["name_en"].upper() in name for name in names) == 1
    )
    for find in (row["code"], row["code"].lower(), row["name_en"].upper()):
        page = service.client.get("/issuers", params={"lang": "en", "find": find}).text
        assert page.count("<article>") == 1
        assert row["code"] in page
    none = service.client.get("/issuers", params={"lang": "en", "find": "nobody at all"}).text
    assert "<article>" not in none
    assert LISTS["issuers.html"]["en"]["none"] in unescape(none)


def test_spaces_do_not_hide_a_name_and_a_type_leads_to_its_issuers(service: Service) -> None:
    row = service.sql("SELECT code, name, types FROM issuer WHERE types <> '{}' ORDER BY code")[0]
    spaced = f" {row['name'][:2]} {row['name'][2:]}\u3000"
    assert row["code"] in service.client.get("/issuers", params={"find": spaced}).text
    kinds = service.client.get("/types?lang=zh").text
    (link,) = re.findall(rf'href="(/issuers\?[^"]*find={row["types"][0]})"', kinds)
    listed = service.client.get(unescape(link)).text
    assert row["code"] in listed
    issued = service.sql(f"SELECT count(*) FROM issuer WHERE '{row['types'][0]}' = ANY (types)")
    assert listed.count("<article>") == issued[0][0]
    half = service.client.get("/issuers", params={"find": row["types"][0][:-1]}).text
    assert row["code"] not in re.findall(r'class="code">([^<]*)<', half), "the whole code only"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_how_old_the_register_is_stands_where_lists_do(service: Service, lang: str) -> None:
    page = unescape(service.client.get(f"/help?lang={lang}").text)
    told = re.escape(LISTS["help.html"][lang]["last"])
    assert re.search(told + r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ?[（(]", page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_domain_to_compare_is_spoken_of_only_where_one_is_told(
    service: Service, lang: str
) -> None:
    words = LISTS["help.html"][lang]
    page = unescape(service.client.get(f"/help?lang={lang}").text)
    assert words["no_address"] in page
    assert words["real_domain"] not in page
    assert ("上面" if lang == "zh" else "above") in words["real_domain"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_page_names_the_service_and_nowhere_else_there_is_a_page(
    service: Service, lang: str
) -> None:
    for path in ("/", "/r", "/issuers", "/types", "/help", "/wrong"):
        page = service.client.get(path, params={"lang": lang}).text
        assert re.search(
            r'class="brand"><strong lang="zh">证验</strong> <span[^>]*>Zhengyan<', page
        )
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    lost = service.client.get(f"/nothing/here?lang={lang}", headers=html)
    assert lost.status_code == 404
    assert LISTS["nothing.html"][lang]["lead"] in lost.text
    assert "/nothing/here" not in lost.text
    assert lost.headers["content-security-policy"].startswith("default-src 'none'")
    for path, headers in (("/nothing/here", {}), ("/v1/nothing", html)):
        answer = service.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_what_is_looked_for_is_text(service: Service) -> None:
    hostile = '"><script>alert(1)</script>\u202e'
    page = service.client.get("/types", params={"find": hostile}).text
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert service.client.get("/types", params={"find": "x" * 999}).status_code == 422


def test_the_public_learns_no_numbers_of_inquiries(service: Service) -> None:
    page = service.client.get("/issuers?lang=en").text
    told = re.findall(r"<dt>Answers</dt><dd>([^<]*)</dd>", page)
    assert told
    words = set(LISTS["issuers.html"]["en"]["availability"].values())
    assert set(map(unescape, told)) <= words
    assert not any(re.search(r"\d", word) for word in words)


def test_availability_in_one_word() -> None:
    assert availability(endpoint=True, asked=100, answered=99) is Availability.STEADY
    assert availability(endpoint=True, asked=100, answered=98) is Availability.GAPS
    assert availability(endpoint=True, asked=100, answered=0) is Availability.SILENT
    assert availability(endpoint=True, asked=0, answered=0) is Availability.UNASKED
    assert availability(endpoint=False, asked=0, answered=0) is Availability.NO_ENDPOINT


def test_a_long_list_has_pages() -> None:
    items = list(range(2 * PER_PAGE + 1))
    assert [len(sheet(items, page, "").items) for page in (1, 2, 3)] == [PER_PAGE, PER_PAGE, 1]
    assert sheet(items, 99, "").page == 3, "the last there is"
    assert sheet(items, 1, "a&b").query(2) == "find=a%26b&page=2"
    assert sheet([], 1, "").pages == 1


def test_display_is_kept_by_every_link(service: Service) -> None:
    page = service.client.get("/issuers?lang=en&look=large").text
    inner = re.findall(r'href="(/(?!static|v1|\.well)[^"]*)"', page)
    assert inner
    assert all("lang=en&amp;look=large" in each for each in inner), inner
    assert '<html lang="en" class="large">' in page
    assert 'class=""' in service.client.get('/issuers?lang=en&look="><b>').text
