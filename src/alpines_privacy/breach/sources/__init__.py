"""Lists of people, read row by row: delimited text, JSON lines, Parquet and Arrow, queries."""
