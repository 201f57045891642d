"""The system calls a program may make, as name:number on x86-64:number on arm64 (- where there is none).

What is not here does not exist for it: sockets of any network, starting programs, tracing, mounts, namespaces, keys,
io_uring, bpf, userfaultfd, memory in files without a folder, System V memory, clocks to be set, kernel modules.
"""

from __future__ import annotations

TABLE = """
read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70
preadv2:327:286 pwritev2:328:287 open:2:- openat:257:56 close:3:57 close_range:436:436 lseek:8:62 dup:32:23
dup2:33:- dup3:292:24 pipe:22:- pipe2:293:59 fcntl:72:25 flock:73:32 stat:4:- fstat:5:80 lstat:6:-
newfstatat:262:79 statx:332:291 statfs:137:43 fstatfs:138:44 access:21:- faccessat:269:48 faccessat2:439:439
readlink:89:- readlinkat:267:78 getdents:78:- getdents64:217:61 getcwd:79:17 chdir:80:49 fchdir:81:50 creat:85:-
mkdir:83:- mkdirat:258:34 rmdir:84:- unlink:87:- unlinkat:263:35 rename:82:- renameat:264:38 renameat2:316:276
link:86:- linkat:265:37 symlink:88:- symlinkat:266:36 chmod:90:- fchmod:91:52 fchmodat:268:53 umask:95:166
truncate:76:45 ftruncate:77:46 fallocate:285:47 fsync:74:82 fdatasync:75:83 utimensat:280:88 utime:132:-
utimes:235:- sendfile:40:71 copy_file_range:326:285 poll:7:- ppoll:271:73 select:23:- pselect6:270:72
epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 eventfd:284:-
eventfd2:290:19 timerfd_create:283:85 timerfd_settime:286:86 timerfd_gettime:287:87 mmap:9:222 munmap:11:215
mprotect:10:226 mremap:25:216 madvise:28:233 brk:12:214 msync:26:227 mincore:27:232 getpid:39:172 gettid:186:178
getppid:110:173 getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177 getresuid:118:148
getresgid:120:150 getgroups:115:158 getpgrp:111:- getpgid:121:155 getsid:124:156 setsid:112:157 setpgid:109:154
getrlimit:97:163 setrlimit:160:164 getrusage:98:165 times:100:153 sysinfo:99:179 uname:63:160
getpriority:140:141 sched_yield:24:124 sched_getaffinity:204:123 getcpu:309:168 getrandom:318:278
clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115 nanosleep:35:101 gettimeofday:96:169
time:201:- alarm:37:- pause:34:- getitimer:36:102 setitimer:38:103 timer_create:222:107 timer_settime:223:110
timer_gettime:224:108 timer_getoverrun:225:109 timer_delete:226:111 rt_sigaction:13:134 rt_sigprocmask:14:135
rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132
kill:62:129 tgkill:234:131 tkill:200:130 futex:202:98 set_robust_list:273:99 get_robust_list:274:100
set_tid_address:218:96 rseq:334:293 membarrier:324:283 arch_prctl:158:- prctl:157:167 restart_syscall:219:128
exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95 sendto:44:206 recvfrom:45:207
sendmsg:46:211 recvmsg:47:212 shutdown:48:210 getsockopt:55:209 setsockopt:54:208 getsockname:51:204
getpeername:52:205
"""
FORKS = "fork:57:- vfork:58:-"  # where more than one process is allowed
LOOKED_AT = "socketpair:53:199 clone:56:220 prlimit64:302:261 ioctl:16:29"  # allowed with certain arguments
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the tables, AUDIT_ARCH


def numbers(table: str, machine: str) -> dict[str, int]:
    """Name to number on a machine, without the calls that it does not have."""
    column = MACHINES[machine][0]
    found = {}
    for entry in table.split():
        name, *there = entry.split(":")
        if there[column] != "-":
            found[name] = int(there[column])
    return found
