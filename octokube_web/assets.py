"""Serves the built page: a fixed set of files, found at start, so that no path can lead anywhere else."""

import hashlib
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"

NOT_BUILT = (
    "The page of this gateway has not been built: run `make setup` in a checkout with Node.js 20 or newer, or install "
    "a released wheel, which holds it. Programs can use the gateway as it is."
)


class Assets:
    """The files below one directory, as they were when the gateway started.

    Names under ``assets/`` carry a hash of their content and may be kept for ever; everything else is asked for again
    each time. Compressed siblings (``.br``, ``.gz``) are sent to whoever accepts them. A path without a dot is a view
    of the page and answered with the page itself.
    """

    def __init__(self, directory: Path = STATIC) -> None:
        self._files = {
            "/" + path.relative_to(directory).as_posix(): path
            for path in sorted(directory.rglob("*"))
            if path.is_file() and path.suffix not in (".br", ".gz")
        }

    @property
    def is_built(self) -> bool:
        """Whether there is a page."""
        return "/index.html" in self._files

    def version(self) -> str:
        """Changes when the page does; empty when there is none."""
        index = self._files.get("/index.html")
        return hashlib.sha256(index.read_bytes()).hexdigest()[:12] if index is not None else ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers GET and HEAD for any path that nothing else answers."""
        path = request.path
        if path.startswith("/api/"):
            raise web.HTTPNotFound(text=f"there is nothing at {path}")
        file = self._files.get(path)
        is_hashed = file is not None and path.startswith("/assets/")
        if file is None and "." not in path.rpartition("/")[2]:
            file = self._files.get("/index.html")
            if file is None:
                return web.Response(status=503, text=NOT_BUILT + "\n")
        if file is None:
            raise web.HTTPNotFound(text=f"there is nothing at {path}")
        response = web.FileResponse(file)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        return response
