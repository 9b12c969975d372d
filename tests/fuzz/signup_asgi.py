"""What a server of ASGI imports: the fuzzed signups, made once."""

from tests.fuzz.signup_apps import make_asgi

__all__ = ["asgi"]

asgi = make_asgi()
