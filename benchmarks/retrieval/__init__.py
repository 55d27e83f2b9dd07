"""How well the right code is found: real questions on real code that nobody here wrote."""
