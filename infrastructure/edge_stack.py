"""The stack in us-east-1: the web ACL of CloudFront, which can be nowhere else."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infrastructure.settings import StageSettings

_REGION = "us-east-1"
_REQUESTS_OF_AN_ADDRESS = 20_000
"""In five minutes, of one address: more than six API keys may send at 600 requests a minute."""

_MANAGED = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html

The common rule set is not among them: it refuses bodies above 8 KB and bodies with URLs and scripts, which
batches, tools and templates have."""

_EXEMPT = ("/livekit/", "/agent/")
"""LiveKit and agents send from few addresses, however many calls there are."""


class EdgeStack(Stack):
    """The web ACL. Source:
    https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
    """

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(
            scope,
            f"trunkline-{settings.name}-edge",
            env=Environment(region=_REGION),
            description="Trunkline: the web ACL in front of the API",
        )
        for key, value in settings.options.tags.items():
            Tags.of(self).add(key, value)
        rules = [_rate_rule(0), *(_managed_rule(at, name) for at, name in enumerate(_MANAGED, 1))]
        acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible("web-acl"),
            rules=rules,
        )
        CfnOutput(self, "WebAclArn", value=acl.attr_arn)


def _rate_rule(priority: int) -> wafv2.CfnWebACL.RuleProperty:
    exempt: list[Any] = [_path_begins(path) for path in _EXEMPT]
    scope: Any = {"notStatement": {"statement": {"orStatement": {"statements": exempt}}}}
    return wafv2.CfnWebACL.RuleProperty(
        name="rate",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visible("rate"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=_REQUESTS_OF_AN_ADDRESS, scope_down_statement=scope
            )
        ),
    )


def _path_begins(path: str) -> dict[str, Any]:
    return {
        "byteMatchStatement": {
            "fieldToMatch": {"uriPath": {}},
            "positionalConstraint": "STARTS_WITH",
            "searchString": path,
            "textTransformations": [{"priority": 0, "type": "NONE"}],
        }
    }


def _managed_rule(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_visible(name),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name
            )
        ),
    )


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Name a metric: `All` and `Default_Action` are AWS WAF's own. Source:
    https://docs.aws.amazon.com/waf/latest/APIReference/API_VisibilityConfig.html
    """
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
