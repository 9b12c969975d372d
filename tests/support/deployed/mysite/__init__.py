"""A Django site with the admin."""
