"""What went wrong before a first message, in one line each: no such host, a wrong certificate, no answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from aiosmtplib import SMTPException, SMTPResponseException

from alpines_privacy.breach.delivery.replies import cleaned
from alpines_privacy.breach.errors import BreachError

__all__ = ["SERVER_FAULTS", "ServerError", "explained"]

# What a server can make a connection raise: its refusals, its silence, and what is no SMTP at all.
SERVER_FAULTS = (SMTPException, OSError, ValueError, EOFError)


class ServerError(BreachError):
    """No connection: what the server did, in a line.

    Waiting does not help where it is `lasting`, helps where the server is `busy`, and may help where
    it is `absent`.
    """

    def __init__(self, text: str, kind: Literal["lasting", "busy", "absent"] = "lasting") -> None:
        super().__init__(text)
        self.kind = kind


@contextmanager
def explained(server: str) -> Iterator[None]:
    """Turn what goes wrong in the block into a `ServerError` that begins with the server's name."""
    try:
        yield
    except ServerError:
        raise
    except SERVER_FAULTS as error:
        raise _explanation(server, error) from None


def _explanation(server: str, error: Exception) -> ServerError:
    for kind, words in _WORDS:
        for cause in _causes(error):
            if isinstance(cause, kind):
                return words(server, cause)
    return ServerError(f"{server}: the connection was lost, or never made", "absent")


def _certificate(server: str, error: ssl.SSLCertVerificationError) -> ServerError:
    return ServerError(
        f"{server} has a wrong certificate: {cleaned(error.verify_message)[:120]}; expected one of "
        "this host, or its ca_file in [breach.smtp]"
    )


def _no_tls(server: str, error: ssl.SSLError) -> ServerError:
    words = cleaned(error.reason or "broken off")[:60]
    return ServerError(
        f"{server} makes no TLS connection ({words}); expected the port and the security in "
        "[breach.smtp] that belong together: 587 starttls, 465 tls"
    )


def _no_host(server: str, _: socket.gaierror) -> ServerError:
    return ServerError(f"{server}: there is no such host; expected another in [breach.smtp]")


def _no_smtp(server: str, _: Exception) -> ServerError:
    return ServerError(f"{server} does not speak SMTP; expected its port in [breach.smtp]")


def _refusal(server: str, error: SMTPResponseException) -> ServerError:
    if error.code < 100:
        return _no_smtp(server, error)
    said = f"{server} does not let us in: {error.code} {cleaned(error.message)[:100]}"
    return ServerError(said, "busy" if error.code // 100 == 4 else "lasting")


def _silence(server: str, _: TimeoutError) -> ServerError:
    return ServerError(f"{server} does not answer; is it the host and the port?", "absent")


def _refused_connection(server: str, _: ConnectionRefusedError) -> ServerError:
    return ServerError(f"{server} refuses the connection; is it running?", "absent")


# The first that is among the causes of an error.
_WORDS: tuple[tuple[type[Exception], Callable[..., ServerError]], ...] = (
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _no_tls),
    (socket.gaierror, _no_host),
    (SMTPResponseException, _refusal),
    (TimeoutError, _silence),
    (ConnectionRefusedError, _refused_connection),
    (ValueError, _no_smtp),
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
