"""`python -m vestibule.cli` does what `vestibule` does."""

from vestibule.cli import main

main()
