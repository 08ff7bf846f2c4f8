"""Mutants that no test can kill, by module, source line and change: each with the reason.

A change of the line makes the entry void, and the mutant is asked about again.
"""

Key = tuple[str, str, str]
"""Module, line of source, what is changed."""

_ROLES = "app/checks/roles.py"
_NO_OWNER = "whoever has an owner is known and named, so `_placed` holds"
_UNPLACED = "without an owner the role is `extra` or `candidate`, which the next operand asks"

EQUIVALENT: dict[Key, str] = {
    (
        _ROLES,
        "stranger = role is Role.EXTRA and not _placed(signature, facts)",
        "without `role is Role.EXTRA`",
    ): _NO_OWNER,
    (
        _ROLES,
        "if owner is None or facts.document.issuer is None:",
        "without `owner is None`",
    ): "nobody is neither the issuer nor a delegate: `extra` all the same",
    (
        _ROLES,
        (
            "if owner is None or owner == facts.document.issuer or role_of(signature, facts) "
            "in UNPLACED:"
        ),
        "without `owner is None`",
    ): _UNPLACED,
    (
        _ROLES,
        "return own if mandate is None else (*own, mandate.window)",
        "if mandate is None → False",
    ): "an owner with a role, and not the issuer, has the role by a mandate",
}
"""What is changed → why nothing can tell."""
