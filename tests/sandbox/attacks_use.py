"""Programs that use the machine up, or do not end."""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.world import SMALL, Attack

MANY = replace(SMALL, processes=8)
NAMED = "import ctypes; ctypes.CDLL(None).prctl(15, P['name'].encode(), 0, 0, 0)\n"
ATTACKS = [
    Attack("fork", "pid = os.fork()\nif pid == 0: os._exit(0)\nbroken()"),
    Attack(
        "vfork_by_number",
        "import ctypes\nif ctypes.CDLL(None).syscall(57) == 0: os._exit(0)\nelse: broken(reached(57))",
    ),
    Attack(
        "fork_bomb",
        """
import time
for n in range(40):
    if os.fork() == 0: time.sleep(0.4); os._exit(0)
broken()
""",
        MANY,
    ),
    Attack(
        "threads",
        """
import threading, time
for n in range(60): threading.Thread(target=time.sleep, args=(0.3,)).start()
broken()
""",
        MANY,
    ),
    Attack("memory", "x = bytearray(400 << 20); broken(x[-1] == 0)"),
    Attack("memory_bit_by_bit", "x = []\nwhile len(x) < 400: x.append(bytearray(1 << 20))\nbroken()"),
    Attack(
        "memory_of_children",
        """
import time
for n in range(5):
    if os.fork() == 0:
        x = bytearray(100 << 20); x[::4096] = b'x' * len(x[::4096]); time.sleep(0.6); os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
broken()
""",
        MANY,
        ends=("memory",),
    ),
    Attack("huge_integer", "x = 10 ** (10 ** 9); broken()", ends=("cpu", "exit"), bare="runs on"),
    Attack("output", "for n in range(64): os.write(1, b'x' * (1 << 20))\nbroken()", ends=("output",)),
    Attack("errors", "for n in range(64): sys.stderr.write('x' * (1 << 20))\nbroken()", ends=("output",)),
    Attack("huge_file", "f = open('f', 'wb')\nfor n in range(64): f.write(bytes(1 << 20))\nf.close(); broken()"),
    Attack(
        "sparse_file",
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); open('f', 'wb').truncate(1 << 36); broken()",
    ),
    Attack(
        "many_files_of_some_size",
        "for n in range(32): open(f'f{n}', 'wb').write(bytes(1 << 20))\nbroken()",
    ),
    Attack(
        "empty_files",
        "for n in range(400_000): os.close(os.open(f'f{n}', os.O_CREAT))\nbroken()",
        replace(SMALL, memory=64 << 20, cpu=20.0),
        bare="not tried",
    ),
    Attack("many_handles", "held = [os.open('/dev/null', 0) for n in range(200)]; broken()"),
    Attack("endless", "while True: pass", ends=("cpu",), bare="runs on"),
    Attack(
        "endless_and_deaf",
        """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True: pass
""",
        ends=("cpu",),
        bare="runs on",
    ),
    Attack(
        "endless_except",
        "while True:\n try:\n  while True: pass\n except BaseException: pass",
        ends=("cpu",),
        bare="runs on",
    ),
    Attack("endless_in_c", "import re; re.match(r'(a*)*b', 'a' * 60)", ends=("cpu",), bare="runs on"),
    Attack(
        "endless_children",
        "for n in range(3):\n if os.fork() == 0: break\nwhile True: pass",
        MANY,
        ends=("cpu",),
        bare="runs on",
    ),
    Attack(
        "one_child_after_the_other",
        """
import time
while True:
    if os.fork() == 0:
        start = time.process_time()
        while time.process_time() - start < 0.1: pass
        os._exit(0)
    os.wait()
""",
        MANY,
        ends=("cpu",),
        bare="runs on",
    ),
    Attack("sleep", "import time; time.sleep(3600)", ends=("asleep",), bare="runs on"),
    Attack("naps", "import time\nwhile True: time.sleep(0.001)", ends=("asleep", "cpu"), bare="runs on"),
    Attack(
        "stop_itself", "import signal; os.kill(os.getpid(), signal.SIGSTOP)", ends=("asleep", "exit"), bare="runs on"
    ),
    Attack("wait_for_a_pipe", "a, b = os.pipe(); os.read(a, 1)", ends=("asleep",), bare="runs on"),
    Attack(
        "wait_for_a_lock",
        "import threading; x = threading.Lock(); x.acquire(); x.acquire()",
        ends=("asleep",),
        bare="runs on",
    ),
    Attack(
        "deaf_to_alarms",
        """
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while True: signal.pause()
""",
        ends=("asleep", "cpu"),
        bare="runs on",
    ),
    Attack(
        "daemon",
        NAMED
        + """
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in range(256):
            try: os.close(n)
            except OSError: pass
        time.sleep(30)
    os._exit(0)
os.wait()
""",
        MANY,
        ends=("exit",),
        bare="survives",
    ),
    Attack(
        "unkillable_child",
        NAMED
        + """
import signal, time
if os.fork() == 0:
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); os.setsid(); os.closerange(0, 64)
    while True: time.sleep(1)
os._exit(0)
""",
        MANY,
        ends=("exit",),
        bare="survives",
    ),
    Attack(
        "children_of_children",
        NAMED
        + """
import time
for n in range(3):
    if os.fork(): os._exit(0)
    os.setsid()
os.closerange(0, 64); time.sleep(30)
""",
        MANY,
        bare="survives",
    ),
    Attack(
        "deep_recursion",
        "sys.setrecursionlimit(10 ** 9)\ndef f(x): return f([x]) + 1\nf(0); broken()",
        bare="not tried",
    ),
    Attack("crash", "import ctypes; ctypes.string_at(0); broken()", ends=("signal",), bare="not tried"),
    Attack(
        "closed_handles",
        "for n in range(256):\n try: os.close(n)\n except OSError: pass",
        ends=("exit",),
        bare="not tried",
    ),
]
