"""A data breach: the incident, its deadline, the people affected, and the ledger of notices to them."""
