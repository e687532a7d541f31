"""Tries one parser, or the servers, guided by coverage: python -m tests.fuzz.guided NAME SECONDS."""

import asyncio
import pathlib
import random
import sys
import tempfile
from collections.abc import Callable, Iterable

import atheris

with atheris.instrument_imports(include=["octokube", "octokube_hub", "octokube_web"]):
    from tests.fuzz.parsers import MAX_BYTES, PARSERS, SERVERS, tried
    from tests.fuzz.servers import Servers, seeds


def main(name: str, seconds: str) -> None:
    """Ends the process: 0 when whatever was tried did no more than refuse."""
    if name != SERVERS:
        parser = PARSERS[name]
        fuzz(seconds, parser.seeds, lambda content: tried(parser, content))
        return
    with asyncio.Runner() as runner:
        servers = Servers()
        runner.run(servers.start())
        starts = [attack.encode() for attack in seeds(random.Random(7))]
        fuzz(seconds, starts, lambda content: runner.run(servers.suffer(content)))


def fuzz(seconds: str, starts: Iterable[bytes], attempt: Callable[[bytes], None]) -> None:
    """Lets libFuzzer draw inputs for so long; ends the process."""
    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", "-verbosity=0", "-print_final_stats=1"]
    corpus = pathlib.Path(tempfile.mkdtemp(prefix="octokube-fuzz-"))
    for index, start in enumerate(starts):
        (corpus / str(index)).write_bytes(start)
    atheris.Setup([sys.argv[0], *limits, str(corpus)], attempt)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
