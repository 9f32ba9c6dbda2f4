"""The gradual move of an alias to a new version by CodeDeploy, which alarms take back."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from constructs import Construct

from infrastructure.alarms import MINUTE, alarm
from infrastructure.http_api import HttpApi
from infrastructure.python_function import PythonFunction

_FAILED_PERCENT = 2
_LEAST_FAILURES = 3
"""A version that fails at every request has a tenth of them: with fewer failures than these a percentage says
nothing."""


class TrafficShift(Construct):
    """A tenth of the requests go to the new version for five minutes, then all of them.

    CloudFormation has CodeDeploy move the alias whenever its version changes, and fails the update if
    CodeDeploy takes it back; a first deployment moves nothing. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
    """

    def __init__(self, scope: Construct, name: str, *, function: PythonFunction, http: HttpApi) -> None:
        super().__init__(scope, name)
        invocations = function.live.metric_invocations(period=MINUTE)
        crashes = function.live.metric_errors(period=MINUTE)
        # A handler answers most failures itself, as 500: the API counts these, and Lambda does not.
        requests, failures = (_of_api(http, metric) for metric in ("Count", "5xx"))
        alarms = [
            self._alarm("Crashes", crashes, invocations, "A version of the API crashes.", "function-errors"),
            self._alarm("Failures", failures, requests, "The API answers with 5xx.", "api-errors"),
        ]
        group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=function.live,
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
            alarms=alarms,
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )
        found = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
        why = "AWS keeps this policy for CodeDeploy: it moves aliases and reads alarms."
        policy = "service-role/AWSCodeDeployRoleForLambdaLimited]"
        Validations.of(group.role).acknowledge(Acknowledgment(id=f"{found}{policy}", reason=why))

    def _alarm(
        self, name: str, failed: cloudwatch.Metric, all_: cloudwatch.Metric, description: str, runbook: str
    ) -> cloudwatch.Alarm:
        """Go off at a share of failures that no healthy minute has."""
        percent = cloudwatch.MathExpression(
            expression=f"IF(failed >= {_LEAST_FAILURES}, 100 * failed / all, 0)",
            using_metrics={"failed": failed, "all": all_},
            period=MINUTE,
        )
        return alarm(
            self,
            f"{name}Alarm",
            percent,
            threshold=_FAILED_PERCENT,
            description=description,
            runbook=runbook,
        )


def _of_api(http: HttpApi, metric: str) -> cloudwatch.Metric:
    """A metric of the API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=metric,
        dimensions_map={"ApiId": http.api.api_id},
        statistic="Sum",
        period=MINUTE,
    )
