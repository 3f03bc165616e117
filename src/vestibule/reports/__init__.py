"""Reports: what an operator wants to read about what happened, one file for each."""
