"""Programs that ask the kernel for more than a program may have. Numbers of system calls are those of x86-64."""

from __future__ import annotations

from komainu.sandbox.base import Limits
from tests.sandbox.world import Attack, linux

CALLS = [
    linux("ptrace_me", 101, "0", "0", "0", "0"),
    linux("bpf", 321, "0", "b''", "0"),
    linux("io_uring", 425, "-1", "0"),
    linux("userfaultfd", 323, "0x7fffffff"),
    linux("keyring", 250, "0", "-3", "0"),
    linux("add_key", 248, "b'user'", "b'komainu'", "b''", "-1", "-3"),
    linux("perf_event", 298, "0", "0", "-1", "-1", "0"),
    linux("memory_file", 319, "b'x'", "0"),
    linux("memory_segment", 29, "0", "0", "-1"),
    linux("message_queue", 240, "b'komainu'", "-1", "0", "0"),
    linux("exec", 59, "0", "0", "0"),
    linux("exec_at", 322, "-1", "0", "0", "0", "0"),
    linux("open_tree", 428, "-1", "0", "0"),
    linux("new_mount", 430, "0", "-1"),
    linux("fanotify", 300, "-1", "0"),
    linux("kernel_module", 313, "-1", "0", "0"),
    linux("kexec", 246, "-1", "-1", "0", "-1"),
    linux("swap", 167, "0", "0"),
    linux("quota", 179, "-1", "0", "0", "0"),
    linux("accounting", 163, "b'/no/such/file'"),
    linux("kernel_log", 103, "-1", "0", "0"),
    linux("personality", 135, "0xffffffff"),
    linux("descriptor_table", 154, "-1", "0", "0"),
    linux("port_access", 172, "-1"),
    linux("copy_a_handle", 438, "-1", "0", "0"),
    linux("landlock", 444, "0", "0", "1"),
    linux("seccomp_listener", 317, "-1", "0", "0"),
    linux("move_pages", 279, "0", "0", "0", "0", "0", "-1"),
]
SPACES = [
    linux("user_namespace", 272, "0x10000000"),
    linux("mount_namespace", 272, "0x00020000"),
    Attack(
        "clone_into_a_namespace",
        """
import ctypes
pid = ctypes.CDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0: os._exit(0)
broken(pid > 0)
""",
        Limits(processes=8),
    ),
    Attack(
        "clone3",
        """
import ctypes, struct
flags = struct.pack('11Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)
pid = ctypes.CDLL(None).syscall(435, flags, 88)
if pid == 0: os._exit(0)
broken(pid > 0)
""",
        Limits(processes=8),
    ),
    Attack("join_a_namespace", "broken(reached(308, os.open('/proc/self/ns/net', 0), 0))"),
    linux("join_by_process", 308, "-1", "0"),
    linux("mount", 165, "b'none'", "b'/no/such/place'", "b'tmpfs'", "0", "0"),
    linux("unmount", 166, "b'/no/such/place'", "2"),
    linux("pivot_root", 155, "b'/no/such/place'", "b'/no/such/place'"),
    Attack("chroot", "os.chroot('/'); broken()", root=True),
]
POWERS = [
    Attack("become_root", "os.setuid(0); broken(os.getuid() == 0)", root=True),
    Attack("groups", "os.setgroups([0]); broken()", root=True),
    Attack("is_root", "broken(0 in (os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()))", root=True),
    Attack("change_owner", "open('f', 'w'); os.chown('f', 1, 1); broken()", root=True),
    Attack("set_user_id_file", "open('f', 'w'); os.chmod('f', 0o6755); os.execv('f', ['f'])", bare="not tried"),
    Attack("set_user_id_program", "import subprocess; subprocess.run(['/bin/su', '--version'], stdout=2); broken()"),
    Attack("shell", "broken(os.system('exit 0') == 0)"),
    Attack("start_python", "os.execv(sys.executable, [sys.executable, '-c', 'print(\"BROK\" + \"EN\")'])"),
    Attack("spawn", "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0); broken()"),
    Attack("set_the_clock", "import time; time.clock_settime(0, time.clock_gettime(0)); broken()", root=True),
    Attack("host_name", "import socket; socket.sethostname(socket.gethostname()); broken()", root=True),
    Attack("priority", "os.setpriority(os.PRIO_PROCESS, 0, -5); broken()", root=True),
    Attack("real_time", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); broken()", root=True),
    Attack(
        "raise_limits",
        "import resource\nfor kind in (0, 9): resource.setrlimit(kind, (-1, -1))\nbroken()",
    ),
    Attack(
        "type_into_the_terminal",
        """
import fcntl, pty, termios
master, slave = pty.openpty()
if os.fork() == 0:
    os.setsid(); fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    fcntl.ioctl(slave, termios.TIOCSTI, b'x'); broken(); os._exit(0)
os.wait()
""",
        Limits(processes=8),
        root=True,
    ),
    Attack("type_into_input", "import fcntl, termios; broken(reached(16, 0, termios.TIOCSTI, b'x'))"),
    Attack(
        "other_calling_convention",
        """
import ctypes, mmap
code = bytes.fromhex('b814000000cd80c3')  # mov eax, 20 (getpid of 32 bits); int 0x80; ret
page = mmap.mmap(-1, 4096, prot=7); page.write(code)
broken(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))() > 0)
""",
        ends=("signal",),
    ),
    Attack("x32_calls", "broken(reached(0x40000000 + 39))", bare="not tried"),
]
ATTACKS = [*CALLS, *SPACES, *POWERS]
