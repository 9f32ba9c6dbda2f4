"""Guard of the items of a pass: one that fails is counted, logged and stepped over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from trunkline.core import metrics

Item = dict[str, Any]
Parsed = TypeVar("Parsed")

ITEMS_FAILED = metrics.ITEMS_FAILED.name


@dataclass(frozen=True)
class ItemGuard:
    """Keeps an item that nobody foresaw from the work on the others. The next pass meets it again."""

    service: str
    log: Logger

    @contextmanager
    def item(self, kind: str, item_id: str = "", passes: tuple[type[Exception], ...] = ()) -> Iterator[None]:
        """Guard the work on one item; `kind` is one of a few words.

        Exceptions of `passes` say nothing about the item: they are passed on.
        """
        try:
            yield
        except passes:
            raise
        except Exception as error:  # noqa: BLE001 - that is what it is for
            self._count(kind, item_id, error)

    def readable(self, kind: str, items: Iterable[Item], parse: Callable[[Item], Parsed]) -> list[Parsed]:
        """Parse stored items; those that cannot be parsed are counted and stepped over."""
        parsed: list[Parsed] = []
        for item in items:
            with self.item(kind, str(item.get("pk"))):
                parsed.append(parse(item))
        return parsed

    def _count(self, kind: str, item_id: str, error: Exception) -> None:
        dimensions = {"service": self.service}
        with single_metric(ITEMS_FAILED, MetricUnit.Count, 1, 60, metrics.namespace(), dimensions) as metric:
            metric.add_metadata("kind", kind)
        self.log.error("item failed", kind=kind, item_id=item_id, cause=type(error).__name__, exc_info=error)
