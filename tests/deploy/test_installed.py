"""The package alone is enough: it starts where nothing of the project lies beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
STARTS = """
from app.main import create_app, production, NodeHealth
from app.config import Settings
import app, asyncio
from pathlib import Path
from app.crypto.provider import FolderKeys
from app.registry.sessions import Database
print(app.__file__)
async def look():
    database = await Database.open("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    try:
        print((await NodeHealth(database, FolderKeys(Path("keys"))).look())["database"])
    finally:
        await database.close()
asyncio.run(look())
assert callable(production)
create_app(lambda _: None, docs=True)
"""


def test_it_starts_from_a_copy_that_has_nothing_beside_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(PROJECT / "app", site / "app", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    where, database = done.stdout.splitlines()
    assert Path(where).is_relative_to(site)
    assert database != "ok"
