"""Gives the workload its life."""

from __future__ import annotations

import asyncio
from random import Random

from octokube_demo.controllers.garbage import Garbage
from octokube_demo.settings import DemoSettings
from octokube_demo.store import Store
from octokube_demo.writing.api import Api


class Workload:
    """The workload of one cluster."""

    def __init__(self, store: Store, api: Api, garbage: Garbage, settings: DemoSettings, random: Random) -> None:
        self._store = store

    def build(self) -> None:
        """Creates the workload."""

    async def run(self) -> None:
        """Lives until it is cancelled."""
        await asyncio.Event().wait()
