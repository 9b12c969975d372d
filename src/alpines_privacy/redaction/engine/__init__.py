"""The engine: what finds personal data in a text or in nested data, and writes something in its place."""
