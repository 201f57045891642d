"""Programs that are after the network, and after the files, the environment and the processes of the machine."""

from __future__ import annotations

from tests.sandbox.world import Attack

NETWORK = [
    Attack("tcp_connect", "import socket; socket.create_connection(('127.0.0.1', P['port']), 1); broken()"),
    Attack("tcp_listen", "import socket; s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen(); broken()"),
    Attack(
        "udp_send",
        "import socket; broken(socket.socket(2, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', P['port'])) == 1)",
    ),
    Attack("tcp_ipv6", "import socket; socket.socket(socket.AF_INET6).bind(('::', 0)); broken()"),
    Attack("raw_socket", "import socket; socket.socket(2, socket.SOCK_RAW, 1); broken()", root=True),
    Attack("packet_socket", "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW); broken()", root=True),
    Attack("netlink", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0)); broken()"),
    Attack("interfaces", "import socket; broken(len(socket.if_nameindex()) > 0)"),
    Attack("abstract_socket", "import socket; socket.socket(socket.AF_UNIX).connect(P['abstract']); broken()"),
    Attack("socket_file", "import socket; socket.socket(socket.AF_UNIX).connect(P['socket']); broken()"),
    Attack(
        "socketpair_of_a_network",
        """
import ctypes
pair = (ctypes.c_int * 2)()
for family in (2, 10, 30, 31, 40):  # AF_TIPC and AF_SMC among them
    if ctypes.CDLL(None).socketpair(family, 1, 0, pair) == 0: broken()
""",
        bare="not tried",
    ),
]
FILES = [
    Attack("read_a_file", "broken(P['text'] in open(P['secret']).read())"),
    Attack("read_passwd", "broken(len(open('/etc/passwd').read()) > 0)"),
    Attack("read_shadow", "broken(len(open('/etc/shadow').read()) > 0)", root=True),
    Attack("read_the_sources", "broken('komainu' in open(P['source']).read())"),
    Attack("list_root", "broken(len(os.listdir('/etc')) + len(os.listdir('/home')) + len(os.listdir('/var')) > 0)"),
    Attack("climb", "broken(P['text'] in open('../' * 40 + P['secret'].lstrip('/')).read())"),
    Attack("symlink_read", "os.symlink(P['secret'], 'link'); broken(P['text'] in open('link').read())"),
    Attack("symlink_write", "os.symlink(P['folder'] + '/made', 'link'); open('link', 'w').write('x'); broken()"),
    Attack("hard_link", "os.link('/etc/passwd', P['folder'] + '/linked'); broken()"),
    Attack("write_outside", "open(P['folder'] + '/written', 'w').write('x'); broken()"),
    Attack(
        "write_anywhere",
        """
for folder, _, _ in os.walk('/'):
    if folder.startswith(('/proc', '/sys', '/work', '/tmp', '/dev/shm')) or folder == os.getcwd(): continue
    try:
        os.close(os.open(folder + '/komainu-probe', os.O_CREAT | os.O_EXCL)); os.unlink(folder + '/komainu-probe')
    except OSError: continue
    broken(); break
""",
        root=True,
    ),
    Attack(
        "replace_the_library",
        "import json; name = json.__file__ + '.planted'; open(name, 'w'); os.unlink(name); broken()",
        root=True,
    ),
    Attack(
        "chmod_the_library", "import json; os.chmod(json.__file__, os.stat(json.__file__).st_mode); broken()", root=True
    ),
    Attack("shared_memory_of_others", "broken(P['text'] in open(P['shared']).read())"),
    Attack("other_users_temporary", "broken(any('komainu-planted' in name for name in os.listdir('/tmp')))"),
    Attack("proc_self_root", "broken(P['text'] in open('/proc/self/root' + P['secret']).read())"),
    Attack("proc_of_the_parent", "broken('etc' in os.listdir(f'/proc/{os.getppid()}/root'))"),
    Attack(
        "raw_disk",
        """
import stat
numbers = {os.makedev(major, 0) for major in (8, 254, 259)}
if os.path.isdir('/sys/block'):
    for name in os.listdir('/sys/block'):
        numbers.add(os.makedev(*map(int, open(f'/sys/block/{name}/dev').read().split(':'))))
for number in numbers:
    try:
        os.mknod(f'disk{number}', stat.S_IFBLK | 0o600, number)
        broken(len(open(f'disk{number}', 'rb', buffering=0).read(512)) == 512)
    except OSError: continue
""",
        bare="not tried",
    ),
    Attack(
        "make_a_device",
        "import stat; os.mknod('d', stat.S_IFCHR | 0o600, os.makedev(1, 5)); broken(open('d', 'rb').read(1) == b'\\0')",
        root=True,
    ),
    Attack(
        "file_by_handle",
        """
import ctypes, struct
library = ctypes.CDLL(None, use_errno=True)
handle, mount = ctypes.create_string_buffer(struct.pack('Ii', 128, 0) + bytes(128)), ctypes.c_int()
assert library.name_to_handle_at(-100, b'/', handle, ctypes.byref(mount), 0) == 0
broken(library.open_by_handle_at(os.open('/', os.O_RDONLY), handle, os.O_RDONLY) >= 0)
""",
        root=True,
    ),
    Attack(
        "handles_left_open",
        """
import stat
held = []
for handle in range(3, 256):
    try: held.append(stat.S_IFMT(os.fstat(handle).st_mode))
    except OSError: pass
broken(len(held) > 1 or stat.S_IFDIR in held)
""",
        bare="not tried",
    ),
    Attack("system", "broken(bool(os.listdir('/sys')))"),
    Attack("kernel_command_line", "broken(bool(open('/proc/cmdline').read()))"),
    Attack("memory_of_the_machine", "broken('MemTotal' in open('/proc/meminfo').read())"),
]
PROCESSES = [
    Attack("environment", "broken(P['text'] in os.environ.values())"),
    Attack("proc_self_environ", "broken(P['text'] in open('/proc/self/environ').read())"),
    Attack(
        "environment_in_memory",
        """
import ctypes
words, found, at = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ'), [], 0
while words and words[at]: found.append(words[at]); at += 1
broken(any(P['text'].encode() in word for word in found))
""",
    ),
    Attack("proc_of_others", "broken(P['text'] in open(f\"/proc/{P['victim']}/environ\").read())"),
    Attack(
        "every_environment",
        """
for pid in filter(str.isdigit, os.listdir('/proc')):
    try: broken(P['text'] in open(f'/proc/{pid}/environ').read())
    except OSError: pass
""",
    ),
    Attack("see_processes", "broken(str(P['victim']) in os.listdir('/proc'))"),
    Attack("signal_others", "os.kill(P['victim'], 0); broken()"),
    Attack("group_of_others", "os.getpgid(P['victim']); broken()"),
    Attack(
        "trace_others",
        """
import ctypes
for pid in (P['victim'], os.getppid()):
    if ctypes.CDLL(None).ptrace(0x4206, pid, 0, 0) == 0: broken()  # PTRACE_SEIZE
    if os.getppid() != 1: break
""",
    ),
    Attack(
        "read_memory_of_others",
        """
import ctypes
class Piece(ctypes.Structure): _fields_ = [('at', ctypes.c_void_p), ('size', ctypes.c_size_t)]
try: start = int(open(f"/proc/{P['victim']}/maps").read().split('-')[0], 16)
except OSError: start = ctypes.addressof(ctypes.py_object(broken))
pid = P['victim'] if os.getppid() != 1 else 1
here = ctypes.create_string_buffer(64)
mine, theirs = Piece(ctypes.addressof(here), 64), Piece(start, 64)
broken(ctypes.CDLL(None).process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0)
""",
    ),
    Attack("memory_file_of_the_watcher", "open('/proc/1/mem', 'rb').read(0); broken()", bare="not tried"),
    Attack("limits_of_the_watcher", "import resource; resource.prlimit(P['victim'], 7); broken()"),
    Attack(
        "kill_everything",
        """
import signal
for pid in (1, -1, os.getppid()):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
os._exit(7)
""",
        ends=("exit",),
        bare="not tried",
    ),
]
ATTACKS = [*NETWORK, *FILES, *PROCESSES]
