"""The one way a Lambda function is made here: own role, own log group, the layers, a published version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure import assets
from infrastructure.settings import LogRetentionDays, StageSettings


@dataclass(frozen=True)
class Runtime:
    """What all functions of a stack share."""

    code: lambda_.Code
    layers: list[lambda_.ILayerVersion]
    encryption: lambda_.ILayerVersion
    architecture: lambda_.Architecture
    retention: logs.RetentionDays
    reserved_concurrency: Mapping[str, int]
    environment: Mapping[str, str]
    snap_started: frozenset[str] = frozenset()
    provisioned: Mapping[str, int] = field(default_factory=dict)


def shared_runtime(scope: Construct, settings: StageSettings) -> Runtime:
    """Make the layers and the code that functions use."""
    architecture = lambda_.Architecture.ARM_64 if settings.platform != "host" else lambda_.Architecture.X86_64
    layers = {
        "Dependencies": assets.wheels_layer("dependencies", settings.platform),
        "Trunkline": assets.trunkline_layer(),
        "Encryption": assets.wheels_layer("encryption", settings.platform),
    }
    made: list[lambda_.ILayerVersion] = [
        lambda_.LayerVersion(
            scope,
            f"{name}Layer",
            code=lambda_.Code.from_asset(str(folder)),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[architecture],
        )
        for name, folder in layers.items()
    ]
    code = lambda_.Code.from_asset(str(assets.functions_code()))
    retention = RETENTION[settings.log_retention_days]
    environment = {
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": metrics_namespace(settings.name),
        "TRUNK_METRICS": "on" if settings.trunk_metrics else "off",
    }
    reserved = settings.reserved_concurrency()
    return Runtime(
        code,
        made[:2],
        made[2],
        architecture,
        retention,
        reserved,
        environment,
        settings.options.snap_started(),
        settings.options.provisioned(),
    )


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's metrics: two stages in one account are told apart."""
    return f"Trunkline/{stage}"


# Lambda keeps it for all versions of a function: by itself it publishes none.
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html
lambda_.Function.classify_version_property("RecursiveLoop", False)

_FROM_SNAPSHOT = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS

LIVE = "live"
"""The alias that everything invokes: it points at one published version, never at `$LATEST`."""

RETENTION = dict(zip(get_args(LogRetentionDays), logs.RetentionDays, strict=False))
"""CDK names them, in the same order; its last one is "for ever"."""


class PythonFunction(Construct):
    """A function whose role may write its own logs and, at first, nothing else.

    A deployment publishes a version and moves the alias `live` to it, so that handlers, layers and
    environment change together: see `docs/upgrade.md`. Invoke `live`; `function` is for metrics.

    `calls_itself`: by design its messages lead back to it. Lambda would stop such a chain at about the 16th
    invocation, and put the message away:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

    `code`: an asset of its own in place of the shared one, with all that it needs: it has no layers.
    """

    def __init__(  # noqa: PLR0913 - a function's properties
        self,
        scope: Construct,
        name: str,
        *,
        runtime: Runtime,
        package: str,
        environment: Mapping[str, str],
        timeout_s: int,
        memory_mib: int,
        calls_itself: bool = False,
        encrypts: bool = False,
        code: lambda_.Code | None = None,
    ) -> None:
        super().__init__(scope, name)
        stack = Stack.of(self)
        self.package = package
        layers = [*runtime.layers, runtime.encryption] if encrypts else runtime.layers
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/{stack.stack_name}/{package}",
            retention=runtime.retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=f"{stack.stack_name}-{package.replace('_', '-')}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=runtime.architecture,
            code=code or runtime.code,
            handler=f"functions.{package}.handler.handle",
            layers=[] if code else layers,
            role=self.role,
            log_group=self.log_group,
            environment={**environment, **runtime.environment},
            timeout=Duration.seconds(timeout_s),
            memory_size=memory_mib,
            reserved_concurrent_executions=runtime.reserved_concurrency.get(package),
            recursive_loop=lambda_.RecursiveLoop.ALLOW if calls_itself else None,
            snap_start=_FROM_SNAPSHOT if package in runtime.snap_started else None,
            # A version that a failed deployment made goes with it: Lambda publishes none twice in a row for
            # the same code, so the next try would fail. Earlier ones stay, to go back to.
            # https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            ),
        )
        self.live = lambda_.Alias(
            self,
            "Live",
            alias_name=LIVE,
            version=self.function.current_version,
            provisioned_concurrent_executions=runtime.provisioned.get(package),
        )
        reason = "3.13 is the version that the wheels, the byte code and the local stack are made for."
        Validations.of(self.function).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-L1", reason=reason)
        )
