"""Restore of a table by DynamoDB to an earlier time, and the settings that DynamoDB does not restore.

Restored are items, indexes, capacity and encryption. Not restored are tags, the stream, TTL and point-in-time
recovery. Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.storage.keys.item import TTL

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_POLL_S = 5
_INFIX = "-restored-"


@dataclass(frozen=True)
class TableRestorer:
    """Restores a table; each step may be repeated. `sleep` waits some seconds between looks."""

    client: DynamoDBClient
    sleep: Callable[[float], None] = time.sleep

    def exists(self, name: str) -> bool:
        """Tell whether there is a table of this name."""
        return self._described(name) is not None

    def restore(self, source: str, target: str, to_ms: int) -> None:
        """Restore a table to a time, and wait until the new one can be used: minutes to hours.

        Raises:
            NotFound: there is no such table; DynamoDB keeps a backup of a deleted one (`docs/restore.md`).
            InvalidRequest: DynamoDB cannot restore to this time.
        """
        if not self.exists(source):
            raise NotFound(f"table {source} not found: restore DynamoDB's backup of it, then use --table")
        if not self.exists(target):
            self._check_window(source, to_ms)
            moment = datetime.fromtimestamp(to_ms / 1000, UTC)
            self.client.restore_table_to_point_in_time(
                SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
            )
        self.wait(target)

    def wait(self, name: str) -> dict[str, Any]:
        """Wait until a table is active, and return its description.

        Raises:
            NotFound: there is no such table.
        """
        while True:
            described = self._described(name)
            if described is None:
                raise NotFound(f"table {name} not found")
            if described["TableStatus"] == "ACTIVE":
                return described
            self.sleep(_POLL_S)

    def set_up(self, source: str, target: str) -> str:
        """Give a restored table what DynamoDB does not restore, and return the ARN of its stream."""
        described, like = self.wait(target), self._described(source)
        if like:
            self._copy_tags(like["TableArn"], described["TableArn"])
        self._enable_ttl(target)
        self.client.update_continuous_backups(
            TableName=target, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        # A table whose source is gone is all that is left.
        wants_protection = like is None or like.get("DeletionProtectionEnabled")
        if wants_protection and not described.get("DeletionProtectionEnabled"):
            self.client.update_table(TableName=target, DeletionProtectionEnabled=True)
            described = self.wait(target)
        if not described.get("StreamSpecification", {}).get("StreamEnabled"):
            stream: Any = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
            self.client.update_table(TableName=target, StreamSpecification=stream)
            described = self.wait(target)
        return str(described["LatestStreamArn"])

    def _described(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self.client.describe_table(TableName=name)["Table"])
        except self.client.exceptions.ResourceNotFoundException:
            return None

    def _check_window(self, source: str, to_ms: int) -> None:
        answer = self.client.describe_continuous_backups(TableName=source)
        found = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if found.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise InvalidRequest(f"point-in-time recovery is not enabled for table {source}")
        moment = datetime.fromtimestamp(to_ms / 1000, UTC)
        first, last = found.get("EarliestRestorableDateTime"), found.get("LatestRestorableDateTime")
        if first and last and not first <= moment <= last:
            raise InvalidRequest(f"table {source} can be restored to a time from {first} to {last}")

    def _copy_tags(self, source_arn: str, target_arn: str) -> None:
        """Copy the tags, but for those of AWS, which it alone may set."""
        pages = self.client.get_paginator("list_tags_of_resource").paginate(ResourceArn=source_arn)
        tags = [tag for page in pages for tag in page["Tags"] if not tag["Key"].startswith("aws:")]
        if tags:
            self.client.tag_resource(ResourceArn=target_arn, Tags=tags)

    def _enable_ttl(self, target: str) -> None:
        answer = self.client.describe_time_to_live(TableName=target)["TimeToLiveDescription"]
        if answer.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
            return
        wanted: Any = {"Enabled": True, "AttributeName": TTL}
        try:
            self.client.update_time_to_live(TableName=target, TimeToLiveSpecification=wanted)
        except ClientError as error:
            if "already enabled" not in str(error):
                raise


def restored_name(source: str, to_ms: int) -> str:
    """Name the table that a table is restored to; of a restored one the first name is taken."""
    moment = datetime.fromtimestamp(to_ms / 1000, UTC)
    return f"{source.partition(_INFIX)[0]}{_INFIX}{moment:%Y%m%dT%H%M%SZ}"
