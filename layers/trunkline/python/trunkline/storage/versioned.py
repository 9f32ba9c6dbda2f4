"""Versioned resources: optimistic saves, and repositories that keep every version a call may still use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import AlreadyExists, VersionConflict
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.storage.keys.item import Item, ItemKey
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table, Write


class VersionedRecord(Protocol):
    """A dataclass whose every change has the next version number."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def version(self) -> int: ...


class Versioned(VersionedRecord, Protocol):
    """One stored version of a resource."""

    @property
    def tenant_id(self) -> str: ...
    @property
    def updated_at_ms(self) -> int: ...
    @property
    def deleted(self) -> bool: ...
    def as_attributes(self) -> dict[str, Any]: ...


LATEST = 999_999
"""An upper bound of version numbers."""

VERSIONS_IN_PAGE = 25

T = TypeVar("T", bound=Versioned)
V = TypeVar("V", bound=VersionedRecord)


@dataclass(frozen=True)
class ResourceType(Generic[T]):
    """Keys, reader and name of one type of versioned resource; `word` is its label in texts."""

    word: str
    key: Callable[[str, str], ItemKey]
    version_key: Callable[[str, str, int], ItemKey]
    read: Callable[[Mapping[str, Any]], T]
    name_of: Callable[[T], str]


class VersionedRepository(Generic[T]):
    """Versioned resources of one type; every read starts from the key of the tenant and mode."""

    def __init__(self, table: Table, kind: ResourceType[T]) -> None:
        self._table = table
        self._kind = kind

    def load(self, tenant_id: str, name: str) -> T | None:
        """Read the current version."""
        found = self.last(tenant_id, name)
        return None if found is None or found.deleted else found

    def last(self, tenant_id: str, name: str) -> T | None:
        """Read the last version, even if it is a deletion: numbering continues from there."""
        item = self._table.get(self._kind.key(tenant_id, name))
        return self._kind.read(item) if item else None

    def version(self, tenant_id: str, name: str, version: int) -> T | None:
        item = self._table.get(self._kind.version_key(tenant_id, name, version))
        return self._kind.read(item) if item else None

    def versions(self, tenant_id: str, name: str, before: int, limit: int) -> list[T]:
        """Read the versions before one, newest first."""
        first, last = (self._kind.version_key(tenant_id, name, version) for version in (0, before - 1))
        page = next(self._table.newest_between(first, last.sk, limit=limit))
        return [self._kind.read(item) for item in page]

    def as_of(self, tenant_id: str, name: str, at_ms: int) -> T | None:
        """Read the version that was current at a time; None if there was none, or it was deleted."""
        first, last = (self._kind.version_key(tenant_id, name, version) for version in (0, LATEST))
        for page in self._table.newest_between(first, last.sk, limit=5):
            for item in page:
                found = self._kind.read(item)
                if found.updated_at_ms <= at_ms:
                    return None if found.deleted else found
        return None

    def all(self, tenant_id: str) -> list[T]:
        """Read the current versions of all of a tenant's resources, by name."""
        found = [self._kind.read(item) for item in self._table.partition(self._kind.key(tenant_id, ""))]
        return [resource for resource in found if not resource.deleted]

    def create(self, resource: T, extra_writes: Sequence[Write] = ()) -> T:
        """Store the first version, or the one after a deleted one.

        Raises:
            AlreadyExists: there is a current version.
        """
        name = self._kind.name_of(resource)
        last = self.last(resource.tenant_id, name)
        if last and not last.deleted:
            raise AlreadyExists(f"{self._kind.word} {name} already exists")
        created = replace(resource, version=last.version + 1 if last else 1)
        self.save(created, extra_writes)
        return created

    def replace(self, before: T, after: T, extra_writes: Sequence[Write] = ()) -> T:
        """Store `after` as the version that follows `before`; raises as `save` does."""
        saved = replace(after, version=before.version + 1)
        self.save(saved, extra_writes)
        return saved

    def delete(self, resource: T, extra_writes: Sequence[Write] = ()) -> None:
        """Store a version that marks it as deleted at its `updated_at_ms`; raises as `save` does."""
        self.replace(resource, replace(resource, deleted=True), extra_writes)

    def save(self, resource: T, extra_writes: Sequence[Write] = ()) -> None:
        """Store a version, which must be the one after the last.

        Raises:
            AlreadyExists: it is the first version, and there is one already.
            VersionConflict: another request stored this version.
        """
        name = self._kind.name_of(resource)
        key = self._kind.key(resource.tenant_id, name)
        first = resource.version == 1
        unchanged = ABSENT if first else Attr("version").eq(resource.version - 1)
        values = resource.as_attributes()
        version_key = self._kind.version_key(resource.tenant_id, name, resource.version)
        current, version = Put(key.as_item() | values, unchanged), Put(version_key.as_item() | values, ABSENT)
        try:
            self._table.transact([current, version, *extra_writes])
        except ConditionFailed as error:
            if first:
                raise AlreadyExists(f"{self._kind.word} {name} already exists") from error
            raise VersionConflict from error


def version_of(cursor: str) -> int:
    """Decode the version that a cursor stands for.

    Raises:
        InvalidRequest: it is not a cursor of versions.
    """
    return int(decode_cursor(cursor, r"[1-9][0-9]{0,5}"))


def versions_cursor(found: Sequence[VersionedRecord]) -> str | None:
    """Return the cursor of the page behind these versions; None if they are the last ones."""
    has_more = len(found) == VERSIONS_IN_PAGE and found[-1].version > 1
    return encode_cursor(str(found[-1].version)) if has_more else None


def save_next_version(
    table: Table, changed: V, to_item: Callable[[V], Item], extra_writes: Sequence[Write] = ()
) -> V:
    """Store a change as the version after the one that `changed` was made from; returns it.

    Raises:
        VersionConflict: the stored version is another.
    """
    saved = replace(changed, version=changed.version + 1)
    try:
        table.transact([Put(to_item(saved), Attr("version").eq(changed.version)), *extra_writes])
    except ConditionFailed as error:
        raise VersionConflict from error
    return saved
