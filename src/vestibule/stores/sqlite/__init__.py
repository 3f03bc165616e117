"""SQLite: one file, one process, one writer thread, many bodies per commit."""
