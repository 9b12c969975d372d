"""The formats of an audit's report: each a pure function of the report."""
