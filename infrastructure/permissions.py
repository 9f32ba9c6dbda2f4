"""What each function may do, in exact actions on exact resources.

`grant_read_write_data` would give scans, deletes and batch writes that nothing here uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, ArnFormat, Stack, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from infrastructure.data_stores import DataStores
from infrastructure.state_machines import logical_id

if TYPE_CHECKING:
    from infrastructure.schedules import Schedules

READ = ("dynamodb:GetItem", "dynamodb:Query")
BATCH = ("dynamodb:BatchGetItem",)
CHECK = ("dynamodb:ConditionCheckItem",)
CHANGE = ("dynamodb:PutItem", "dynamodb:UpdateItem")
REMOVE = ("dynamodb:DeleteItem",)
# What DynamoDB asks of a principal on a customer-managed key:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
_USE_KEY_OF_TABLE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
# What S3, Secrets Manager, SNS and SQS ask for reading and writing under such a key:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
_USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


def may_use_table(role: iam.Role, data: DataStores, *actions: str) -> None:
    """Allow actions on the table, and using the key it is encrypted under by way of DynamoDB alone."""
    role.add_to_policy(iam.PolicyStatement(actions=sorted(set(actions)), resources=[data.table.table_arn]))
    _may_use_key_through(role, data.key, "dynamodb", _USE_KEY_OF_TABLE)


def _may_use_key_through(
    role: iam.IRole | iam.Role, key: kms.IKey, service: str, actions: Sequence[str] = _USE_KEY
) -> None:
    """Allow using the key in requests to a service, and never in a request to KMS itself.

    KMS's name of a service ends in `.amazonaws.com` in every partition, also where its address does not:
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    through = {"StringEquals": {"kms:ViaService": f"{service}.{Stack.of(role).region}.amazonaws.com"}}
    role.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=[key.key_arn], conditions=through)
    )


def may_query_index(role: iam.Role, data: DataStores, *names: str) -> None:
    """Allow reading indexes of the table."""
    indexes = [f"{data.table.table_arn}/index/{name}" for name in names]
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=indexes))


PERSONAL_DATA, WEBHOOKS, RESPONSES = "trunkline", "trunkline-webhooks", "trunkline-answers"
TOOLS, TRIGGERS, TEMPLATES = "trunkline-tools", "trunkline-triggers", "trunkline-templates"
"""Purposes in the encryption context (`trunkline.storage.encryption`): personal data, webhooks' secrets,
responses kept for repeated requests, the secrets that tools name, those of triggers, and the personal data
in templates of calls."""


def may_encrypt(role: iam.Role, data: DataStores, *purposes: str) -> None:
    """Allow encrypting for these purposes; reading it again is another right."""
    for purpose in purposes:
        _may_use_context_key(role, data, "kms:GenerateDataKey", purpose)


def may_decrypt(role: iam.Role, data: DataStores, purpose: str) -> None:
    """Allow reading what was encrypted for a purpose."""
    _may_use_context_key(role, data, "kms:Decrypt", purpose)


def _may_use_context_key(role: iam.Role, data: DataStores, action: str, purpose: str) -> None:
    """The key is used with the purpose in its encryption context, or not at all."""
    only_ours = {"StringEquals": {"kms:EncryptionContext:purpose": purpose}}
    key = [data.context_key.key_arn]
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=key, conditions=only_ours))


def may_read_livekit_secrets(role: iam.Role, data: DataStores) -> None:
    """Allow reading the LiveKit project's secret, and those of tenants' own projects."""
    _may_read_secret(role, data, data.livekit_secret.secret_arn)
    _may_read_secret(role, data, data.own_livekit_secrets)
    _suppress_nag_of_tenants_secrets(role, data)


def may_keep_own_livekit_secrets(role: iam.Role, data: DataStores) -> None:
    """Allow storing and deleting the secrets of tenants' own projects."""
    actions = ("CreateSecret", "PutSecretValue", "DeleteSecret")
    named = [f"secretsmanager:{action}" for action in actions]
    role.add_to_policy(iam.PolicyStatement(actions=named, resources=[data.own_livekit_secrets]))
    _may_use_key_through(role, data.key, "secretsmanager")
    _suppress_nag_of_tenants_secrets(role, data)


def _suppress_nag_of_tenants_secrets(role: iam.Role, data: DataStores) -> None:
    prefix = data.own_livekit_prefix
    where = f"arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:{prefix}*"
    found = f"AwsSolutions::AwsSolutions-IAM5[Resource::{where}]"
    why = "A secret a tenant, made at its wish: their names are not known beforehand."
    Validations.of(role).acknowledge(Acknowledgment(id=found, reason=why))


def may_read_pepper(role: iam.Role, data: DataStores) -> None:
    """Allow reading the pepper of the API keys."""
    _may_read_secret(role, data, data.key_pepper.secret_arn)


def _may_read_secret(role: iam.Role, data: DataStores, arn: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn]))
    _may_use_key_through(role, data.key, "secretsmanager", ["kms:Decrypt"])


def may_follow_stream(role: iam.Role, data: DataStores, dead_letters: sqs.Queue) -> None:
    """Allow Lambda to read the table's stream on the role's behalf, and to put aside what fails for good.

    The stream is under the table's key, which the role uses by way of DynamoDB, for tables and streams alike:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    stream = str(data.table.table_stream_arn)
    role.add_to_policy(iam.PolicyStatement(actions=read, resources=[stream]))
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]))
    _may_use_key_through(role, data.key, "dynamodb", ["kms:Decrypt"])
    may_wake(role, dead_letters)
    why = "ListStreams knows no resources."
    found = "AwsSolutions::AwsSolutions-IAM5[Resource::*]"
    Validations.of(role).acknowledge(Acknowledgment(id=found, reason=why))


def may_start(role: iam.Role, machine: sfn.StateMachine) -> None:
    """Allow starting deliveries."""
    arn = [machine.state_machine_arn]
    role.add_to_policy(iam.PolicyStatement(actions=["states:StartExecution"], resources=arn))


def may_publish(role: iam.Role, bus: events.EventBus) -> None:
    """Allow putting events on the bus."""
    role.add_to_policy(iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus.event_bus_arn]))


def may_notify(role: iam.Role, topic: sns.Topic) -> None:
    """Allow sending notices to operators."""
    role.add_to_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))
    if topic.master_key:
        _may_use_key_through(role, topic.master_key, "sns")


def may_keep_schedules(role: iam.Role, schedules: Schedules) -> None:
    """Allow keeping the schedules of the stage's group, which send ticks by their own role."""
    stack = Stack.of(role)
    arn = stack.format_arn(
        service="scheduler", resource="schedule", resource_name=f"{schedules.group_name}/*"
    )
    actions = [f"scheduler:{verb}Schedule" for verb in ("Create", "Delete", "Get", "Update")]
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[arn]))
    group = stack.get_logical_id(schedules.group)
    where = f"arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<{group}>/*"
    why = "The schedules of one group, made at tenants' wish: their names are not known beforehand."
    found = f"AwsSolutions::AwsSolutions-IAM5[Resource::{where}]"
    Validations.of(role).acknowledge(Acknowledgment(id=found, reason=why))
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    passes = [schedules.role.role_arn]
    role.add_to_policy(
        iam.PolicyStatement(actions=["iam:PassRole"], resources=passes, conditions=to_scheduler)
    )


def may_keep_files(role: iam.Role, bucket: s3.Bucket) -> None:
    """Allow writing, reading and deleting a batch's files; their key is the table's."""
    files = bucket.arn_for_objects("*")
    actions = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[files]))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
    if bucket.encryption_key:
        _may_use_key_through(role, bucket.encryption_key, "s3")
    found = f"AwsSolutions::AwsSolutions-IAM5[Resource::<{logical_id(bucket)}.Arn>/*]"
    why = "The files of all batches: they are named by ids that are made at tenants' wish."
    Validations.of(role).acknowledge(Acknowledgment(id=found, reason=why))


def may_run_batches(role: iam.Role, machine: sfn.StateMachine) -> None:
    """Allow starting batches' work and asking what became of it."""
    may_start(role, machine)
    stack = Stack.of(role)
    arn = stack.format_arn(
        service="states",
        resource="execution",
        resource_name=f"{machine.state_machine_name}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    role.add_to_policy(iam.PolicyStatement(actions=["states:DescribeExecution"], resources=[arn]))
    name = f"<{logical_id(machine)}.Name>"
    where = f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{name}:*"
    found = f"AwsSolutions::AwsSolutions-IAM5[Resource::{where}]"
    why = "The executions of one state machine: each is named after its batch."
    Validations.of(role).acknowledge(Acknowledgment(id=found, reason=why))


def may_wake(role: iam.Role, *queues: sqs.Queue) -> None:
    """Allow sending to queues."""
    arns = [queue.queue_arn for queue in queues]
    role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=arns))
    keys = {key.key_arn: key for queue in queues if (key := queue.encryption_master_key)}
    for key in keys.values():
        _may_use_key_through(role, key, "sqs")


def may_receive(role: iam.Role, queue: sqs.Queue) -> None:
    """Allow Lambda to take a queue's messages on the role's behalf. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    verbs = (
        "ReceiveMessage",
        "ChangeMessageVisibility",
        "GetQueueUrl",
        "DeleteMessage",
        "GetQueueAttributes",
    )
    actions = [f"sqs:{verb}" for verb in verbs]
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[queue.queue_arn]))
    if queue.encryption_master_key:
        _may_use_key_through(role, queue.encryption_master_key, "sqs", ["kms:Decrypt"])


def may_decrypt_files(machine: sfn.StateMachine, bucket: s3.Bucket) -> None:
    """Allow a distributed map to use the key of the file that it walks over, besides reading it. Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if bucket.encryption_key:
        _may_use_key_through(machine.role, bucket.encryption_key, "s3", ["kms:Decrypt"])
