"""The table and the secrets: everything that must outlive a deployment."""

from __future__ import annotations

from aws_cdk import Acknowledgment, ArnFormat, Duration, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.removal import removal_policy
from infrastructure.settings import StageSettings, adopted_table

_PEPPER_LENGTH = 64
_SHORTEST_KEY_DELETION = Duration.days(7)
"""https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"""


class DataStores(Construct):
    """One table under a key of the customer's own, the LiveKit project's secret and the keys' pepper."""

    def __init__(self, scope: Construct, name: str, settings: StageSettings) -> None:
        super().__init__(scope, name)
        removal = removal_policy(settings)
        window = None if settings.keep_data else _SHORTEST_KEY_DELETION
        self.key = kms.Key(
            self, "Key", enable_key_rotation=True, removal_policy=removal, pending_window=window
        )
        self.context_key = kms.Key(
            self,
            "ContextKey",
            description="Encrypts what callers say of people, in the application.",
            enable_key_rotation=True,
            removal_policy=removal,
            pending_window=window,
        )
        self.own_table = self._own_table(settings)
        self.table = self._adopted_table(settings.adopted_stream_arn) or self.own_table
        self.livekit_secret = secretsmanager.Secret(
            self,
            "LiveKitSecret",
            description="The LiveKit project: url, api_key, api_secret. Set it with `trunkline livekit set`.",
            encryption_key=self.key,
            removal_policy=removal,
        )
        stack = Stack.of(self)
        self.own_livekit_prefix = f"{stack.stack_name}/livekit/"
        self.own_livekit_secrets = stack.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{self.own_livekit_prefix}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.key_pepper = secretsmanager.Secret(
            self,
            "KeyPepper",
            description="The pepper under which API keys are hashed. Changing it ends every key.",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=_PEPPER_LENGTH, exclude_punctuation=True
            ),
            removal_policy=removal,
        )
        _suppress_rotation(self.livekit_secret, "LiveKit issues these; its owner rotates them there.")
        _suppress_rotation(self.key_pepper, "A new pepper would end every API key at once.")

    def _own_table(self, settings: StageSettings) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            time_to_live_attribute="ttl",
            removal_policy=removal_policy(settings),
            deletion_protection=settings.protects_table,
        )
        table.add_global_secondary_index(
            index_name="open",
            partition_key=dynamodb.Attribute(name="open_pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="open_sk", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        filters = ["state", "agent_id", "workflow_slug"]
        for index, partition, projected in (
            ("calls", "calls_pk", filters),
            ("user_calls", "user_pk", filters),
            ("number_calls", "number_pk", [*filters, "user_pk"]),
        ):
            table.add_global_secondary_index(
                index_name=index,
                partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name="calls_sk", type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=projected,
            )
        return table

    def _adopted_table(self, stream_arn: str) -> dynamodb.ITable | None:
        """Return the restored table that the stage uses in place of its own; the stack does not manage it."""
        found = adopted_table(stream_arn)
        if found is None:
            return None
        return dynamodb.Table.from_table_attributes(
            self, "AdoptedTable", table_arn=found[0], table_stream_arn=stream_arn, encryption_key=self.key
        )


def _suppress_rotation(secret: secretsmanager.Secret, reason: str) -> None:
    Validations.of(secret).acknowledge(Acknowledgment(id="AwsSolutions::AwsSolutions-SMG4", reason=reason))
