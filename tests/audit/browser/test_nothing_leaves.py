"""A browser's audit in a network namespace whose only way out is a device that counts: nothing goes out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.audit.browser.conftest import need_chromium
from tests.conftest import need

# Root in a namespace of its own: loopback, and a device to which all other addresses are routed.
_NETWORK = """
set -e
ip link set lo up
ip link add out type dummy 2>/dev/null || { ip link add out type veth peer name in; ip link set in up; }
ip link set out addrgenmode none
ip address add 10.9.9.9/24 dev out
ip link set out up
ip route add default via 10.9.9.1 dev out
ip neighbour add 10.9.9.1 lladdr 02:00:00:00:00:01 dev out
"$@"
"""

_AUDIT = """
import json, socket, sys
from pathlib import Path
from alpines_privacy.audit.browser import Scope, Tour, served, visit_pages
from tests.audit.browser.site import HOME, PAGES, make

connected = set()
def watch(event, arguments):
    if event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        connected.add(arguments[1][0])
sys.addaudithook(watch)

def sent():
    (line,) = [line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("out:")]
    return int(line.partition(":")[2].split()[9])

names = ["tracker-by-script", "keys-by-websocket", "tracker-in-a-worker", "service-worker", "calls"]
with served(make(), "https") as address:
    begun = sent()
    visits = visit_pages(Tour([f"{HOME}/{name}" for name in names], Scope.of(HOME, address=address)))
    audited = sent() - begun
asked = {request.host for visit in visits for request in visit.requests if not request.is_own}
with socket.socket(type=socket.SOCK_DGRAM) as control:  # the device does count
    control.sendto(b"x", ("192.0.2.1", 9))
print(json.dumps({"audited": audited, "control": sent() - begun - audited, "asked": sorted(asked),
                  "connected": sorted(connected)}))
"""


def _can_have_one(unshare: str | None) -> bool:
    if unshare is None:
        return False
    tried = subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False)  # noqa: S603 - our own words
    return tried.returncode == 0


def test_nothing_is_sent_but_to_the_site(tmp_path: Path) -> None:
    need_chromium()
    unshare, ip = shutil.which("unshare"), shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin")
    need("iproute2", ip is not None, "apt-get install iproute2")
    need("a network namespace", _can_have_one(unshare), "allow user namespaces")
    command = [str(unshare), "-rn", "bash", "-c", _NETWORK, "bash", sys.executable, "-c", _AUDIT]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603 - our own words
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout.splitlines()[-1])
    assert seen["control"] == 1
    assert seen["audited"] == 0
    assert {"hm.baidu.com", "keys.example", "stun.example", "203.0.113.5"} <= set(seen["asked"])
    assert set(seen["connected"]) <= {"127.0.0.1", "192.0.2.1"}
