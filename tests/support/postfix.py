"""A real Postfix of the tests' own: a queue, mailboxes and a loopback port, gone with its mail afterwards.

Nothing leaves it: an address is one of its mailboxes, or is refused at once, or is forwarded to a host
that is `GONE` (the message bounces) or `SLOW` (it waits in the queue).
"""

from __future__ import annotations

import contextlib
import mailbox
import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conftest import need
from tests.support.certificate import make_certificate
from tests.support.processes import debian_program, free_ports

__all__ = ["GONE", "SLOW", "Postfix", "postfix"]

GONE, SLOW = "gone.example", "slow.example"

_NOBODY = 65534
_PATIENCE = 120.0
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mx.shop.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
recipient_delimiter = +
default_transport = error:5.1.2 nothing leaves this machine
relay_transport = error:5.1.2 nothing leaves this machine
virtual_mailbox_domains = mail.example.com, shop.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_alias_maps = texthash:{folder}/etc/forwarded
transport_maps = inline:{{ {{ slow.example = retry:4.2.2 the mailbox is full }} }}
smtpd_recipient_restrictions = reject_unlisted_recipient,
    check_policy_service inet:127.0.0.1:{policy}, permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/etc/cert.pem
smtpd_tls_key_file = {folder}/etc/key.pem
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 2
smtputf8_enable = yes
delay_warning_time = 1s
minimal_backoff_time = 1s
queue_run_delay = 1s
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup    unix  n - n -    0 cleanup
qmgr       unix  n - n 300  1 qmgr
tlsmgr     unix  - - n 1000 1 tlsmgr
rewrite    unix  - - n -    - trivial-rewrite
bounce     unix  - - n -    0 bounce
defer      unix  - - n -    0 bounce
trace      unix  - - n -    0 bounce
flush      unix  n - n 1000 0 flush
proxymap   unix  - - n -    - proxymap
showq      unix  n - n -    - showq
error      unix  - - n -    - error
retry      unix  - - n -    - error
virtual    unix  - n n -    - virtual
anvil      unix  - - n -    1 anvil
postlog    unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running server: its port, the certificate that it shows for `localhost`, and its mailboxes."""

    def __init__(self, folder: Path, port: int, command: str) -> None:
        self.port = port
        self.certificate = folder / "etc" / "cert.pem"
        self._folder = folder
        self._command = command

    def maildir(self, name: str) -> Path:
        """Return the Maildir of a mailbox."""
        return self._folder / "mail" / name

    def messages(self, name: str) -> list[mailbox.MaildirMessage]:
        """Return what has arrived in a mailbox."""
        found = self.maildir(name)
        return list(mailbox.Maildir(found, create=False)) if (found / "new").is_dir() else []

    @property
    def log(self) -> str:
        """What its processes have said."""
        log = self._folder / "mail.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def start(self) -> None:
        """Start, and return once it listens."""
        self._run("start")

    def stop(self) -> None:
        """Stop, and return once all of its processes are gone."""
        master = int((self._folder / "queue" / "pid" / "master.pid").read_text())
        self._run("stop")
        _wait_for_the_end(master)

    @property
    def is_running(self) -> bool:
        """Whether its master process runs."""
        return self._asked("status").returncode == 0

    def _run(self, word: str) -> None:
        done = self._asked(word)
        assert done.returncode == 0, f"{word}: {done.stderr.decode()}{self.log[-3000:]}"

    def _asked(self, word: str) -> subprocess.CompletedProcess[bytes]:
        command = [self._command, "-c", str(self._folder / "etc"), word]
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the tests' own


@contextlib.contextmanager
def postfix(
    mailboxes: Mapping[str, str], forwarded: Mapping[str, str], *, later: frozenset[str]
) -> Iterator[Postfix]:
    """Run a server until the block ends.

    `mailboxes` are addresses and the mailbox of each, `forwarded` are addresses and another for each;
    all others are refused. Those in `later` are put off (450) the first time.
    """
    command = debian_program("postfix", "postfix")
    need("root, which starts Postfix's processes", os.geteuid() == 0, "run as root")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    port, policy = free_ports(2)
    server = Postfix(folder, port, command)
    try:
        _write(folder, port, policy, {"mailboxes": mailboxes, "forwarded": forwarded})
        with _greylist(policy, later):
            server.start()
            try:
                yield server
            finally:
                if server.is_running:
                    server.stop()
    finally:
        shutil.rmtree(folder)


def _write(folder: Path, port: int, policy: int, tables: Mapping[str, Mapping[str, str]]) -> None:
    folder.chmod(0o755)  # its processes run as others
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "mail", _NOBODY, _NOBODY)
    etc = folder / "etc"
    make_certificate(etc, "DNS:localhost")
    (etc / "main.cf").write_text(_MAIN.format(folder=folder, policy=policy))
    (etc / "master.cf").write_text(_MASTER.format(port=port))
    for name, table in tables.items():
        slash = "/" if name == "mailboxes" else ""  # a Maildir
        (etc / name).write_text("".join(f"{key} {value}{slash}\n" for key, value in table.items()))


@contextlib.contextmanager
def _greylist(port: int, later: frozenset[str]) -> Iterator[None]:
    """Answer Postfix's questions (SMTPD_POLICY_README): the first time for an address of `later` is too early."""
    seen: set[str] = set()

    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            """Answer one question after the other, each some lines and an empty one."""
            recipient = ""
            for line in self.rfile:
                key, _, value = line.decode().rstrip("\n").partition("=")
                if key == "recipient":
                    recipient = value
                elif not key:
                    action = "450 4.7.1 come back later" if recipient in later - seen else "dunno"
                    seen.add(recipient)
                    self.wfile.write(f"action={action}\n\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _wait_for_the_end(group: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline, "its processes do not end"
        time.sleep(0.01)
