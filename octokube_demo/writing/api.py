"""Writes objects the way a kube-apiserver does: the synchronous core under the HTTP handlers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object, copied, metadata, name_suffix, timestamp
from octokube_demo.patching import managed_fields
from octokube_demo.patching.applying import server_side_apply
from octokube_demo.patching.json_patch import apply_json_patch
from octokube_demo.patching.merge_patch import merge_patch
from octokube_demo.patching.strategic import strategic_merge
from octokube_demo.resources import Registry, ResourceType
from octokube_demo.store import Store
from octokube_demo.writing import schema
from octokube_demo.writing.defaulting import fill_defaults
from octokube_demo.writing.deleting import DeleteOptions, check_preconditions, delete_object
from octokube_demo.writing.validation import validate
from octokube_demo.writing.versions import as_stored

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
DEFAULT_MANAGER = "octokube-demo"

# System metadata a client cannot change.
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields")


class Api:
    """Create, replace, patch and delete with defaults, validation, conflicts, managed fields and dry run.

    Every method takes the type by name, returns the stored object (shared, read-only) and raises ApiError.
    """

    def __init__(self, store: Store, registry: Registry, random: Random) -> None:
        self._store = store
        self._registry = registry
        self._random = random

    def _type(self, name: str) -> ResourceType:
        resource = self._registry.find(name)
        if resource is None:
            raise errors.no_such_path()
        return resource

    def get(self, type_name: str, namespace: str, name: str) -> Object:
        """The stored object; 404 when there is none."""
        resource = self._type(type_name)
        found = self._store.peek(resource.stored_name, namespace, name)
        if found is None:
            raise errors.not_found(resource.plural, resource.group, name)
        return found

    def create(
        self,
        type_name: str,
        value: Object,
        *,
        namespace: str = "",
        manager: str = DEFAULT_MANAGER,
        is_dry_run: bool = False,
    ) -> Object:
        """Creates an object; its metadata.namespace is used when `namespace` is not given."""
        resource = self._type(type_name)
        draft = self._new_draft(resource, namespace, value)
        managed_fields.after_update(
            None, draft, manager=manager, time=self._time(), subresource="", is_custom=resource.is_custom
        )
        return self._insert(resource, draft, is_dry_run)

    def _new_draft(self, resource: ResourceType, namespace: str, value: Object) -> Object:
        draft = as_stored(resource, copied(value))
        meta = draft["metadata"] = dict(metadata(draft))
        _check_namespace(resource, namespace, meta)
        if resource.namespaced:
            meta["namespace"] = namespace or meta.get("namespace") or "default"
            self._check_namespace_is_open(resource, meta)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + name_suffix(self._random)
        for field in ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "selfLink"):
            meta.pop(field, None)
        if resource.has_generation:
            meta["generation"] = 1
        if resource.has_status and resource.name not in ("pods", "nodes", "namespaces"):
            draft.pop("status", None)
        self._prepare(resource, draft)
        validate(resource, draft)
        return draft

    def _insert(self, resource: ResourceType, draft: Object, is_dry_run: bool) -> Object:
        meta = draft["metadata"]
        if self._store.peek(resource.stored_name, meta.get("namespace", ""), meta["name"]) is not None:
            raise errors.already_exists(resource.plural, resource.group, meta["name"])
        if is_dry_run:
            meta |= {"uid": "", "creationTimestamp": self._time()}
            del meta["uid"]
            return draft
        return self._store.insert(resource.stored_name, draft)

    def _check_namespace_is_open(self, resource: ResourceType, meta: Object) -> None:
        namespace = meta["namespace"]
        found = self._store.peek("namespaces", "", namespace)
        if found is None:
            raise errors.not_found("namespaces", "", namespace)
        if "deletionTimestamp" in found["metadata"]:
            name = meta.get("name") or meta.get("generateName", "")
            raise errors.namespace_terminating(resource.plural, resource.group, name, namespace)

    def _prepare(self, resource: ResourceType, draft: Object) -> None:
        fill_defaults(resource.stored_name, draft, self._random)
        if resource.is_custom:
            rules = resource.schemas.get(resource.stored_version) or {}
            kept = {field: draft[field] for field in ("apiVersion", "kind", "metadata")}
            pruned = schema.prune({field: part for field, part in draft.items() if field not in kept}, rules)
            draft.clear()
            draft.update(kept | pruned)

    def replace(
        self,
        type_name: str,
        namespace: str,
        name: str,
        value: Object,
        *,
        subresource: str = "",
        manager: str = DEFAULT_MANAGER,
        is_dry_run: bool = False,
    ) -> Object:
        """PUT. A resourceVersion in the body must be the current one; custom resources must bring it."""
        resource = self._type(type_name)
        current = self.get(type_name, namespace, name)
        draft = as_stored(resource, copied(value))
        meta = draft["metadata"] = dict(metadata(draft))
        if meta.get("name", name) != name:
            text = f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
            raise errors.bad_request(text)
        _check_namespace(resource, namespace, meta)
        if not meta.get("resourceVersion") and resource.is_custom:
            causes = [
                ("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")
            ]
            raise errors.invalid(resource.plural, resource.group, name, causes)
        draft = self._successor(resource, current, draft, subresource)
        return self._write(resource, current, draft, self._updater(resource, current, manager, subresource), is_dry_run)

    def patch(
        self,
        type_name: str,
        namespace: str,
        name: str,
        content_type: str,
        body: Any,
        *,
        subresource: str = "",
        manager: str = DEFAULT_MANAGER,
        force: bool = False,
        is_dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """PATCH of any kind: (object, whether an apply created it)."""
        resource = self._type(type_name)
        if content_type == APPLY_PATCH:
            return self._apply(resource, namespace, name, body, manager, subresource, force, is_dry_run)
        current = self.get(type_name, namespace, name)
        draft = copied(as_stored(resource, _patched(resource, current, content_type, body)))
        draft = self._successor(resource, current, draft, subresource)
        updater = self._updater(resource, current, manager, subresource)
        return self._write(resource, current, draft, updater, is_dry_run), False

    def _apply(
        self,
        resource: ResourceType,
        namespace: str,
        name: str,
        body: Any,
        manager: str,
        subresource: str,
        force: bool,
        is_dry_run: bool,
    ) -> tuple[Object, bool]:
        body = _checked_apply(resource, namespace, name, body)
        current = self._store.peek(resource.stored_name, namespace, name)
        if current is None and subresource:
            raise errors.not_found(resource.plural, resource.group, name)
        draft, claimed, taken = server_side_apply(
            current, as_stored(resource, body), manager=manager, force=force, is_custom=resource.is_custom
        )
        if current is None:
            draft = self._new_draft(resource, namespace, draft)
            managed_fields.after_apply(draft, [], manager=manager, claimed=claimed, taken=[], time=self._time())
            return self._insert(resource, draft, is_dry_run), True
        # An apply says nothing about the version it was made for unless it brings one.
        asked = metadata(body).get("resourceVersion") or current["metadata"]["resourceVersion"]
        draft["metadata"]["resourceVersion"] = asked
        draft = self._successor(resource, current, draft, subresource)
        entries = current["metadata"].get("managedFields") or []
        time = self._time()

        def update(new: Object) -> None:
            managed_fields.after_apply(new, entries, manager=manager, claimed=claimed, taken=taken, time=time)

        return self._write(resource, current, draft, update, is_dry_run), False

    def _successor(self, resource: ResourceType, current: Object, draft: Object, subresource: str) -> Object:
        """The next state of an object, from what a client asked for and what only the server decides."""
        old, new = current["metadata"], draft["metadata"]
        if new.get("resourceVersion") and new["resourceVersion"] != old["resourceVersion"]:
            raise errors.conflict(resource.plural, resource.group, old["name"])
        if new.get("uid") and new["uid"] != old["uid"]:
            why = f"Precondition failed: UID in precondition: {new['uid']}, UID in object meta: {old['uid']}"
            raise errors.conflict(resource.plural, resource.group, old["name"], why)
        if subresource == "status":
            draft = {**current, "metadata": dict(old), "status": draft.get("status", {})}
            new = draft["metadata"]
        elif subresource == "ephemeralcontainers":
            debugging = (draft.get("spec") or {}).get("ephemeralContainers") or []
            spec = {**current["spec"], "ephemeralContainers": debugging}
            draft = {**current, "metadata": dict(old), "spec": spec}
            new = draft["metadata"]
        elif subresource == "finalize":
            draft = {**current, "metadata": dict(old), "spec": draft.get("spec", {})}
            new = draft["metadata"]
        elif resource.has_status:
            draft.pop("status", None)
            if "status" in current:
                draft["status"] = current["status"]
        for field in _KEPT:
            new.pop(field, None)
            if field in old:
                new[field] = old[field]
        new["name"], new["resourceVersion"] = old["name"], old["resourceVersion"]
        if resource.namespaced:
            new["namespace"] = old["namespace"]
        added = set(new.get("finalizers") or ()) - set(old.get("finalizers") or ())
        if "deletionTimestamp" in old and added:
            text = (
                f"Forbidden: no new finalizers can be added if the object is being deleted, found new: {sorted(added)}"
            )
            causes = [("FieldValueForbidden", "metadata.finalizers", text)]
            raise errors.invalid(resource.kind, resource.group, old["name"], causes)
        self._prepare(resource, draft)
        if subresource != "status":
            # What is stored is read with its defaults, too: what the seed left out is no change.
            former = copied(current)
            self._prepare(resource, former)
            validate(resource, draft, former)
        elif resource.is_custom:
            validate(resource, draft)
        if resource.has_generation and _content(draft) != _content(current):
            new["generation"] = int(old.get("generation", 0)) + 1
        return draft

    def _updater(
        self, resource: ResourceType, current: Object, manager: str, subresource: str
    ) -> Callable[[Object], None]:
        time = self._time()

        def update(new: Object) -> None:
            managed_fields.after_update(
                current, new, manager=manager, time=time, subresource=subresource, is_custom=resource.is_custom
            )

        return update

    def _write(
        self,
        resource: ResourceType,
        current: Object,
        draft: Object,
        update_managed_fields: Callable[[Object], None],
        is_dry_run: bool,
    ) -> Object:
        is_unchanged = draft == current
        update_managed_fields(draft)
        owners_before = _ownership(current)
        if is_unchanged and _ownership(draft) == owners_before:
            return current  # the real server writes nothing either: no new version, no event
        if is_dry_run:
            return draft
        meta = draft["metadata"]
        is_finished = "deletionTimestamp" in meta and not meta.get("finalizers")
        if resource.name == "namespaces":
            is_finished = "deletionTimestamp" in meta and not draft["spec"].get("finalizers")
        elif meta.get("deletionGracePeriodSeconds"):
            is_finished = False
        if is_finished:
            return self._store.remove(resource.stored_name, (meta.get("namespace", ""), meta["name"]))
        return self._store.replace(resource.stored_name, draft)

    def delete(
        self, type_name: str, namespace: str, name: str, options: DeleteOptions | None = None
    ) -> tuple[Object, bool]:
        """(last state, whether it is gone; False means that it waits for finalizers, grace or its content)."""
        resource = self._type(type_name)
        current = self.get(type_name, namespace, name)
        options = options or DeleteOptions()
        check_preconditions(resource, current, options)
        return delete_object(self._store, resource, current, options)

    def _time(self) -> str:
        return timestamp(self._store.now())


def _check_namespace(resource: ResourceType, namespace: str, meta: Object) -> None:
    inside = meta.get("namespace")
    if not resource.namespaced:
        meta.pop("namespace", None)
    elif inside and namespace and inside != namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _content(value: Object) -> Object:
    return {field: part for field, part in value.items() if field not in ("metadata", "status")}


def _ownership(value: Object) -> list[tuple[str, str, Any]]:
    entries = value["metadata"].get("managedFields") or []
    return [(entry["manager"], entry["operation"], entry.get("fieldsV1")) for entry in entries]


def _patched(resource: ResourceType, current: Object, content_type: str, body: Any) -> Object:
    if content_type == JSON_PATCH:
        return apply_json_patch(current, body)
    supported = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    if not resource.is_custom:
        supported.insert(2, STRATEGIC_PATCH)
    if content_type not in supported:
        raise errors.unsupported_media_type(", ".join(supported))
    if not isinstance(body, dict):
        raise errors.bad_request("the patch must be a JSON object")
    result = merge_patch(current, body) if content_type == MERGE_PATCH else strategic_merge(current, body)
    if not isinstance(result.get("metadata"), dict):
        raise errors.bad_request("metadata cannot be removed by a patch")
    if result["metadata"].get("name") != current["metadata"]["name"]:
        name, was = result["metadata"].get("name"), current["metadata"]["name"]
        raise errors.bad_request(f"the name of the object ({name}) does not match the name on the URL ({was})")
    return result


def _checked_apply(resource: ResourceType, namespace: str, name: str, body: Any) -> Object:
    if not isinstance(body, dict):
        raise errors.bad_request("the applied configuration must be an object")
    asked, expected = body.get("apiVersion", ""), resource.api_version()
    served = [resource.api_version(version) for version in resource.versions]
    if asked not in served:
        text = f"Incorrect version specified in apply patch. Specified patch version: {asked}, expected: {expected}"
        raise errors.bad_request(text)
    if body.get("kind") != resource.kind:
        raise errors.bad_request(f"the applied configuration is a {body.get('kind')}, not a {resource.kind}")
    meta = dict(metadata(body))
    if meta.get("name", name) != name:
        raise errors.bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
    if meta.get("managedFields"):
        causes = [("FieldValueForbidden", "metadata.managedFields", "Forbidden: must be nil")]
        raise errors.invalid(resource.kind, resource.group, name, causes)
    _check_namespace(resource, namespace, meta)
    meta["name"] = name
    if resource.namespaced:
        meta["namespace"] = namespace
    return {**body, "metadata": meta}
