"""Use cases that a tenant's resources have in common: list, get, create, change and delete, with audit.

An audit entry is written in the transaction of its change. A service adds what is special about its resource.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import AlreadyExists, InvalidRequest, LimitReached, NotFound, TrunklineError
from trunkline.core.validation import InputModel, spec_values, validated
from trunkline.http_api.response_size import page_of
from trunkline.storage.table import Write
from trunkline.storage.versioned import Versioned, VersionedRepository

Resource = TypeVar("Resource")
VersionedResource = TypeVar("VersionedResource", bound=Versioned)
Spec = TypeVar("Spec", bound=InputModel)
View = TypeVar("View", bound=Mapping[str, object])

DERIVED_FIELDS = frozenset({"updated_at", "next_runs"})
"""Fields of views that differ without a client's change."""


class Page(TypedDict, Generic[View]):
    data: list[View]
    next_cursor: str | None


class ResourceRepository(Protocol[Resource]):
    """Stores one type of resource, per tenant and mode (`Principal.tenant_mode`)."""

    def load(self, tenant_mode: str, name: str, /) -> Resource | None: ...
    def all(self, tenant_mode: str, /) -> list[Resource]: ...
    def create(self, resource: Resource, extra_writes: Sequence[Write], /) -> Resource: ...
    def replace(self, before: Resource, after: Resource, extra_writes: Sequence[Write], /) -> Resource: ...
    def delete(self, resource: Resource, extra_writes: Sequence[Write], /) -> None: ...


class ResourceService(ABC, Generic[Resource, Spec, View]):
    """The five use cases of one type of resource; a principal sees those of its own mode only."""

    label: ClassVar[str]
    """The type in texts, capitalised; in lower case it begins the names of audit actions."""

    id_field: ClassVar[str] = "id"
    sort_field: ClassVar[str] = "name"
    fixed_fields: ClassVar[Collection[str]] = ()
    unaudited_fields: ClassVar[Collection[str]] = DERIVED_FIELDS
    max_count: ClassVar[int | None] = None
    limit_error: ClassVar[type[TrunklineError]] = LimitReached

    schema: type[Spec]
    repository: ResourceRepository[Resource]
    clock: Clock

    def list(self, principal: Principal, cursor: str | None = None) -> Page[View]:
        """List the tenant's resources in the order of `sort_field`: a page that fits into a response."""
        shown, more = page_of(self._all(principal), self._view, self._position, cursor)
        return {"data": shown, "next_cursor": more}

    def get(self, principal: Principal, name: str) -> View:
        """Show one resource; raises as `require` does."""
        return self._view(self.require(principal, name))

    def require(self, principal: Principal, name: str) -> Resource:
        """Load a resource of the tenant and of the principal's mode.

        Raises:
            NotFound: there is none; another tenant's is answered in the same way.
        """
        found = self._load(principal, name)
        if found is None:
            raise NotFound(f"{self.label} not found")
        return found

    def create(self, principal: Principal, spec: Spec) -> View:
        """Create a resource.

        Raises:
            AlreadyExists: the tenant has one of that name.
            LimitReached: the tenant has reached `max_count`.
            InvalidRequest: the specification could never work.
        """
        self._require_creatable(principal, spec)
        return self._view(self._insert(principal, self._build(principal, spec, None)))

    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> View:
        """Change some fields; a request that changes nothing writes nothing.

        Raises:
            NotFound: the tenant has no such resource.
            InvalidRequest: a value is not valid, or a field cannot be changed.
            VersionConflict: another request changed it first.
        """
        before = self.require(principal, name)
        shown = self._view(before)
        for field in self.fixed_fields:
            if changes.get(field, shown[field]) != shown[field]:
                raise InvalidRequest(f"Validation error: {field} can't be changed", field=field)
        spec = validated(self.schema, self._merge(before, changes))
        after = self._build(principal, spec, before)
        changed = self._changed_fields(before, after)
        if not set(changed) - DERIVED_FIELDS:
            return shown
        self._check(principal, after)
        audited = [field for field in changed if field not in self.unaudited_fields]
        saved = self.repository.replace(before, after, self._writes(principal, "changed", after, audited))
        self._committed(saved)
        return self._view(saved)

    def delete(self, principal: Principal, name: str) -> None:
        """Delete a resource.

        Raises:
            NotFound: the tenant has no such resource.
            InUse: another resource, or a call, needs it.
        """
        resource = self.require(principal, name)
        self._require_unused(principal, resource)
        self._delete(resource, self._writes(principal, "deleted", resource))
        self._committed(resource)

    @abstractmethod
    def _view(self, resource: Resource) -> View:
        """Show a resource as clients read it."""

    @abstractmethod
    def _build(self, principal: Principal, spec: Spec, before: Resource | None) -> Resource:
        """Build a new resource, or the changed form of `before`."""

    def _position(self, resource: Resource) -> str:
        value = getattr(resource, self.sort_field)
        begin = f"{value:015d}" if isinstance(value, int) else value
        return f"{begin}\x00{getattr(resource, self.id_field)}"

    def _all(self, principal: Principal) -> Sequence[Resource]:
        return self.repository.all(principal.tenant_mode)

    def _load(self, principal: Principal, name: str) -> Resource | None:
        return self.repository.load(principal.tenant_mode, name)

    def _count(self, principal: Principal) -> int:
        return len(self._all(principal))

    def _require_creatable(self, principal: Principal, spec: Spec) -> None:  # noqa: ARG002 (for subclasses)
        if self.max_count is not None and self._count(principal) >= self.max_count:
            raise self.limit_error(f"A tenant may have {self.max_count} {self.label.lower()}s")

    def _insert(self, principal: Principal, resource: Resource) -> Resource:
        self._check(principal, resource)
        created = self.repository.create(resource, self._writes(principal, "created", resource))
        self._committed(created)
        return created

    def _delete(self, resource: Resource, extra_writes: Sequence[Write]) -> None:
        self.repository.delete(resource, extra_writes)

    def _merge(self, before: Resource, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the specification of `before` with the changes."""
        return {**spec_values(self.schema, self._view(before)), **changes}

    def _changed_fields(self, before: Resource, after: Resource) -> Sequence[str]:
        return changed_fields(self._view(before), self._view(after))

    def _writes(
        self, principal: Principal, verb: str, resource: Resource, changed: Collection[str] = ()
    ) -> Sequence[Write]:
        """Return what is written with a change in one transaction: its audit entry."""
        action = f"{self.label.lower()}.{verb}"
        target_id = str(getattr(resource, self.id_field))
        return [audit_write(principal, self.clock.wall_ms(), action, target_id, changed)]

    def _check(self, principal: Principal, resource: Resource) -> None:
        """Check what a resource refers to; the default accepts everything."""

    def _require_unused(self, principal: Principal, resource: Resource) -> None:
        """Raise `InUse` for a resource that is needed; the default lets every one be deleted."""

    def _committed(self, resource: Resource) -> None:
        """Act on a change that is stored; the default does nothing."""


class VersionedResourceService(ResourceService[VersionedResource, Spec, View]):
    """Resources whose every change makes a new version, and whose deletion leaves a mark.

    A name that was used before is no new resource: it does not count against the limit.
    """

    unaudited_fields = ()
    repository: VersionedRepository[VersionedResource]

    def _require_creatable(self, principal: Principal, spec: Spec) -> None:
        name = getattr(spec, self.id_field)
        last = self.repository.last(principal.tenant_mode, name)
        if last is None:
            super()._require_creatable(principal, spec)
        elif not last.deleted:
            raise AlreadyExists(f"{self.label} {name} already exists")

    def _delete(self, resource: VersionedResource, extra_writes: Sequence[Write]) -> None:
        super()._delete(replace(resource, updated_at_ms=self.clock.wall_ms()), extra_writes)
