"""归集: rows of issuers into records, statuses and statements, a chunk at a time."""
