"""Delivery of notices: connections to the mail server, what its answers mean, the pace, and the sender."""
