"""What tenants keep in versions: the current one, and every version that a call may still hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import AlreadyExists, VersionConflict
from trunkline.storage.keys.item import ItemKey
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table, Write


class Versioned(Protocol):
    """A version of a thing."""

    @property
    def tenant_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def updated_at_ms(self) -> int: ...
    @property
    def deleted(self) -> bool: ...
    def as_attributes(self) -> dict[str, Any]: ...


LATEST = 999_999
"""No version has a higher number."""

T = TypeVar("T", bound=Versioned)


@dataclass(frozen=True)
class ResourceType(Generic[T]):
    """A kind of thing: where it is kept, and how it is read. `name_of` gives what it is kept under."""

    word: str
    key: Callable[[str, str], ItemKey]
    version_key: Callable[[str, str, int], ItemKey]
    read: Callable[[Mapping[str, Any]], T]
    name_of: Callable[[T], str]


class VersionedRepository(Generic[T]):
    """A tenant's things of one kind; every read starts from the tenant's key."""

    def __init__(self, table: Table, kind: ResourceType[T]) -> None:
        self._table = table
        self._kind = kind

    def load(self, tenant_id: str, name: str) -> T | None:
        """Read the current version."""
        found = self.last(tenant_id, name)
        return None if found is None or found.deleted else found

    def last(self, tenant_id: str, name: str) -> T | None:
        """Read the last version, though it be deleted: a new one goes on counting from there."""
        item = self._table.get(self._kind.key(tenant_id, name))
        return self._kind.read(item) if item else None

    def version(self, tenant_id: str, name: str, version: int) -> T | None:
        """Read one version."""
        item = self._table.get(self._kind.version_key(tenant_id, name, version))
        return self._kind.read(item) if item else None

    def versions(self, tenant_id: str, name: str, before: int, limit: int) -> list[T]:
        """Read the versions before one, newest first."""
        first, last = (self._kind.version_key(tenant_id, name, version) for version in (0, before - 1))
        page = next(self._table.newest_between(first, last.sk, limit=limit))
        return [self._kind.read(item) for item in page]

    def as_of(self, tenant_id: str, name: str, at_ms: int) -> T | None:
        """Read the version that was current at a moment; None if there was none, or it was deleted."""
        first, last = (self._kind.version_key(tenant_id, name, version) for version in (0, LATEST))
        for page in self._table.newest_between(first, last.sk, limit=5):
            for item in page:
                found = self._kind.read(item)
                if found.updated_at_ms <= at_ms:
                    return None if found.deleted else found
        return None

    def all(self, tenant_id: str) -> list[T]:
        """Read a tenant's things of the kind, by name."""
        found = [self._kind.read(item) for item in self._table.partition(self._kind.key(tenant_id, ""))]
        return [each for each in found if not each.deleted]

    def save(self, thing: T, more: Sequence[Write] = ()) -> None:
        """Store the version after the last one; the first one where there is none.

        Raises:
            AlreadyExists: there is a first version already.
            VersionConflict: another request stored this version.
        """
        name = self._kind.name_of(thing)
        key = self._kind.key(thing.tenant_id, name)
        first = thing.version == 1
        unchanged = ABSENT if first else Attr("version").eq(thing.version - 1)
        values = thing.as_attributes()
        kept = self._kind.version_key(thing.tenant_id, name, thing.version)
        try:
            self._table.transact(
                [Put(key.as_item() | values, unchanged), Put(kept.as_item() | values, ABSENT), *more]
            )
        except ConditionFailed as error:
            if first:
                raise AlreadyExists(f"{self._kind.word} {name} already exists") from error
            raise VersionConflict from error
