"""Deployment of the CDK app to the AWS emulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import cdk
from local.config import REGION, ROOT, STAGE, StackConfig
from local.emulator_policies import adapt_for_emulator

STACK = f"trunkline-{STAGE}"
_TOOLKIT = "CDKToolkit"
_ATTEMPTS = 5
_DELIVERIES = "WEBHOOK_DELIVERIES_AT_ONCE"


@dataclass(frozen=True)
class Outputs:
    """The outputs of the CloudFormation stack, and the id of its HTTP API."""

    api_id: str
    values: Mapping[str, str]


@cache
def client(config: StackConfig, service: str) -> Any:
    """Return a boto3 client of the emulator: one for all, for it takes 50 ms and 5 MB to create.

    It asks up to five times: the emulator answers 500 to a listing while functions add to what is listed.
    """
    return boto3.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=config.emulator_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator accepts any
        config=Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            read_timeout=300,
            max_pool_connections=32,
        ),
    )


def scale_concurrency(template: dict[str, Any], users: int) -> dict[str, Any]:
    """Return the template with concurrency limits for several users; a limit of one stays one."""
    scaled: dict[str, Any] = json.loads(json.dumps(template))
    for resource in scaled["Resources"].values():
        properties = resource.get("Properties", {})
        for limits, name in (
            (properties, "ReservedConcurrentExecutions"),
            (properties.get("ScalingConfig", {}), "MaximumConcurrency"),
        ):
            if limits.get(name, 1) > 1:
                limits[name] *= users
        variables = properties.get("Environment", {}).get("Variables", {})
        if _DELIVERIES in variables:
            variables[_DELIVERIES] = str(int(variables[_DELIVERIES]) * users)
    return scaled


class Deployment:
    """One deployment: synthesizes while the emulator starts, then bootstraps and deploys.

    `settings` of the stage take the place of its own, as `-c name=value` does.
    """

    def __init__(self, config: StackConfig, settings: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._context = [f"{name}={value}" for name, value in (settings or {}).items()]
        self._assembly = config.folder / "cdk.out"
        self._logs = config.folder / "logs"
        self._synth: subprocess.Popen[bytes] | None = None

    def start_synth(self) -> None:
        """Start `cdk synth` in the background."""
        self._logs.mkdir(parents=True, exist_ok=True)
        context = [word for each in (f"stage={STAGE}", *self._context) for word in ("-c", each)]
        arguments = ["synth", *context, "--quiet", "--output", str(self._assembly)]
        self._synth = cdk.spawn(self._logs / "synth.log", self._config.aws_environment(), *arguments)

    def bootstrap(self) -> None:
        """Create the CDK toolkit stack.

        Its template goes straight to CloudFormation: 0.1 s instead of the 11 s of `cdk bootstrap`.
        """
        cloudformation = client(self._config, "cloudformation")
        template = subprocess.run(  # noqa: S603 - fixed arguments only
            cdk.command("bootstrap", "--show-template"),
            cwd=ROOT,
            env=cdk.environment(),
            check=True,
            capture_output=True,
        ).stdout.decode()
        cloudformation.create_stack(
            StackName=_TOOLKIT, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        if self._config.checks_iam:
            self._allow_plain_http_to_buckets()

    def _allow_plain_http_to_buckets(self) -> None:
        s3 = client(self._config, "s3")
        for bucket in s3.list_buckets()["Buckets"]:
            s3.delete_bucket_policy(Bucket=bucket["Name"])

    def finish_synth(self) -> None:
        """Wait for the synthesis.

        Raises:
            CannotStart: it failed.
        """
        if self._synth:
            cdk.wait_for_success(self._synth, self._logs / "synth.log")
        template = scale_concurrency(self.template(), self._config.users)
        if self._config.checks_iam:
            template = adapt_for_emulator(template)
        self._template_path.write_text(json.dumps(template))

    def deploy(self) -> Outputs:
        """Run `cdk deploy`, then apply the settings that the emulator's CloudFormation ignores.

        Raises:
            CannotStart: the deployment failed.
        """
        log = self._logs / "deploy.log"
        aws = self._config.aws_environment()
        arguments = ["deploy", STACK, "--app", str(self._assembly), "--require-approval", "never"]
        cdk.wait_for_success(cdk.spawn(log, aws, *arguments, "--method", "direct"), log)
        self._apply_reserved_concurrency()
        return self._outputs()

    def stop(self) -> None:
        """Stop a synthesis that still runs."""
        if self._synth and self._synth.poll() is None:
            self._synth.kill()
            self._synth.wait()

    def template(self) -> dict[str, Any]:
        """Return the synthesized template."""
        template: dict[str, Any] = json.loads(self._template_path.read_text())
        return template

    @property
    def _template_path(self) -> Path:
        path: Path = self._assembly / f"{STACK}.template.json"
        return path

    def _apply_reserved_concurrency(self) -> None:
        """Set the reserved concurrency of functions, which the emulator ignores in templates."""
        lambda_ = client(self._config, "lambda")
        for resource in self.template()["Resources"].values():
            properties = resource.get("Properties", {})
            reserved = properties.get("ReservedConcurrentExecutions")
            if resource["Type"] == "AWS::Lambda::Function" and reserved:
                lambda_.put_function_concurrency(
                    FunctionName=properties["FunctionName"], ReservedConcurrentExecutions=reserved
                )

    def _outputs(self) -> Outputs:
        stacks = client(self._config, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        values = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
        api_id = values["ApiUrl"].split("//", 1)[1].split(".", 1)[0]
        return Outputs(api_id, values)
