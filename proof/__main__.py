"""`python -m proof [NAME…]`: every proof of this folder, one after the other; 0 when all hold."""

import ast
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def main(names: Sequence[str]) -> int:
    """Each proof is a module with a `main`; it writes its own section of docs/proof.md."""
    known = sorted(path.stem for path in HERE.glob("[!_]*.py"))
    if {"-h", "--help"} & set(names):
        print(__doc__)
        for name in known:
            print(f"  {name:12} {_about(HERE / name)}")
        return 0
    if unknown := set(names) - set(known):
        print(f"no such proof: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 1
    failed = []
    for name in names or known:
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        done = subprocess.run([sys.executable, "-m", f"proof.{name}"], check=False, cwd=HERE.parent)
        print(
            f"== {name}: exit {done.returncode} after {time.monotonic() - begun:.0f} s", flush=True
        )
        failed += [name] if done.returncode else []
    print(f"failed: {', '.join(failed)}" if failed else "every proof holds")
    return 1 if failed else 0


def _about(module: Path) -> str:
    """The first line of its docstring."""
    text = ast.get_docstring(ast.parse(module.with_suffix(".py").read_text("utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
