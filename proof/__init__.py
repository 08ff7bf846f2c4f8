"""Proofs that take minutes or hours: run by hand with `make proof`, written into docs/proof.md."""
