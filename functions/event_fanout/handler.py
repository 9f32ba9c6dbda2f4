"""Lambda handler `event_fanout`: turns the table's stream into one delivery per event and endpoint."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.storage.serialization import from_dynamodb
from trunkline.storage.table import ConditionFailed, TransactionConflict
from trunkline.webhooks.event_bus import PublishFailed
from trunkline.webhooks.feed_writer import FeedUnavailable

from .bootstrap import fan_out, statistics
from .counts import BatchCounts

log = logger("event_fanout")
guard = ItemGuard("event_fanout", log)
meter = MetricWriter("event_fanout")
_WORTH_A_REPEAT = (
    BotoCoreError,
    ClientError,
    ConditionFailed,
    TransactionConflict,
    PublishFailed,
    FeedUnavailable,
)
counts = BatchCounts(guard, meter, statistics)
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


def handle_record(record: DynamoDBRecord) -> None:
    """Handle one record.

    If AWS fails, the stream sends it and the records after it again, and finally to the dead-letter queue. An
    item that cannot be read is counted and stepped over: a repeat would only hold up those behind it.
    """
    image = record.raw_event["dynamodb"]["NewImage"]
    with guard.item("event", str(image.get("pk")), passes=_WORTH_A_REPEAT):
        item = from_dynamodb(image)
        fan_out().handle_item(item)
        counts.note(record.raw_event["dynamodb"]["SequenceNumber"], item)


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Handle a batch of stream records; failures are reported record by record."""
    fan_out().begin_batch()
    result = process_partial_response(event, handle_record, processor, context)
    failed = {str(failure["itemIdentifier"]) for failure in result["batchItemFailures"]}
    counts.count((record["dynamodb"]["SequenceNumber"] for record in event["Records"]), failed)
    meter.flush()
    log.info("batch", events=len(event["Records"]), failed=len(failed))
    return result
