"""Mutants that no test can kill, by module, source line and change: each with the reason.

A change of the line makes the entry void, and the mutant is asked about again.
"""

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""(module, line of source, what is changed) → why nothing can tell."""
