"""What to do where no sandbox can be made."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.inside.syscalls import MACHINES

SWITCHES = {  # files of the kernel that forbid user namespaces to users, and the value that allows them
    "kernel.unprivileged_userns_clone": "1",
    "kernel.apparmor_restrict_unprivileged_userns": "0",
}


def advice(proc: Path = Path("/proc/sys")) -> str:
    """The likeliest way to a sandbox on this machine."""
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        return f"it needs Linux on {' or '.join(MACHINES)}, this is {platform.system()} on {platform.machine()}"
    if os.geteuid() == 0:
        return (
            "root lacks CAP_SYS_ADMIN, or a filter forbids it: start the container with --cap-add SYS_ADMIN "
            "--security-opt seccomp=unconfined, or run komainu outside of it; Linux 5.12 or later is needed"
        )
    for name, wanted in SWITCHES.items():
        switch = proc / name.replace(".", "/")
        if switch.exists() and switch.read_text().strip() != wanted:
            return f"user namespaces are forbidden; as root: sysctl {name}={wanted}"
    limit = proc / "user/max_user_namespaces"
    if limit.exists() and limit.read_text().strip() == "0":
        return "user namespaces are forbidden; as root: sysctl user.max_user_namespaces=10000"
    other = "" if bubblewrap() else "install bubblewrap (apt-get install bubblewrap), or "
    return f"{other}run as root, with Linux 5.12 or later"
