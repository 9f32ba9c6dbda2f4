"""Batches: the bucket of their rows, and the flow that imports, checks, cancels and exports them.

Begin → Map over the parts (each: Part → Choice → Wait → Part …) → End, and again from Begin if a part has
waited often; the state carries ids and numbers, never what is in a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.alarms import alarm
from infrastructure.data_stores import DataStores
from infrastructure.python_function import PythonFunction, Runtime
from infrastructure.removal import removal_policy
from infrastructure.settings import StageSettings
from infrastructure.state_machines import logical_id, state_machine, suppress_nag

_TIMEOUT_S = 600
_MEMORY_MIB = 1024
_KEPT_DAYS = 15
_RETRIES = 12
_PREFLIGHT_S = 3600
_PART_INPUT = {
    name: sfn.JsonPath.string_at(f"$$.Map.Item.Value.{name}") for name in ("batch_id", "work", "part")
} | {"told": {"waits": 0}}


class BatchBucket(Construct):
    """Uploads, rows and results, under the stage's key: kept for 15 days, one more than a call can wait.

    CloudFormation deletes an empty bucket only. `make destroy` empties it: CDK's `auto_delete_objects` would
    keep a function deployed that may delete every file, and leave its log group behind.
    """

    def __init__(
        self, scope: Construct, name: str, key: kms.IKey, settings: StageSettings, page_origins: Sequence[str]
    ) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=removal_policy(settings),
            cors=[_uploads_from(page_origins)],
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(_KEPT_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        reason = "What is in it is there for days, and CloudTrail's data events tell who read it."
        Validations.of(self.bucket).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-S1", reason=reason)
        )


def _uploads_from(page_origins: Sequence[str]) -> s3.CorsRule:
    """Let the dashboard's pages put an upload. The link is what allows it, and nothing can be read.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
    """
    return s3.CorsRule(
        allowed_methods=[s3.HttpMethods.PUT],
        allowed_origins=list(page_origins),
        allowed_headers=["content-type"],
        max_age=_PREFLIGHT_S,
    )


class Batches(Construct):
    """The bucket, the function that takes a batch's steps, and the flow of them."""

    def __init__(  # noqa: PLR0913 - what batches stand on
        self,
        scope: Construct,
        name: str,
        *,
        data: DataStores,
        settings: StageSettings,
        runtime: Runtime,
        environment: Mapping[str, str],
        queues: Sequence[sqs.Queue],
        page_origins: Sequence[str],
    ) -> None:
        super().__init__(scope, name)
        self.bucket = BatchBucket(self, "Files", data.key, settings, page_origins).bucket
        at_once = settings.batch_parts_at_once
        self.worker = PythonFunction(
            self,
            "Worker",
            runtime=runtime,
            package="batches",
            environment={**environment, "BATCH_BUCKET": self.bucket.bucket_name},
            timeout_s=_TIMEOUT_S,
            memory_mib=_MEMORY_MIB,
            encrypts=True,
        )
        role = self.worker.role
        may.may_use_table(role, data, *may.READ, *may.BATCH, *may.CHECK, *may.CHANGE, *may.REMOVE)
        may.may_encrypt(role, data, may.PERSONAL_DATA)
        may.may_decrypt(role, data, may.TEMPLATES)
        may.may_read_livekit_secrets(role, data)
        may.may_wake(role, *queues)
        may.may_keep_files(role, self.bucket)
        worker = self.worker.live
        flow = BatchStateMachine(
            self, "Flow", worker=worker, bucket=self.bucket, runtime=runtime, at_once=at_once
        )
        self.machine = flow.machine
        may.may_decrypt_files(self.machine, self.bucket)

    def environment(self) -> dict[str, str]:
        """What a function that starts batches is told."""
        return {"BATCH_FLOW_ARN": self.machine.state_machine_arn}


class BatchStateMachine(Construct):
    """The state machine of one work on all of a batch's parts."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        worker: lambda_.Alias,
        bucket: s3.Bucket,
        runtime: Runtime,
        at_once: int,
    ) -> None:
        super().__init__(scope, name)
        self._worker = worker
        about = {"batch_id": "$.batch_id", "work": "$.work"}
        begin = self._step("Begin", {"step": "begin", **about}, "$.told")
        # A repeat finishes no part that was given up: the reconciler begins anew.
        ended = {"step": "end", "parts": "$.told.parts", **about}
        end = self._step("End", ended, "$.told", fails_at=["NotFinished"])
        parts = sfn.DistributedMap(
            self,
            "Parts",
            max_concurrency=at_once,
            item_reader=sfn.S3JsonItemReader(bucket=bucket, key=sfn.JsonPath.string_at("$.told.parts_key")),
            item_selector=_PART_INPUT,
            result_path="$.told.parts",
            tolerated_failure_percentage=100,
        )
        parts.item_processor(
            self._part(), mode=sfn.ProcessorMode.DISTRIBUTED, execution_type=sfn.ProcessorType.STANDARD
        )
        has_parts = sfn.Condition.string_equals("$.told.next", "parts")
        choice = sfn.Choice(self, "HasParts").when(has_parts, parts.next(end)).otherwise(end)
        is_paused = sfn.Condition.string_equals("$.told.next", "again")
        end.next(sfn.Choice(self, "HasEnded").when(is_paused, begin).otherwise(sfn.Succeed(self, "Done")))
        self.machine = state_machine(self, "batches", sfn.Chain.start(begin).next(choice), runtime)
        self._explain(bucket)
        alarm(
            self,
            "FailedAlarm",
            self.machine.metric_failed(period=Duration.minutes(1)),
            threshold=1,
            description="A batch's job failed: the reconciler begins it anew within minutes, three times.",
            runbook="batch-jobs-failed",
        )

    def _part(self) -> sfn.IChainable:
        """A part is taken again until it is at its end, or has waited so often that it ends its round."""
        told = {"step": "part", "batch_id": "$.batch_id", "work": "$.work", "part": "$.part"}
        told |= {"waits": "$.told.waits"}
        step = self._step("Part", told, "$.told")
        wait = sfn.Wait(self, "Wait", time=sfn.WaitTime.seconds_path("$.told.wait_s"))
        is_over = sfn.Condition.or_(
            *(sfn.Condition.string_equals("$.told.next", over) for over in ("done", "pause"))
        )
        done = sfn.Succeed(self, "PartDone", output_path="$.told")
        step.next(sfn.Choice(self, "Goes").when(is_over, done).otherwise(wait))
        wait.next(step)
        return step

    def _step(
        self, name: str, told: dict[str, str], result_path: str | None, *, fails_at: Sequence[str] = ()
    ) -> tasks.LambdaInvoke:
        named = {key: sfn.JsonPath.string_at(v) if v.startswith("$") else v for key, v in told.items()}
        step = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=self._worker,
            payload=sfn.TaskInput.from_object(named),
            payload_response_only=True,
            result_path=result_path,
            retry_on_service_exceptions=False,
        )
        if fails_at:
            step.add_retry(errors=[*fails_at], max_attempts=0)
        step.add_retry(
            errors=["States.ALL"],
            interval=Duration.seconds(1),
            backoff_rate=2,
            max_delay=Duration.minutes(5),
            max_attempts=_RETRIES,
            jitter_strategy=sfn.JitterType.FULL,
        )
        return step

    def _explain(self, bucket: s3.Bucket) -> None:
        mine = {"Fn::Select": [6, {"Fn::Split": [":", {"Ref": logical_id(self.machine)}]}]}
        name = json.dumps(mine, separators=(",", ":"))
        runs = f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{name}"
        files = f"arn:<AWS::Partition>:s3:::<{logical_id(bucket)}>/*"
        more = {
            files: "The map reads the list of any batch's parts.",
            f"{runs}:*": "The map's own executions: each is named after its batch.",
            f"{runs}/*:*": "The executions of the map's children.",
        }
        suppress_nag(self.machine, self._worker, more)
