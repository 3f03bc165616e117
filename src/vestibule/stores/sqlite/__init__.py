"""SQLite: one file, one process, one writer, many bodies per commit."""
