"""The trust list: read, signed, kept, and merged into what a verification asks."""
