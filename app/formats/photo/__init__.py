"""Photos and scans: what kind of picture, which codes in it, and what those name."""
