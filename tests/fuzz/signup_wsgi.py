"""What a server of WSGI imports: the fuzzed signups, made once."""

from tests.fuzz.signup_apps import make_wsgi

__all__ = ["wsgi"]

wsgi = make_wsgi()
