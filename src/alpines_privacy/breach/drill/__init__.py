"""The drill: a whole incident with invented people, against a mail server of its own on this machine."""
