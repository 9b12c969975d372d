"""`python -m examples.demo`: the three examples, bare and protected, side by side."""
