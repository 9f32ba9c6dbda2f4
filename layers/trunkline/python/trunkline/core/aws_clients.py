"""AWS clients whose time-outs fit within that of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=64,
)


# A caller waits while its call's wake-up is sent: at most 3 s, not 9.
_SQS_CONFIG = Config(
    connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2}
)

# Presigned links to objects under a KMS key need signature version 4; botocore would choose version 2. It
# would also name S3's global host, which redirects requests for a bucket outside us-east-1 to a host that the
# signature does not cover:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_S3_CONFIG = _CONFIG.merge(
    Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    )
)
_CONFIG_OF_SERVICE = {"sqs": _SQS_CONFIG, "s3": _S3_CONFIG}


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["sns"]) -> SNSClient: ...
@overload
def client(service: Literal["stepfunctions"]) -> SFNClient: ...
@overload
def client(service: Literal["scheduler"]) -> EventBridgeSchedulerClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["events"]) -> Any: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
def client(service: Any) -> Any:
    """Create a client of a service; region and endpoint are read from the environment."""
    return boto3.client(service, config=_CONFIG_OF_SERVICE.get(service, _CONFIG))
