"""The engine: finds personal data in text and nested data, and replaces it."""
