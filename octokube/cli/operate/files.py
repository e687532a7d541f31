"""``octokube cp``: files of a container, unpacked here."""

import asyncio
import os
import pathlib
import sys
import tarfile
import threading

import click

from octokube.cli.operate.running import CLUSTER, NAMESPACE, Session, operate, report
from octokube.cli.plain import plain
from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb


@click.command()
@click.argument("source", metavar="POD:/PATH")
@click.argument("destination", type=click.Path(file_okay=False, path_type=pathlib.Path))
@NAMESPACE
@CLUSTER
@click.option("-c", "--container", default="", help="The container; not needed when there is one.")
def cp(source: str, destination: pathlib.Path, namespace: str, cluster: str, container: str) -> int:
    """Copy a file or a folder of a POD into the folder DESTINATION. It needs a tar program in the container.

    Nothing is written outside of DESTINATION, whatever the archive says; links are left out.
    """
    pod, colon, path = source.partition(":")
    if not colon or not path.startswith("/"):
        raise UserError(f"{source} is no source; write POD:/PATH, such as web-1:/var/log")
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{destination} can't be made ({error.strerror}); name another folder") from error

    async def work(session: Session) -> int:
        target = await session.target("pods", pod, namespace, cluster)
        asked = pb.CopyFromOperation(container=container, path=path)
        unpacking = _Unpacking(destination)
        async with session.run(target, copy_from=asked) as operation:
            try:
                async for output in operation:
                    if output.WhichOneof("output") == "stdout":
                        await unpacking.write(output.stdout)
                    elif output.WhichOneof("output") == "stderr":
                        sys.stderr.write(
                            "".join(f"{plain(line)}\n" for line in output.stderr.decode(errors="replace").splitlines())
                        )
            finally:
                fault = await unpacking.finish()
            if operation.result.outcome != pb.OPERATION_OUTCOME_SUCCEEDED or operation.result.exit_code:
                return report(operation.result, "") or operation.result.exit_code
        if fault:
            raise UserError(f"what came from {source} can't be unpacked into {destination}: {fault}", exit_code=1)
        sys.stdout.write(f"{unpacking.count} files and folders in {destination}\n")
        if unpacking.links:
            sys.stderr.write(f"{len(unpacking.links)} links were left out, the first {plain(unpacking.links[0])}\n")
        return 0

    return operate(work)


class _Unpacking:
    """Unpacks a tar stream beside the event loop, through a pipe that slows the sender down."""

    def __init__(self, destination: pathlib.Path) -> None:
        self.count = 0
        self.links: list[str] = []
        self._destination = destination
        self._fault = ""
        reading, self._writing = os.pipe()
        self._thread = threading.Thread(target=self._unpack, args=(reading,), name="unpack", daemon=True)
        self._thread.start()

    async def write(self, content: bytes) -> None:
        await asyncio.to_thread(self._write, content)

    async def finish(self) -> str:
        """Waits for the end; why it failed, or nothing."""
        os.close(self._writing)
        await asyncio.to_thread(self._thread.join)
        return self._fault

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        try:
            while view:
                view = view[os.write(self._writing, view) :]
        except BrokenPipeError:
            return  # unpacking has failed, and finish() says why

    def _unpack(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r|") as archive:
                    for member in archive:
                        if member.issym() or member.islnk():
                            # Links are the way out of a folder (CVE-2025-4517 for one that no filter saw).
                            self.links.append(member.name)
                            continue
                        # The data filter refuses what leads outside: absolute names, .., devices.
                        archive.extract(member, self._destination, filter="data")
                        self.count += 1
            except Exception as error:  # an archive from elsewhere finds ways to fail that tarfile does not name
                self._fault = " ".join(str(error).split()) or type(error).__name__
