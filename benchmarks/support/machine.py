"""Says what a figure was measured on."""

import os
import pathlib
import platform
import re
import subprocess
from importlib import metadata

from tests.support.assets import find_asset

LIBRARIES = ("grpcio", "protobuf", "aiohttp", "uvloop", "orjson")


def describe() -> dict[str, str]:
    """The machine, and the versions of what takes part."""
    found = {"cpu": f"{os.cpu_count()} × {_cpu_model()}", "memory": f"{_memory_bytes() / 2**30:.1f} GiB"}
    found["system"] = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    found["libraries"] = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    apiserver = find_asset("kube-apiserver")
    if apiserver is not None:
        answer = subprocess.run([str(apiserver), "--version"], capture_output=True, text=True, check=False).stdout
        found["kube-apiserver"] = answer.split()[-1] if answer else "unknown"
    return found


def _cpu_model() -> str:
    match = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return match[1].strip() if match else platform.machine()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
