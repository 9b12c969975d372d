"""A data breach: the incident, its deadline, the people whom it affects, and the ledger of who was told."""
