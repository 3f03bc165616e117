"""Runtime: the composition root. It alone knows concrete classes, and nothing but `cli` knows it."""
