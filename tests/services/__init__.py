"""Order of events."""
