"""`python -m proof [NAME…]`: every proof of this folder, one after the other; 0 when all hold."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def main(names: Sequence[str]) -> int:
    """Each proof is a module with a `main`; it writes its own section of docs/proof.md."""
    known = sorted(path.stem for path in HERE.glob("[!_]*.py"))
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
