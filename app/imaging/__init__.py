"""Reading codes off pictures, in a process of its own that may die (ADR 0030)."""
