"""A real IMAP server with one mailbox, run by nobody in particular on loopback ports."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.certificate import make_certificate
from tests.support.processes import debian_program, free_ports, program

__all__ = ["PASSWORD", "Dovecot", "dovecot"]

PASSWORD = "warden-of-the-mailbox"
_ACCOUNT = "nobody"  # where the tests run as root, the server does not
_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {plain}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls}
    ssl = yes
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class Dovecot(NamedTuple):
    """Its ports, and the folder with its certificate."""

    plain: int
    tls: int
    certificate: Path

    def url(self, folder: str = "INBOX", scheme: str = "imaps") -> str:
        port = self.tls if scheme == "imaps" else self.plain
        return f"{scheme}://bounces@127.0.0.1:{port}/{folder}"


@contextlib.contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Run a server until the block ends; its mailbox is empty at first."""
    server = debian_program("dovecot", "dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    ports = free_ports(2)
    try:
        certificate = make_certificate(folder, "IP:127.0.0.1")
        account, options = _account()
        words = {"user": account.pw_name, "group": _group(account), "folder": folder}
        words |= {"plain": ports[0], "tls": ports[1], "password": PASSWORD}
        (folder / "dovecot.conf").write_text(_CONFIG.format(**words), "utf-8")
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
        command = [server, "-F", "-c", str(folder / "dovecot.conf")]
        with program(command, ports[1], folder, **options):
            yield Dovecot(ports[0], ports[1], certificate.cert)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> tuple[pwd.struct_passwd, dict[str, Any]]:
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()), {}
    account = pwd.getpwnam(_ACCOUNT)
    groups = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return account, groups


def _group(account: pwd.struct_passwd) -> str:
    import grp  # noqa: PLC0415 - absent on Windows, as the server is

    return grp.getgrgid(account.pw_gid).gr_name
