"""`zhengyan picture`: SVG files in a folder, and words about what they lack."""

from pathlib import Path

from sandbox.world import World
from tests.cli.conftest import Run


def test_pages_are_written_and_told(run: Run, tmp_path: Path) -> None:
    world = World(1)
    file = tmp_path / "license.ofd"
    file.write_bytes(world.ofd(world.pick("market"), "stamp-service"))
    done = run("picture", str(file), "--to", str(tmp_path / "pages"))
    assert (done.code, done.err) == (0, "")
    written = tmp_path / "pages" / "page-1.svg"
    assert done.out.startswith(f"{written}: ")
    assert written.read_text(encoding="utf-8").startswith("<svg ")


def test_what_cannot_be_drawn_says_why(run: Run, tmp_path: Path) -> None:
    world = World(1)
    good = world.ofd(world.pick("market"))
    file = tmp_path / "license.ofd"
    to = str(tmp_path / "pages")
    for content, more, words in (
        (good, ("--page", "2"), "--page: the file has pages 1 to 1"),
        (good[:-40], (), "cannot be read"),
        (b"", (), "cannot be read"),
    ):
        file.write_bytes(content)
        done = run("picture", str(file), "--to", to, *more)
        assert done.code == 1
        assert words in done.err
    gone = run("picture", str(tmp_path / "none.ofd"), "--to", to)
    assert (gone.code, "No such file" in gone.err) == (1, True)
    file.write_bytes(good)
    assert run("picture", str(file), "--to", to, "--page", "1").code == 0
