"""Describes one resource type as discovery shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from octokube_demo.objects import Object

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CREATE_ONLY = ("create",)


@dataclass(frozen=True, slots=True)
class Subresource:
    """One subresource: `pods/log`. `group` and `version` name the kind it speaks when that is not the parent's."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One served type. `versions` are the served ones, the preferred first; objects are stored in `storage_version`."""

    group: str
    versions: tuple[str, ...]
    plural: str
    kind: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    storage_version: str = ""
    has_generation: bool = False
    is_custom: bool = False
    shows: str = ""  # the type whose stored objects this one shows in another form (events.events.k8s.io shows events)
    schemas: dict[str, Object] = field(default_factory=dict, hash=False, compare=False)  # of a custom type, per version

    @property
    def name(self) -> str:
        """`deployments.apps`; `pods` in the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def stored_name(self) -> str:
        """The name its objects are stored under."""
        return self.shows or self.name

    @property
    def stored_version(self) -> str:
        """The version its objects are stored in."""
        return self.storage_version or self.versions[0]

    def api_version(self, version: str = "") -> str:
        """`apps/v1`; `v1` in the core group. Without an argument, that of stored objects."""
        version = version or self.stored_version
        return f"{self.group}/{version}" if self.group else version

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name, if the type has it."""
        return next((found for found in self.subresources if found.name == name), None)

    @property
    def has_status(self) -> bool:
        """Status is written apart from the rest."""
        return self.subresource("status") is not None

    @property
    def can_be_listed(self) -> bool:
        """False for virtual types such as token reviews: a client must skip them."""
        return "list" in self.verbs
