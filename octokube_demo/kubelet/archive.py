"""Packs the files of a container that does not exist into a tar archive, as its own tar would."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octokube_demo.kubelet.shell import Shell

_BLOCK_BYTES = 32 * 1024


async def tar(shell: Shell, arguments: list[str]) -> int:
    """`tar cf - [-C directory] path...`, the one thing that file copies need; 2 for everything else, as tar has it."""
    if arguments[:2] not in (["cf", "-"], ["-cf", "-"]):
        await shell.streams.error(b"tar: only 'tar cf -' is simulated\n")
        return 2
    rest, directory = arguments[2:], shell.directory
    if rest[:1] == ["-C"] and len(rest) > 1:
        directory, rest = rest[1], rest[2:]
    packed, code = io.BytesIO(), 0
    with tarfile.open(fileobj=packed, mode="w|") as archive:
        for asked in rest:
            found = _below(shell, f"{directory}/{asked}")
            if not found:
                await shell.streams.error(f"tar: {asked}: No such file or directory\n".encode())
                code = 1
            base = shell.resolve(f"{directory}/")
            for path, content in found:
                entry = tarfile.TarInfo("./" + path.removeprefix(base).lstrip("/"))
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    content = packed.getvalue()
    for start in range(0, len(content), _BLOCK_BYTES):
        await shell.streams.out(content[start : start + _BLOCK_BYTES])
    return code


def _below(shell: Shell, path: str) -> list[tuple[str, bytes]]:
    """The file, or those in the folder."""
    whole = shell.resolve(path)
    prefix = whole.rstrip("/") + "/"
    return [
        (name, text.encode())
        for name, text in sorted(shell.files().items())
        if name == whole or name.startswith(prefix)
    ]
