"""`zhengyan issuer endpoint`: described, tried, saved, asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.bodies import TYPES
from sandbox.platform import ACCESS_TOKEN, APPKEY, VERIFY, Platform, platform_in_thread
from sandbox.standins import TOKEN, StandIns, standins_in_thread
from sandbox.world import World
from tests.cli.conftest import Ended, Run
from tests.federation.mapped.test_examples import example
from tests.service import LOOPBACK, NODE, Service, new_database, serving


@pytest.fixture(scope="module")
def there() -> Iterator[StandIns]:
    with standins_in_thread(World(1)) as running:
        yield running


@pytest.fixture(scope="module")
def described_database(database_url: str) -> str:
    return new_database(database_url, "described")


@pytest.fixture
def node(described_database: str, sandbox_issuers: Any, tmp_path: Path) -> Iterator[Service]:
    secrets = tmp_path / "secrets"
    with serving(described_database, tmp_path, sandbox_issuers, secrets_folder=secrets) as node:
        node.sql("TRUNCATE license_type, issuer CASCADE")
        yield node


@pytest.fixture
def shell(run: Run, node: Service) -> Any:
    def call(*arguments: str) -> Ended:
        ended: Ended = run(
            *arguments,
            DATABASE_URL=node.database_url,
            ZHENGYAN_NODE_ID=NODE,
            ZHENGYAN_KEY_FOLDER=str(node.settings.key_folder),
            ZHENGYAN_SECRETS_FOLDER=str(node.settings.secrets_folder),
        )
        return ended

    return call


class Files:
    """Of one example: its description where the stand-in is, and a sample of its issuer's."""

    def __init__(self, folder: Path, there: StandIns, name: str, issuer: str) -> None:
        self.folder, self.body = folder, there.world.body(issuer)
        self.license = there.world.pick(issuer)
        described = example(name)
        host = described["url"].split("/")[2]
        described["url"] = described["url"].replace(f"https://{host}", there.url)
        self.described = described
        self.sample = {
            "identifier": self.license.id,
            "number": self.license.number,
            "holder": self.license.holder.name,
        }

    def arguments(self, **changes: Any) -> tuple[str, ...]:
        file = self.folder / "described.json"
        file.write_text(json.dumps({**self.described, **changes}, ensure_ascii=False))
        return (self.body.code, str(file), "--network", LOOPBACK[0])

    def sampled(self, **changes: Any) -> tuple[str, ...]:
        file = self.folder / "sample.json"
        file.write_text(json.dumps({**self.sample, **changes}, ensure_ascii=False))
        return ("--sample", str(file))


@pytest.fixture
def driving(there: StandIns, tmp_path: Path) -> Files:
    return Files(tmp_path, there, "driving-license", "traffic")


def register(shell: Any, files: Files) -> None:
    type = TYPES[files.body.types[0]]
    made = shell("issuer", "type", type.code, "--name", type.name, "--unsealed")
    assert made.code == 0, made.err
    added = shell("issuer", "add", files.body.code, "--name", files.body.title, "--type", type.code)
    assert added.code == 0, added.err


def test_tried_with_a_sample_it_says_what_it_sends_and_what_came(shell: Any, driving: Files):
    ended = shell("issuer", "endpoint", "try", *driving.arguments(), *driving.sampled())
    assert ended.code == 0, ended.out + ended.err
    assert "POST http://127.0.0.1" in ended.out
    assert "body: holder, number" in ended.out
    assert "✓ known: outcome 0; holder: match, number: match" in ended.out
    assert "✓ nobodys: outcome 5" in ended.out
    assert "✓ wrong_holder: outcome 0, holder: differs" in ended.out
    for secret in (driving.sample["holder"], driving.sample["number"]):
        assert secret not in ended.out + ended.err
    alone = shell("issuer", "endpoint", "try", *driving.arguments())
    assert alone.code == 11


@pytest.mark.parametrize(
    ("changes", "sample", "words"),
    [
        ({}, {"number": "NOBODY-1"}, "✗ known: outcome 5"),
        ({}, {"holder": "另一人"}, "✗ known: outcome 0; holder: differs"),
        ({}, {"outcome": 3}, "✗ known: outcome 0"),
        ({"body": {"zh": "{number}", "wrong": "{serial}", "xm": "{holder}"}}, {"identifier": None},
         "not asked: no_question"),
        ({"url": "http://127.0.0.1:1/x"}, {}, "no usable answer: connection"),
    ],
)  # fmt: skip
def test_what_does_not_answer_the_sample_is_not_saved(
    shell: Any, driving: Files, changes: Any, sample: Any, words: str
):
    register(shell, driving)
    if sample.get("identifier", "") is None:
        sample = {**sample, "type": driving.license.type}
    ended = shell(
        "issuer", "endpoint", "set", *driving.arguments(**changes), *driving.sampled(**sample)
    )
    assert ended.code == 10, ended.out + ended.err
    assert words in ended.out
    assert "→" in ended.out
    assert "not saved" in ended.err
    assert "mapped" not in shell("issuer", "endpoint", "list").out
    good = shell("issuer", "endpoint", "set", *driving.arguments(), *driving.sampled())
    assert good.code == 0, good.out


def test_one_that_calls_everything_valid_is_found_out(shell: Any, driving: Files):
    answer = {**driving.described["answer"], "outcomes": {"正常": 0, "0": 0}, "echo": None}
    arguments = driving.arguments(answer=answer)
    ended = shell("issuer", "endpoint", "try", *arguments, *driving.sampled())
    assert ended.code == 10
    assert "✗ nobodys: outcome 0" in ended.out


def test_saved_it_is_asked_and_its_word_stays_unsigned(
    shell: Any, node: Service, driving: Files, there: StandIns
):
    register(shell, driving)
    untried = shell("issuer", "endpoint", "set", *driving.arguments())
    assert (untried.code, "--untried" in untried.err) == (1, True)
    saved = shell("issuer", "endpoint", "set", *driving.arguments(), *driving.sampled())
    assert saved.code == 0, saved.out + saved.err
    assert "unchanged" in shell("issuer", "endpoint", "set", *driving.arguments(), "--untried").out
    assert "mapped" in shell("issuer", "endpoint", "list").out
    route = shell("route", driving.license.id)
    assert "mapped" in route.out
    there.seen.clear()
    for asked, told in (
        (driving.sample, "indeterminate answer_unsigned"),  # http: anybody could have spoken
        ({**driving.sample, "holder": "另一人"}, "indeterminate answer_unsigned"),
        ({**driving.sample, "number": "NOBODY-1"}, "indeterminate answer_unsigned"),
    ):
        assert node.told(**asked) == told
    assert len(there.seen) == 3
    trial = shell("issuer", "test", driving.body.code)
    assert (trial.code, "issuer endpoint try" in trial.err) == (1, True)


def test_a_secret_is_a_file_of_its_body(shell: Any, node: Service, there: StandIns, tmp_path: Path):
    files = Files(tmp_path, there, "transport", "housing")
    way = ("issuer", "endpoint", "try", *files.arguments(), *files.sampled())
    missing = shell(*way)
    assert missing.code == 10
    assert f"{files.body.code}/token cannot be read" in missing.out
    place = Path(node.settings.secrets_folder) / files.body.code
    place.mkdir(parents=True)
    (place / "token").write_text(TOKEN + "\n")
    (place / "token").chmod(0o644)
    assert "others may read" in shell(*way).out
    (place / "token").chmod(0o600)
    ended = shell(*way)
    assert ended.code == 0, ended.out
    assert "X-Access-Token: {secret:token}" in ended.out
    assert TOKEN not in ended.out + ended.err
    register(shell, files)
    saved = shell("issuer", "endpoint", "set", *files.arguments(), *files.sampled())
    assert saved.code == 0, saved.out
    rows = node.sql("SELECT * FROM issuer_endpoint WHERE adapter = 'mapped'")
    assert TOKEN not in str([tuple(row) for row in rows])
    assert TOKEN not in str(node.sql("SELECT * FROM audit")[-1])


def test_what_is_wrong_is_refused_before_anything_is_sent(
    shell: Any, driving: Files, there: StandIns
):
    there.seen.clear()
    for changes, words in (
        ({"url": "https://{issuer}.example/x"}, "never in scheme"),
        ({"query": {"n": "{holder}"}}, "body only"),
        ({"answer": {"outcome": "x"}}, "answer.outcomes"),
        ({"clear_facts": False}, "clear_facts"),
    ):
        for command in ("try", "set"):
            ended = shell(
                "issuer", "endpoint", command, *driving.arguments(**changes), *driving.sampled()
            )
            assert (ended.code, words in ended.err) == (1, True), ended.err
    unknown = shell("issuer", "endpoint", "set", *driving.arguments(), "--untried")
    assert (unknown.code, "an issuer" in unknown.err) == (1, True)
    assert there.seen == []


def test_no_document_and_no_list_describes_an_endpoint(shell: Any, node: Service, tmp_path: Path):
    """A description says what is sent where and with which secrets: only the operator's word."""
    document = node.issuers.registration()
    body = next(each for each in document["issuers"] if each["endpoint"])
    for member in ("adapter", "description"):
        file = tmp_path / "registration.json"
        spoiled = {**document, "issuers": [{**body, member: "mapped"}]}
        file.write_text(json.dumps(spoiled))
        ended = shell("issuer", "import", str(file), "--network", LOOPBACK[0])
        assert (ended.code, "not known" in ended.err) == (1, True)


@pytest.fixture(scope="module")
def exchange() -> Iterator[Platform]:
    with platform_in_thread(World(1)) as running:
        yield running


class Shared(Files):
    """Of the ready example of a share service, where the stand-in of the platform is."""

    def __init__(self, folder: Path, exchange: Platform) -> None:
        self.folder, self.body = folder, exchange.world.body(exchange.issuer)
        self.license = exchange.world.pick(exchange.issuer)
        written = Path(__file__).parents[2] / "docs/examples/share-gateway/province.json"
        self.described = json.loads(written.read_text("utf-8"))
        self.described["url"] = exchange.url + VERIFY
        self.sample = {
            "identifier": self.license.id,
            "number": self.license.number,
            "holder": self.license.holder.name,
        }


def keep(node: Service, body: str, name: str, value: str) -> None:
    file = node.settings.secrets_folder / body / name
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(value)
    file.chmod(0o600)


def test_a_share_service_is_tried_registered_and_asked(
    shell: Any, node: Service, exchange: Platform, tmp_path: Path
):
    shared = Shared(tmp_path, exchange)
    register(shell, shared)
    refused = shell("issuer", "endpoint", "set", *shared.arguments(), *shared.sampled())
    assert refused.code == 10  # no appkey in the secrets folder yet
    keep(node, shared.body.code, "appkey", APPKEY)
    keep(node, shared.body.code, "access-token", ACCESS_TOKEN)
    tried = shell("issuer", "endpoint", "try", *shared.arguments(), *shared.sampled())
    assert tried.code == 0, tried.out
    assert "gjgxjhpt_sign" in tried.out
    saved = shell("issuer", "endpoint", "set", *shared.arguments(), *shared.sampled())
    assert saved.code == 0, saved.out
    listed = shell("issuer", "endpoint", "list")
    assert "share-gateway" in listed.out
    stored = node.sql("SELECT adapter, description FROM issuer_endpoint")
    assert stored[0][0] == "share-gateway"
    for secret in (APPKEY, ACCESS_TOKEN):
        assert secret not in stored[0][1] + tried.out + saved.out + refused.out


def test_an_unsound_share_service_is_not_saved(
    shell: Any, node: Service, exchange: Platform, tmp_path: Path
):
    shared = Shared(tmp_path, exchange)
    register(shell, shared)
    keep(node, shared.body.code, "appkey", APPKEY)
    keep(node, shared.body.code, "access-token", ACCESS_TOKEN)
    wrong = shell(
        "issuer", "endpoint", "set", *shared.arguments(result="message"), *shared.sampled()
    )
    assert wrong.code == 10
    assert node.sql("SELECT 1 FROM issuer_endpoint") == []
    bad = shell("issuer", "endpoint", "set", *shared.arguments(appkey="x"), "--untried")
    assert bad.code == 1
    assert "not known" in bad.out + bad.err
