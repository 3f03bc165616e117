"""The rules: given facts, what is decided, and why. Pure and small enough to rehearse."""
