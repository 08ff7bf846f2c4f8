"""Nothing the console can do that the interface cannot: part by part, over the same rows."""

import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.certificates import read_certificate
from app.domain.audit import Operation
from app.domain.caller import Scope, Tenant
from app.domain.conduct import SLOTS
from app.domain.dispute import DisputeState, Element
from app.domain.errors import Refused
from app.domain.reasons import Reason
from app.domain.verdict import BEIJING, Conclusion
from app.registry import callers
from app.registry.authorities import put_authorities, read_authorities
from app.registry.overview import SHOWN, Ending, Ends
from app.reports.catalogue import entry_of
from app.routers.access import ROUTES
from app.routers.console_parts import SECTIONS
from app.routers.console_texts import CONSOLE
from app.routers.wrong_texts import WRONG
from app.schemas.operating_asked import (
    AuditIn,
    ConflictsIn,
    EndingsIn,
    FaresIn,
    after_ending,
)
from app.schemas.paging import MAX, place
from sandbox.trust import authorities
from tests.callers.test_access_over_http import bearer, caller_with
from tests.service import Service, described
from tests.web.browser import axe, chromium
from tests.web.test_console import PASSWORD, SCOPES, add, code, desk, inside

__all__ = ["axe", "chromium", "desk"]

PROJECT = Path(__file__).parents[2]
DAYS = timedelta(days=1)
WAYS_IN = {
    ("GET", "/console"),
    ("POST", "/console/login"),
    ("POST", "/console/logout"),
    ("GET", "/console/key"),
    ("POST", "/console/key"),
}
"""A system has credentials (docs/callers.md), and sends them with each request."""
SAME = {
    ("GET", "/console/proposals/{number}"): ("GET", "/v1/trust/proposals/{number}"),
    ("GET", "/console/proposals/{number}/signed"): ("GET", "/v1/trust/proposals/{number}"),
    ("POST", "/console/proposals"): ("POST", "/v1/trust/proposals"),
    ("POST", "/console/proposals/{number}"): ("POST", "/v1/trust/proposals/{number}/decisions"),
}
"""What is no part of its own → what a system calls for the same."""
PARTS = ("GET", "/console/{section}")
ROLE = {
    "overview": "ops", "health": "ops", "conflicts": "ops", "disputes": "clerk", "audit": "auditor",
}  # fmt: skip


# ---- every route of the console has its counterpart


def test_whatever_the_console_has_a_system_can_call() -> None:
    """A route or a part without a counterpart turns this red, and so does one without its scopes:
    who carries what people signed is a system, and has a scope of its own (docs/adr/0033).
    """
    there = {route for route in ROUTES if route[1].startswith("/console")}
    assert there == WAYS_IN | SAME.keys() | {PARTS}
    assert all(route in ROUTES for route in SAME.values())
    for name, part in SECTIONS.items():
        assert part.interface, name
        for path in part.interface:
            may = part.scopes if name != "proposals" else frozenset({Scope.TRUST_MAKE})
            assert ROUTES["GET", path] in (may, frozenset(part.scopes)), (name, path)


def test_the_document_names_the_same_counterparts() -> None:
    text = (PROJECT / "docs/console.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) [^|]*\| (`GET /v1[^|]*)\|", text, re.MULTILINE))
    assert rows.keys() == SECTIONS.keys()
    for name, part in SECTIONS.items():
        named = set(re.findall(r"`GET (/v1/[^`]+)`", rows[name]))
        assert named >= set(part.interface), name
        assert all(("GET", path) in ROUTES for path in named), name


def test_every_word_that_is_shown_is_there_in_both_languages() -> None:
    for lang, other in (("zh", "en"), ("en", "zh")):
        t = CONSOLE[lang]
        assert set(t["kinds"]) == set(Ends)
        assert set(t["conclusions"]) == set(Conclusion)
        assert set(t["operations"]) == set(Operation)
        assert len(set(t["operations"].values())) == len(Operation), "told apart"
        assert set(WRONG[lang]["elements"]) == set(Element)
        assert set(WRONG[lang]["states"]) == set(DisputeState)
        for name, words in t.items():
            assert type(words) is type(CONSOLE[other][name])
    titles = [entry_of(reason).texts.title for reason in Reason]
    assert not any("{" in title.zh + title.en for title in titles), "no blank to fill"


# ---- over the same rows


@pytest.fixture(scope="module")
def rows(desk: Service) -> Service:
    """More of everything than one page holds, at times within the last hours."""
    now = datetime.now(UTC)
    desk.write(lambda s: callers.add_tenant(s, Tenant("bank", "样例", None, "630000")))
    desk.sql(
        "INSERT INTO verification (id, at, conclusion, reason, subject, basis, policy, issuer,"
        " type, conflict, answer, evidence, report, jws)"
        " SELECT 'capability-' || i, $1::timestamptz - (i / 3) * interval '1 minute',"
        " (ARRAY['valid', 'invalid', 'indeterminate'])[1 + i % 3],"
        " (ARRAY[NULL, 'signature_invalid', 'issuer_unreachable'])[1 + i % 3], 'record', 'facts',"
        " 'license/1', $2, '11100000MB03271699001', i % 2 = 0, '{}', '[]', '{}', ''"
        " FROM generate_series(0, 699) AS i",
        now,
        desk.world.body("traffic").code,
    )
    desk.sql(
        "INSERT INTO issuer (code, name, name_en, types)"
        " SELECT (100000 + i)::text, '样例 ' || i, 'Sample ' || i, '{}'"
        " FROM generate_series(1, 230) AS i"
    )
    desk.sql(
        "INSERT INTO issuer_health (issuer, minute, asked, answered, repeated, rested, retried,"
        " probes, conflicts, seconds, slots, silences, silent)"
        " SELECT (100000 + i)::text, date_trunc('minute', $1::timestamptz) - interval '2 minutes',"
        " 10, 10 - i % 7, 0, i % 3, 0, 0, i % 2, 1.5, ARRAY[1, 2, 3, 4, 0, 0, 0, i % 2], '{}', '{}'"
        " FROM generate_series(1, 220) AS i",
        now,
    )
    desk.sql(
        "INSERT INTO issuer_key (owner, key_id, scheme, spki, sha256, uses, not_before, not_after)"
        " SELECT '100001', '钥 ' || i, 'ed25519', ''::bytea, sha256(i::text::bytea), '{answer}',"
        " $1::timestamptz - interval '1 day', $1::timestamptz + (1 + i / 5) * interval '1 hour'"
        " FROM generate_series(1, 210) AS i",
        now,
    )
    desk.sql(
        "INSERT INTO audit (chain, seq, at, tenant, operation, body, digest, hash)"
        " SELECT 9 + i % 2, 1 + i / 2, $1::timestamptz - (i / 4) * interval '1 second', 'bank',"
        " 'draw', convert_to('{\"caller\":\"c' || i || '\",\"result\":\"answered\"}', 'UTF8'),"
        " sha256(''), sha256('') FROM generate_series(0, 249) AS i",
        now - 2 * DAYS,
    )
    desk.sql(
        "INSERT INTO dispute (reference, type, issuer, element, state, filed_at, changed_at)"
        " SELECT lpad(i::text, 20, '0'), '11100000MB03271699001', '100001', 'valid_until',"
        " CASE WHEN i % 2 = 0 THEN 'open' ELSE 'with_issuer' END, $1, $1"
        " FROM generate_series(1, 130) AS i",
        now,
    )
    return desk


@pytest.fixture(scope="module")
def systems(rows: Service) -> dict[str, dict[str, str]]:
    """Role → credentials of a system with the scopes of an operator of that role."""
    return {
        role: bearer(caller_with(rows, set(scopes)))
        for role, scopes in SCOPES.items()
        if role in ROLE.values()
    }


@pytest.fixture(scope="module")
def browsers(rows: Service) -> Iterator[dict[str, httpx.Client]]:
    made = {role: inside(rows, f"same-{role}", SCOPES[role]) for role in set(ROLE.values())}
    yield made
    for browser in made.values():
        browser.close()


def told(desk: Service, headers: dict[str, str], path: str, **query: Any) -> dict[str, Any]:
    answer = desk.client.get(path, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def pages(
    desk: Service, headers: dict[str, str], path: str, member: str, **query: Any
) -> list[list[dict[str, Any]]]:
    """Every page there is, one after another."""
    found, more = [], None
    while not found or more:
        page = told(desk, headers, path, **query, **({"after": more} if more else {}))
        found.append(page[member])
        more = page["next"]
    return found


def shown(browser: httpx.Client, section: str, **query: str) -> list[list[list[str]]]:
    """The cells of every page of a part of the console, by its own links."""
    found, address = [], f"/console/{section}?{urlencode({'lang': 'en', **query})}"
    while address:
        page = browser.get(address)
        assert page.status_code == 200
        body = page.text.rpartition("<tbody>")[2].partition("</tbody>")[0]
        found.append(
            [
                [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in re.split("</td>", row)[:-1]]
                for row in re.findall("<tr>(.*?)</tr>", body, re.DOTALL)
            ]
        )
        found[-1] = [[cell.strip() for cell in row] for row in found[-1]]
        link = re.search(rf'href="(/console/{section}\?[^"]*(?:after|before)=[^"]+)"', page.text)
        address = html.unescape(link[1]) if link else ""
    return found


def flat(found: list[list[Any]]) -> list[Any]:
    return [each for page in found for each in page]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def beijing(text: str) -> str:
    return f"{moment(text).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def text(value: object) -> str:
    return "" if value is None else str(value)


def test_overview(rows: Service, systems: Any, browsers: Any) -> None:
    page = browsers["ops"].get("/console/overview?lang=en").text
    row = r'<th scope="row">(.*?)</th><td><svg .*?</svg> (\d+)</td>'
    lists = [re.findall(row, part) for part in page.split('<table class="bars">')[1:3]]
    counts, times = ([(html.unescape(name), int(n)) for name, n in each] for each in lists)
    said = told(rows, systems["ops"], "/v1/statistics/verdicts")
    assert said["total"] >= 700
    assert [
        (f"{each['conclusion']} {each['reason'] or ''}".strip(), each["count"])
        for each in said["verdicts"]
    ] == [(name.partition(" (")[0], n) for name, n in counts]
    said = told(rows, systems["ops"], "/v1/statistics/answer-times")
    assert len(said["times"]) == len(SLOTS) + 1
    assert [each["count"] for each in said["times"]] == [n for _, n in times]
    assert said["total"] == sum(n for _, n in times) >= 2200
    ends = flat(pages(rows, systems["ops"], "/v1/trust/endings", "endings"))
    kinds = CONSOLE["en"]["kinds"]
    assert [[beijing(e["ends"]), kinds[e["kind"]], e["name"]] for e in ends] == flat(
        shown(browsers["ops"], "overview")
    )
    assert {"key", "list"} & {e["kind"] for e in ends}


def test_health(rows: Service, systems: Any, browsers: Any) -> None:
    path, member = "/v1/issuers/health", "issuers"
    worst = pages(rows, systems["ops"], path, member, order="unanswered")
    assert [
        [
            *(each["issuer"], each["name"]["en"], text(each["asked"]), text(each["answered"])),
            *(text(each["rested"]), text(each["conflicts"]), text(each["mean_milliseconds"])),
        ]
        for each in flat(worst)
    ] == flat(shown(browsers["ops"], "health"))
    by_code = flat(pages(rows, systems["clerk"], path, member))
    assert [each["issuer"] for each in by_code] == sorted(each["issuer"] for each in by_code)
    assert sorted(map(str, by_code)) == sorted(map(str, flat(worst)))
    quiet = [each["issuer"] for each in by_code if not each["asked"]]
    assert "100225" not in {each["issuer"] for each in by_code}, "no endpoint, and never asked"
    assert quiet, "bodies that nobody asked are told of"
    one = next(each for each in by_code if each["issuer"] == "100013")
    alone = told(rows, systems["ops"], "/v1/issuers/100013/health")["last_day"]
    same = ("asked", "answered", "availability_percent", "rested", "conflicts")
    assert [one[name] for name in (*same, "mean_milliseconds")] == [
        alone[name] for name in (*same, "mean_milliseconds")
    ]


def test_conflicts(rows: Service, systems: Any, browsers: Any) -> None:
    found = pages(rows, systems["auditor"], "/v1/conflicts", "conflicts")
    assert [len(page) for page in found] == [SHOWN, SHOWN, SHOWN, 50]
    assert [
        [
            *(beijing(e["at"]), e["conclusion"], text(e["reason"]), e["issuer"], e["name"]["en"]),
            *(e["type"], e["policy"]),
        ]
        for e in flat(found)
    ] == flat(shown(browsers["ops"], "conflicts"))
    assert "capability-" not in str(found), "an id opens its report"


def test_disputes(rows: Service, systems: Any, browsers: Any) -> None:
    found = pages(rows, systems["clerk"], "/v1/issuers/disputes", "disputes")
    words = WRONG["en"]
    assert [len(page) for page in found] == [SHOWN, 30]
    assert [
        [
            *(beijing(d["filed_at"]), d["reference"], d["issuer"], d["type"]),
            *(words["elements"][d["element"]], words["states"][d["state"]]),
        ]
        for d in flat(found)
    ] == flat(shown(browsers["clerk"], "disputes"))


def test_audit(rows: Service, systems: Any, browsers: Any) -> None:
    query = {"operation": "draw", "tenant": "bank"}
    found = pages(rows, systems["auditor"], "/v1/audit", "rows", **query)
    assert [len(page) for page in found] == [SHOWN, SHOWN, 50]
    places = {(each["chain"], each["seq"]) for each in flat(found)}
    assert len(places) == 250, "none twice, none left out"
    word = CONSOLE["en"]["operations"]["draw"]
    assert [
        [
            *(beijing(e["at"]), word, e["caller"], "bank", "", "answered", "", ""),
            f"{e['chain']} · {e['seq']}",
        ]
        for e in flat(found)
    ] == flat(shown(browsers["auditor"], "audit", **query))


def test_proposals_are_read_by_one_function(rows: Service) -> None:
    """A node that makes no list; what one makes, tests/web/test_attack_proposals_over_http.py
    holds against its page.
    """
    with inside(rows, "same-security", SCOPES["security"]) as browser:
        headers = bearer(caller_with(rows, {Scope.TRUST_MAKE}))
        said = told(rows, headers, "/v1/trust/proposals")
        assert said == {"publisher": None, "proposals": [], "next": None}
        page = browser.get("/console/proposals?lang=en&before=x").text
        assert html.escape(CONSOLE["en"]["no_list"]) in page


def shape(value: Any) -> Any:
    """Members, without values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else None


PATHS = sorted({path for name, part in SECTIONS.items() if name != "proposals"
                for path in part.interface})  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_it_is_as_it_is_described(rows: Service, systems: Any, path: str) -> None:
    """The example has the members that come; each example of a parameter is taken."""
    role = next(r for r in systems if ROUTES["GET", path] & SCOPES[r])
    operation = described()["paths"][path]["get"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert shape(told(rows, systems[role], path)) == shape(example)
    taken = 0
    for parameter in operation.get("parameters", []):
        for value in parameter["schema"]["examples"]:
            told(rows, systems[role], path, **{parameter["name"]: value})
            taken += 1
    assert taken or path == "/v1/statistics/answer-times"
    assert rows.client.get(path).status_code == 403, "the public sees none of it"


# ---- in a browser

LARGE = "* { letter-spacing: .12em !important } :root { font-size: 200% }"
"""WCAG 2.2 SC 1.4.4, 1.4.12."""
FITS = """css => { const sheet = new CSSStyleSheet(), all = [];
    const wide = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;
    if (wide()) all.push('sideways');
    for (const each of document.querySelectorAll('nav a, td a, p a, button, input, select')) {
        const box = each.getBoundingClientRect();
        if (box.width > 0 && Math.min(box.width, box.height) < 24) all.push(each.outerHTML);
    }
    sheet.replaceSync(css); document.adoptedStyleSheets = [sheet];
    if (wide()) all.push('sideways at 200 %');
    return all; }"""
BARRIERS = """() => { // of rows that are all alike the first are looked at
    document.querySelectorAll('tbody tr:nth-child(n + 5)').forEach(each => each.remove());
    return axe.run({resultTypes: ['violations']}).then(found =>
        found.violations.map(each => [each.id, ...each.nodes.map(node => node.html)])); }"""


def test_in_a_browser_it_works_and_has_no_barriers(chromium: Any, rows: Service, axe: str) -> None:
    """Full pages on the smallest phone: one display in Chinese, the other in English."""
    context = chromium.new_context(viewport={"width": 320, "height": 640}, locale="zh")
    tab, wrong, titles = context.new_page(), [], set()
    tab.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    tab.add_init_script(axe)
    for name, sections in (("ops", ("overview", "health", "conflicts")), ("auditor", ("audit",)),
                           ("clerk", ("disputes",)), ("security", ("proposals",))):  # fmt: skip
        secret = add(rows, f"browser-{name}", SCOPES[name])
        rows.sql("DELETE FROM bucket")
        tab.goto(f"{rows.url}/console?lang=zh")
        assert name != "ops" or tab.evaluate(BARRIERS) == []
        for field, value in (
            ("name", f"browser-{name}"),
            ("password", PASSWORD),
            ("code", code(secret)),
        ):
            tab.fill(f"#{field}", value)
        tab.click("main button")
        tab.wait_for_selector("main nav")
        for number, section in enumerate(sections):
            for lang, look in (("zh", "both"), ("en", "")):
                tab.goto(f"{rows.url}/console/{section}?lang={lang}&look={look}")
                titles.add(tab.title())
                assert tab.evaluate(FITS, "") == [], (section, lang)
                if number % 2 == (lang == "en"):
                    assert tab.evaluate(BARRIERS) == [], (section, lang)
                assert tab.evaluate(FITS, LARGE) == [], (section, lang)
        tab.click("form[action^='/console/logout'] button")
        tab.wait_for_selector("#password")
        assert context.cookies() == []
    assert wrong == []
    assert len(titles) == 2 * len(SECTIONS), "each part is named by its title"
    context.close()


# ---- what is asked


def problem(desk: Service, headers: dict[str, str], path: str, **query: Any) -> tuple[str, str]:
    answer = desk.client.get(path, headers=headers, params=query)
    assert answer.status_code == 422, answer.text
    said = answer.json()
    return said["field"], said["detail"]


TIME = "a time in UTC, as 2026-11-25T08:00:00Z"


@pytest.mark.parametrize(
    ("path", "query", "told_of"),
    [
        ("/v1/audit", {"since": "yesterday"}, ("since", TIME)),
        ("/v1/audit", {"since": "2026-11-25"}, ("since", TIME)),
        ("/v1/audit", {"since": "2026-11-25T08:00:00"}, ("since", TIME)),
        ("/v1/audit", {"until": "9999-12-31T23:59:59-23:59"}, ("until", f"{TIME}; not after 9000")),
        ("/v1/audit", {"until": "1969-12-31T23:59:59Z"}, ("until", f"{TIME}; not before 1970")),
        ("/v1/audit", {"since": "8000-01-01T00:00:00Z"}, ("since", "a time before `until`")),
        ("/v1/audit", {"operation": "verify"}, ("operation", "'verify_file'")),
        ("/v1/audit", {"tenant": "<b>"}, ("tenant", "pattern")),
        ("/v1/audit", {"opertion": "draw"}, ("opertion", "unknown; leave it out")),
        ("/v1/audit", {"<b>\u202e": "draw"}, ("query", "unknown; leave it out")),
        ("/v1/audit", {"after": "x"}, ("after", "the `next` of the page before")),
        ("/v1/audit", {"after": place("x", 1)}, ("after", "the `next` of the page before")),
        ("/v1/conflicts", {"after": place(1, 2, 3)}, ("after", "the `next` of the page before")),
        ("/v1/conflicts", {"since": "x"}, ("since", TIME)),
        ("/v1/trust/endings", {"within_days": 0}, ("within_days", "greater than or equal to 1")),
        ("/v1/trust/endings", {"within_days": "1e9"}, ("within_days", "integer")),
        ("/v1/trust/endings", {"after": place(1, "spell", "x")}, ("after", "the `next`")),
        ("/v1/trust/endings", {"after": place(1, "key", "a\0b")}, ("after", "the `next`")),
        ("/v1/issuers/health", {"order": "name"}, ("order", "'code' or 'unanswered'")),
        ("/v1/issuers/health", {"after": place(1, "'--")}, ("after", "the `next`")),
        ("/v1/issuers/disputes", {"after": "x"}, ("after", "pattern")),
        ("/v1/statistics/verdicts", {"after": "x"}, ("after", "unknown; leave it out")),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_field_and_what_mends_it(
    rows: Service, systems: Any, path: str, query: dict[str, Any], told_of: tuple[str, str]
) -> None:
    role = next(r for r in systems if ROUTES["GET", path] & SCOPES[r])
    field, detail = problem(rows, systems[role], path, **query)
    assert field == told_of[0]
    assert told_of[1] in detail
    assert rows.client.get(path, headers=systems[role]).status_code == 200, "its twin"


def test_a_span_begins_with_since_and_ends_before_until(rows: Service, systems: Any) -> None:
    found = flat(pages(rows, systems["auditor"], "/v1/audit", "rows", operation="draw"))
    at = sorted({each["at"] for each in found})
    span = {"since": at[3], "until": at[5]}
    some = told(rows, systems["auditor"], "/v1/audit", operation="draw", **span)["rows"]
    assert {each["at"] for each in some} == set(at[3:5])
    east = moment(at[3]).astimezone(BEIJING).isoformat()
    same = told(rows, systems["auditor"], "/v1/audit", operation="draw", since=east, until=at[5])
    assert same["rows"] == some
    counted = told(rows, systems["ops"], "/v1/statistics/verdicts", until="2001-01-01T00:00:00Z")
    assert (counted["total"], counted["since"]) == (0, "2000-12-25T00:00:00Z")


def test_who_reads_the_log_stands_in_it(rows: Service, systems: Any) -> None:
    def left() -> list[str]:
        found = rows.sql("SELECT body FROM audit WHERE operation = 'read_log' ORDER BY at")
        return [bytes(row["body"]).decode() for row in found]

    before = len(left())
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    told(rows, systems["auditor"], "/v1/audit", operation="draw", tenant="bank", **span)
    told(rows, systems["ops"], "/v1/conflicts", **span)
    one, two = left()[before:]
    said = "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
    assert f'"object":"audit {said} operation=draw tenant=bank"' in one
    assert '"caller":"audit-read-bank"' in one
    assert f'"object":"conflicts {said}"' in two


def test_an_authority_ends_with_its_certificate_or_before(rows: Service, systems: Any) -> None:
    """Trust that is open at its end ends with the certificate all the same."""
    document = json.loads(json.dumps(authorities(rows.world)))
    rows.write(lambda s: put_authorities(s, read_authorities(document)))
    now = datetime.now(UTC)
    held = rows.sql("SELECT sha256, der, until FROM anchor")
    certified = {row["sha256"]: read_certificate(bytes(row["der"])).not_after for row in held}
    trusted = {row["sha256"]: row["until"] for row in held}
    assert None in trusted.values(), "trust in some is open"

    def named(days: int) -> dict[str, datetime]:
        path = "/v1/trust/endings"
        found = flat(pages(rows, systems["ops"], path, "endings", within_days=days))
        return {e["name"]: moment(e["ends"]) for e in found if e["kind"] == "anchor"}

    ends = {name: min(at, trusted[name] or at) for name, at in certified.items()}
    assert named(36600) == {name: at for name, at in ends.items() if at > now}
    assert named(1) == {}
    rows.sql("UPDATE anchor SET until = $1 WHERE until IS NULL", now + timedelta(hours=5))
    assert named(1).keys() == {name for name, until in trusted.items() if until is None}


# ---- where a page ended


READERS: dict[str, Callable[[str], Any]] = {
    "endings": lambda after: EndingsIn(after=after).place(),
    "fares": lambda after: FaresIn(after=after).place(),
    "conflicts": lambda after: ConflictsIn(after=after).place(),
    "audit": lambda after: AuditIn(after=after).place(),
}


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.from_regex(
    r"[0-9]{1,20}", fullmatch=True
)


@pytest.mark.parametrize("name", READERS)
@given(text=st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True))
def test_any_text_is_a_place_or_refused(name: str, text: str) -> None:
    with suppress(Refused):
        assert READERS[name](text) is not None


@given(parts=st.lists(TEXT, min_size=1, max_size=3))
def test_any_parts_are_a_place_or_refused(parts: list[str]) -> None:
    after = place(*parts)
    for read in READERS.values():
        with suppress(Refused):
            assert read(after) is not None


def test_a_place_comes_back_as_it_was_written() -> None:
    at = datetime(2026, 11, 25, 8, 0, 0, 123456, UTC)
    ending = Ending(at, Ends.KEY, "630000 钥 1")
    assert EndingsIn(after=after_ending(ending)).place() == ending
    with pytest.raises(Refused):
        EndingsIn(after=place(at, "key", "x" * MAX)).place()
