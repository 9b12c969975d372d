"""A Django site: a walking club's journal with comments, accounts and the admin."""
