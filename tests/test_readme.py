"""The README is true: its commands run, its answers are the ones given, its settings exist.

Only `make` itself is tried elsewhere (tests/demo, docs/first-use.md): it makes an environment.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.cli.verifying import Exit
from app.config import Settings
from app.domain.verdict import Conclusion
from docs import picture
from sandbox import day
from tests.service import Service, new_database

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
READMES = ("README.md", "README.en.md")
HERE = "http://127.0.0.1:8000"
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def block(readme: str, kind: str, name: str) -> str:
    """What stands in the fence after `<!-- kind: name -->`."""
    found = re.findall(
        rf"<!-- {kind}: {name} -->\n```\w+\n(.*?)```\n", text(readme), flags=re.DOTALL
    )
    assert len(found) == 1, f"{readme}: {kind} {name}"
    return found[0]


def run(lines: str, folder: Path, url: str = HERE, **settings: str) -> tuple[int, str]:
    """The block in a shell, in `folder`, with this environment's programs and that service."""
    script = lines.replace(".venv/bin/", f"{BIN}/").replace(HERE, url)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(PROJECT),  # `python -m sandbox` is run from the project's folder
        "ZHENGYAN_KEY_FOLDER": str(folder / "keys"),
        "COLUMNS": "120",
        day.SETTING: day.today().isoformat(),
        **settings,
    }
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def yunhai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the first command of the README has been run."""
    folder = tmp_path_factory.mktemp("newcomer")
    first = block("README.md", "run", "first").splitlines()[0]
    code, said = run(first, folder)
    assert code == 0, said
    return folder


def differences(shown: Any, real: Any, place: str = "") -> list[str]:
    """Where what is shown is not part of what is real; `…` ends a text that goes on."""
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{place}.{name} is not in the answer" for name in shown.keys() - real.keys()]
        return missing + [
            difference
            for name in shown.keys() & real.keys()
            for difference in differences(shown[name], real[name], f"{place}.{name}")
        ]
    if isinstance(shown, str) and shown.endswith("…") and isinstance(real, str):
        same = real.startswith(shown[:-1])
    else:
        same = shown == real and type(shown) is type(real)
    return [] if same else [f"{place}: {shown!r} is shown, {real!r} is answered"]


@pytest.mark.parametrize("readme", READMES)
def test_both_commands_are_targets_with_a_help_line(readme: str) -> None:
    makefile = text("Makefile")
    asked = re.findall(r"^make (\w+)", block(readme, "run", "make"), flags=re.MULTILINE)
    assert asked == ["run", "test"]
    for target in asked:
        assert re.search(rf"^{target}:.*## ", makefile, flags=re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("readme", READMES)
def test_the_first_verification_is_answered_as_shown(
    readme: str, service: Service, yunhai: Path
) -> None:
    made, asking = block(readme, "run", "first").splitlines()
    assert made.split("#")[0].strip() == block("README.md", "run", "first").split("#")[0].strip()
    code, said = run(asking, yunhai, service.url)
    assert code == 0, said
    shown, answered = json.loads(block(readme, "shows", "first")), json.loads(said)
    assert differences(shown, answered) == []
    shown["report"]["conclusion"] = "invalid"
    shown["report"]["new"] = 1
    assert len(differences(shown, answered)) == 2, "a difference is seen"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("readme", READMES)
def test_an_outage_can_be_seen_as_told(readme: str, service: Service, tmp_path: Path) -> None:
    """The issuer of business licenses hangs up; the page calls it an outage; then it answers."""
    (lines,) = re.findall(r"<!-- outage -->\n```sh\n(.*?)```", text(readme), flags=re.DOTALL)
    license = service.world.pick("market")
    assert f"`{license.identifier.issuer}`" in text(readme)
    endpoint = service.issuers.endpoints[str(license.identifier.issuer)]
    address = "/".join(endpoint.split("/")[:3])
    for line, kind in zip(lines.splitlines(), ("outage", "valid"), strict=True):
        code, said = run(line.replace("http://127.0.0.1:8100", address), tmp_path)
        assert code == 0, said
        answer = service.client.post("/", files={"file": service.world.token(license)})
        assert f'class="mark {kind}"' in answer.text, said


def test_what_the_readme_makes_is_ignored_by_git() -> None:
    made = re.findall(r"--out (\S+)", block("README.md", "run", "first"))
    assert made
    assert all(f"{each}/" in text(".gitignore").splitlines() for each in made)


@pytest.mark.parametrize("readme", READMES)
def test_the_shell_says_what_is_shown(readme: str, yunhai: Path) -> None:
    code, said = run(block(readme, "run", "shell"), yunhai)
    assert code == Exit.SOME_INVALID, said
    rest = said
    for line in block(readme, "shows", "shell").splitlines():
        if line != "…":
            assert f"{line}\n" in rest, line
            rest = rest.partition(f"{line}\n")[2]


@pytest.mark.parametrize("readme", READMES)
def test_exit_codes_are_the_real_ones(readme: str) -> None:
    for code in Exit:
        assert f"`{code.value}` " in text(readme)


@pytest.mark.parametrize("readme", READMES)
def test_an_issuer_of_ones_own_can_be_registered(
    readme: str, database_url: str, tmp_path: Path
) -> None:
    for name in ("issuer.pem", "center.pem"):
        public = Ed25519PrivateKey.generate().public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / name).write_bytes(pem)
    url = new_database(database_url, f"readme_{READMES.index(readme)}")
    code, said = run(block(readme, "run", "register"), tmp_path, DATABASE_URL=url)
    assert code == 0, said
    for told in ("青海样例局", "样例市政务服务中心", "https://verify.example.gov.cn/ivp/v1"):
        assert told in said
    code, said = run(".venv/bin/zhengyan key list", tmp_path, DATABASE_URL=url)
    assert code == 0, said
    assert "2026-01" in said
    assert "center-1" in said


@pytest.mark.parametrize("readme", READMES)
def test_the_settings_are_those_that_exist(readme: str) -> None:
    table = text(readme).split("<!-- settings -->")[1].split("\n\n")[0]
    rows = [re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", line) for line in table.splitlines()]
    told = {row[0][0]: row[0][1].strip() for row in rows if row}
    names = {
        "DATABASE_URL" if field == "database_url" else f"ZHENGYAN_{field.upper()}": field
        for field in Settings.model_fields
    }
    assert told.keys() == names.keys()
    for name, default in told.items():
        field = Settings.model_fields[names[name]]
        if default.startswith("`"):
            read = Settings.model_validate({names[name]: default.strip("`")})
            assert getattr(read, names[name]) == field.default, name
        else:
            assert field.default in {"", None}, name


@pytest.mark.parametrize("readme", READMES)
def test_words_of_the_verdict_are_explained(readme: str) -> None:
    told = text(readme)
    for word in (*Conclusion, "authenticity", "authority", "status", "reason", "next_step"):
        assert f"`{word}`" in told


@pytest.mark.parametrize(
    "document", [*READMES, "docs/README.md", "docs/first-use.md", "CHANGELOG.md", "SECURITY.md"]
)
def test_links_lead_somewhere(document: str) -> None:
    place = (PROJECT / document).parent
    links = [link for link in LINK.findall(text(document)) if "://" not in link]
    assert [link for link in links if not (place / link).exists()] == []


def test_every_document_stands_in_the_index() -> None:
    index = set(LINK.findall(text("docs/README.md")))
    written = {
        path.relative_to(PROJECT / "docs").as_posix()
        for path in (PROJECT / "docs").rglob("*.md")
        if path.name != "README.md"
    }
    assert written - index == set()


def test_both_languages_tell_the_same() -> None:
    chinese, english = (text(name) for name in READMES)
    for pattern in (r"^## ", r"^```", r"^\| ", r"`ZHENGYAN_\w+", r"^!\["):
        count = [len(re.findall(pattern, each, flags=re.MULTILINE)) for each in (chinese, english)]
        assert count[0] == count[1], pattern


def test_the_picture_is_the_one_the_script_draws() -> None:
    assert picture.main(["--check"]) == 0
    assert picture.FILE.name in text("README.md")
