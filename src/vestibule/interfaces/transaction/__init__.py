"""What a transaction reads and writes, by subject."""
