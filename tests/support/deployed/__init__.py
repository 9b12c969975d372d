"""Little sites for `tests/test_deploy.py`, copied into a folder and served from there."""
