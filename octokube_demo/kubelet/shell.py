"""A small believable shell: enough commands to look around in a container that does not exist."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from octokube_demo.kubelet.archive import tar
from octokube_demo.objects import Clock, Object


class Streams(Protocol):
    """The standard streams of one process."""

    async def read(self) -> bytes:
        """The next input, `b""` at its end."""

    async def out(self, data: bytes) -> None:
        """Writes to standard output; waits when the reader is slow."""

    async def error(self, data: bytes) -> None:
        """Writes to standard error."""

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the terminal."""


Command: TypeAlias = Callable[["Shell", list[str]], Awaitable[int]]


class Exit(Exception):
    """`exit N` in a shell."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Shell:
    """One process tree in one container. `run` returns the exit code; 127 for a program that is not there."""

    pod: Object
    container: str
    streams: Streams
    now: Clock
    has_terminal: bool = False
    directory: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    last_code: int = 0

    def __post_init__(self) -> None:
        self.variables.update(_environment(self.pod, self.container))

    async def run(self, argv: list[str]) -> int:
        """Runs one command line, as exec gives it: already split."""
        if not argv:
            return 0
        name = argv[0].rpartition("/")[2]
        command = COMMANDS.get(name)
        if command is None:
            await self.streams.error(f"sh: {argv[0]}: not found\n".encode())
            return 127
        return await command(self, argv[1:])

    async def script(self, text: str) -> int:
        """Runs one line of a shell.

        `;`, `&&`, `||` and `$NAME` (in single quotes, too) work; redirections, pipes and everything else do not.
        """
        try:
            lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError as error:
            await self.streams.error(f"sh: syntax error: {error}\n".encode())
            return 2
        code, current, should_run = self.last_code, list[str](), True
        for word in [*words, ";"]:
            if word not in (";", "&&", "||"):
                if set(word) <= set(";&|<>"):
                    await self.streams.error(f"sh: {word}: pipes and redirections are not simulated\n".encode())
                    return 2
                current.append(word)
                continue
            if current and should_run:
                code = self.last_code = await self.run([self._expanded(one) for one in current])
            current = []
            should_run = word == ";" or (word == "&&") == (code == 0)
        return code

    def _expanded(self, text: str) -> str:
        for name, value in sorted(self.variables.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
        return text.replace("$?", str(self.last_code))

    def files(self) -> dict[str, str]:
        """The files that can be read."""
        meta, status = self.pod["metadata"], self.pod.get("status") or {}
        name, address = meta["name"], status.get("podIP", "10.244.0.2")
        return {
            "/etc/hostname": f"{name}\n",
            "/etc/hosts": f"127.0.0.1\tlocalhost\n{address}\t{name}\n",
            "/etc/os-release": 'NAME="Octokube demo"\nID=demo\nPRETTY_NAME="a container that does not exist"\n',
            "/etc/resolv.conf": f"search {meta.get('namespace', 'default')}.svc.cluster.local\nnameserver 10.96.0.10\n",
            f"/etc/{self.container}/config.yaml": f"app: {self.container}\nlog: info\nport: 8080\n",
            "/app/main.py": "from service import main\n\nmain()\n",
            "/var/run/secrets/kubernetes.io/serviceaccount/namespace": meta.get("namespace", "default"),
        }

    def resolve(self, path: str) -> str:
        """An absolute, clean path."""
        parts: list[str] = []
        for part in (path if path.startswith("/") else f"{self.directory}/{path}").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def listing(self, directory: str) -> list[str] | None:
        """The names in a directory, None when it is none."""
        prefix = "/" if directory == "/" else directory + "/"
        paths = [*self.files(), *(f"{top}/" for top in ("/bin", "/dev", "/home", "/proc", "/root", "/tmp", "/usr"))]  # noqa: S108
        found = {path.removeprefix(prefix).split("/")[0] for path in paths if path.startswith(prefix)}
        is_empty_directory = f"{directory}/" in paths
        return sorted(found - {""}) if found or is_empty_directory else None


def _environment(pod: Object, container: str) -> dict[str, str]:
    meta = pod["metadata"]
    found = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOSTNAME": meta["name"],
        "HOME": "/root",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    for one in (*pod["spec"]["containers"], *(pod["spec"].get("ephemeralContainers") or ())):
        if one["name"] == container:
            found.update({entry["name"]: entry["value"] for entry in one.get("env") or () if "value" in entry})
    return found


async def _echo(shell: Shell, arguments: list[str]) -> int:
    end = "\n"
    if arguments[:1] == ["-n"]:
        arguments, end = arguments[1:], ""
    await shell.streams.out((" ".join(arguments) + end).encode())
    return 0


async def _ls(shell: Shell, arguments: list[str]) -> int:
    targets = [one for one in arguments if not one.startswith("-")] or ["."]
    is_long = any(one.startswith("-") and "l" in one for one in arguments)
    code = 0
    for target in targets:
        path = shell.resolve(target)
        names = [target] if path in shell.files() else shell.listing(path)
        if names is None:
            await shell.streams.error(f"ls: {target}: No such file or directory\n".encode())
            code = 1
            continue
        if is_long:
            lines = [f"drwxr-xr-x    2 root     root          4096 Jan  1 00:00 {name}" for name in names]
            text = "\n".join(lines)
        else:
            text = "\n".join(names)
        if text:
            await shell.streams.out(f"{text}\n".encode())
    return code


async def _cat(shell: Shell, arguments: list[str]) -> int:
    if not arguments or arguments == ["-"]:
        while data := await shell.streams.read():
            await shell.streams.out(data)
        return 0
    code = 0
    for target in arguments:
        text = shell.files().get(shell.resolve(target))
        if text is None:
            what = "Is a directory" if shell.listing(shell.resolve(target)) is not None else "No such file or directory"
            await shell.streams.error(f"cat: {target}: {what}\n".encode())
            code = 1
        else:
            await shell.streams.out(text.encode())
    return code


async def _env(shell: Shell, _: list[str]) -> int:
    await shell.streams.out("".join(f"{name}={value}\n" for name, value in shell.variables.items()).encode())
    return 0


async def _export(shell: Shell, arguments: list[str]) -> int:
    for argument in arguments:
        name, _, value = argument.partition("=")
        shell.variables[name] = value
    return 0


async def _ps(shell: Shell, _: list[str]) -> int:
    argv: Object = next((one for one in shell.pod["spec"]["containers"] if one["name"] == shell.container), {})
    main = " ".join(argv.get("command") or [f"/usr/local/bin/{shell.container}"])
    await shell.streams.out(
        f"PID   USER     TIME  COMMAND\n    1 root      0:07 {main}\n   42 root      0:00 sh\n".encode()
    )
    return 0


async def _cd(shell: Shell, arguments: list[str]) -> int:
    path = shell.resolve(arguments[0] if arguments else "/root")
    if shell.listing(path) is None:
        await shell.streams.error(f"cd: {path}: No such file or directory\n".encode())
        return 1
    shell.directory = path
    return 0


async def _sleep(shell: Shell, arguments: list[str]) -> int:
    try:
        seconds = float(arguments[0])
    except (IndexError, ValueError):
        await shell.streams.error(b"sleep: needs a number of seconds\n")
        return 1
    await asyncio.sleep(seconds)
    return 0


async def _yes(shell: Shell, arguments: list[str]) -> int:
    """Writes for ever: only a slow reader, or the end of the session, stops it."""
    block = ((" ".join(arguments) or "y") + "\n").encode() * 512
    while True:
        await shell.streams.out(block)
        await asyncio.sleep(0)


async def _seq(shell: Shell, arguments: list[str]) -> int:
    last = int(arguments[-1]) if arguments and arguments[-1].isdigit() else 0
    for start in range(1, last + 1, 1000):
        numbers = range(start, min(start + 1000, last + 1))
        await shell.streams.out("".join(f"{number}\n" for number in numbers).encode())
    return 0


async def _stty(shell: Shell, arguments: list[str]) -> int:
    if arguments == ["size"]:
        rows, columns = shell.streams.size
        await shell.streams.out(f"{rows} {columns}\n".encode())
        return 0
    return 0


async def _exit(shell: Shell, arguments: list[str]) -> int:
    raise Exit(int(arguments[0]) if arguments and arguments[0].lstrip("-").isdigit() else shell.last_code)


async def _sh(shell: Shell, arguments: list[str]) -> int:
    if arguments[:1] in (["-c"], ["-lc"]) and len(arguments) > 1:
        try:
            return await shell.script(arguments[1])
        except Exit as leaving:
            return leaving.code
    return await _interactive(shell)


async def _interactive(shell: Shell) -> int:
    prompt = b"/ # "
    buffered = b""
    if shell.has_terminal:
        await shell.streams.out(prompt)
    while data := await shell.streams.read():
        buffered += data
        while b"\n" in buffered:
            line, _, buffered = buffered.partition(b"\n")
            try:
                await shell.script(line.decode(errors="replace"))
            except Exit as leaving:
                return leaving.code
            if shell.has_terminal:
                await shell.streams.out(f"{shell.directory} # ".encode())
    return shell.last_code


async def _true(_: Shell, __: list[str]) -> int:
    return 0


async def _false(_: Shell, __: list[str]) -> int:
    return 1


def _printing(text: Callable[[Shell], str]) -> Command:
    async def command(shell: Shell, _: list[str]) -> int:
        await shell.streams.out(f"{text(shell)}\n".encode())
        return 0

    return command


COMMANDS: dict[str, Command] = {
    "bash": _sh,
    "cat": _cat,
    "cd": _cd,
    "date": _printing(lambda shell: shell.now().strftime("%a %b %d %H:%M:%S UTC %Y")),
    "echo": _echo,
    "env": _env,
    "exit": _exit,
    "export": _export,
    "false": _false,
    "hostname": _printing(lambda shell: str(shell.pod["metadata"]["name"])),
    "id": _printing(lambda _: "uid=0(root) gid=0(root) groups=0(root)"),
    "ls": _ls,
    "printenv": _env,
    "ps": _ps,
    "pwd": _printing(lambda shell: shell.directory),
    "seq": _seq,
    "sh": _sh,
    "sleep": _sleep,
    "stty": _stty,
    "tar": tar,
    "true": _true,
    "uname": _printing(lambda _: "Linux"),
    "whoami": _printing(lambda _: "root"),
    "yes": _yes,
}
