"""Restore of a table by DynamoDB (moto), and the settings that it does not restore."""

from __future__ import annotations

from typing import Any

import pytest
from trunkline_cli.restore.restored_table import TableRestorer, restored_name

from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.clocks import NOW_MS
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.storage.keys.item import ItemKey
from trunkline.storage.table import Put, Table

TARGET = "t-restored"


@pytest.fixture
def restorer(dynamodb: Any) -> TableRestorer:
    return TableRestorer(dynamodb, lambda _: None)


def _enable_recovery(client: Any) -> None:
    client.update_continuous_backups(
        TableName=TABLE_NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _now_ms(client: Any) -> int:
    answer = client.describe_continuous_backups(TableName=TABLE_NAME)["ContinuousBackupsDescription"]
    return int(answer["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"].timestamp() * 1000)


def test_a_table_is_restored_and_gets_what_dynamodb_does_not_restore(
    dynamodb: Any, restorer: TableRestorer
) -> None:
    arn = dynamodb.describe_table(TableName=TABLE_NAME)["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "calls"}])
    dynamodb.update_table(TableName=TABLE_NAME, DeletionProtectionEnabled=True)
    Table(dynamodb, TABLE_NAME).write(Put({"pk": "C#1", "sk": "CALL"}))
    _enable_recovery(dynamodb)
    restorer.restore(TABLE_NAME, TARGET, _now_ms(dynamodb))

    stream_arn = restorer.set_up(TABLE_NAME, TARGET)
    assert Table(dynamodb, TARGET).get(ItemKey("C#1", "CALL"))
    found = dynamodb.describe_table(TableName=TARGET)["Table"]
    assert found["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert found["LatestStreamArn"] == stream_arn
    assert found["DeletionProtectionEnabled"]
    assert {index["IndexName"] for index in found["GlobalSecondaryIndexes"]} >= {"open", "calls"}
    ttl = dynamodb.describe_time_to_live(TableName=TARGET)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")
    backups = dynamodb.describe_continuous_backups(TableName=TARGET)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "calls"}]
    assert restorer.set_up(TABLE_NAME, TARGET) == stream_arn, "a repeat changes nothing"


def test_a_time_before_the_first_backup_is_refused(dynamodb: Any, restorer: TableRestorer) -> None:
    _enable_recovery(dynamodb)
    with pytest.raises(InvalidRequest, match="can be restored to a time from"):
        restorer.restore(TABLE_NAME, TARGET, 1_000)
    assert not restorer.exists(TARGET)


def test_a_table_without_backups_is_refused(restorer: TableRestorer) -> None:
    with pytest.raises(InvalidRequest, match="point-in-time recovery is not enabled"):
        restorer.restore(TABLE_NAME, TARGET, NOW_MS)


def test_a_deleted_table_says_what_to_do(restorer: TableRestorer) -> None:
    with pytest.raises(NotFound, match="restore DynamoDB's backup of it, then use --table"):
        restorer.restore("gone", TARGET, NOW_MS)


def test_a_table_restored_from_a_backup_is_set_up_without_its_source(
    dynamodb: Any, restorer: TableRestorer
) -> None:
    assert restorer.set_up("gone", TABLE_NAME).startswith("arn:aws:dynamodb:")
    table = dynamodb.describe_table(TableName=TABLE_NAME)["Table"]
    assert table["DeletionProtectionEnabled"], "it is all that is left"


def test_a_restored_table_is_named_after_the_first_one() -> None:
    name = restored_name("trunkline-prod-DataTable-1", NOW_MS)
    assert name.startswith("trunkline-prod-DataTable-1-restored-20")
    assert restored_name(name, NOW_MS + 1_000_000).count("-restored-") == 1
