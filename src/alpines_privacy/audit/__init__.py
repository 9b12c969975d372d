"""The audit: whether a site keeps its privacy policy, clause by clause, told from outside."""
