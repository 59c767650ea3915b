"""Becomes a program that cannot outlive the supervisor. Run by path, with the standard library alone:

    python -I -S leash.py PARENT_PID DEATH_SIGNAL IDENTITY TIE COMMAND…

IDENTITY: `same`; `namespace` (Linux: a user namespace in which we are uid 1000, for programs that refuse
root); or `UID:GID`. TIE: `prctl` (Linux: the kernel sends DEATH_SIGNAL when the parent dies) or `pipe`
(elsewhere: this process stays, and sends DEATH_SIGNAL when the parent's end of its stdin closes).
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def take_identity(identity: str) -> None:
    """Raises OSError when the kernel does not permit it."""
    if identity == "namespace":
        uid, gid = os.geteuid(), os.getegid()
        call("unshare", CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as entry:
                entry.write(text)
    elif identity != "same":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}: {os.strerror(error)}")


def follow_by_prctl(parent: int, death_signal: int, command: list[str]) -> None:
    # After the change of identity: the kernel forgets the wish whenever credentials change.
    call("prctl", PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit("the supervisor has gone")
    os.execvp(command[0], command)


def follow_by_pipe(death_signal: int, command: list[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda received, _: child.send_signal(received))

    def kill_at_end_of_pipe() -> None:
        while os.read(0, 1):
            pass
        child.send_signal(death_signal)

    threading.Thread(target=kill_at_end_of_pipe, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def main() -> None:
    parent, death_signal, identity, tie, *command = sys.argv[1:]
    take_identity(identity)
    if tie == "prctl":
        follow_by_prctl(int(parent), int(death_signal), command)
    sys.exit(follow_by_pipe(int(death_signal), command))


if __name__ == "__main__":
    main()
