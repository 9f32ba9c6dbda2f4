"""Options of a deployment in the template of prod: each on, and off by default."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks

from infrastructure import assets
from infrastructure.deploy_options import SNAP_STARTED
from infrastructure.edge_stack import EdgeStack
from infrastructure.python_function import LIVE
from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack
from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import (
    CONTEXT,
    function_behind,
    names_in,
    package_of,
    resources,
    statements_of,
)

DOMAIN = "calls.example.com"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
COMMON: dict[str, Any] = {
    "domain_name": DOMAIN,
    "hosted_zone_id": "Z1",
    "hosted_zone_name": "example.com",
    "permissions_boundary_arn": BOUNDARY,
    "tags": {"team": "voice"},
    "provisioned_dialer": 5,
    "log_retention_days": 365,
}
BEHIND_CLOUDFRONT = COMMON | {
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/abc",
    "cloudfront": True,
    "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/name/id",
    "snap_start": True,
}
OWN_DOMAIN = COMMON | {
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/abc",
    "shifts_traffic": False,
    "provisioned_api": 10,
}
FUNCTION, ALIAS, ROUTE = "AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::ApiGatewayV2::Route"


@dataclass(frozen=True)
class Made:
    """A template, and what cdk-nag says of it."""

    template: dict[str, Any]
    report: dict[str, Any]


def _make(values: dict[str, Any], layer: Path, folder: Path, *, edge: bool = False) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets, "wheels_layer", lambda *_: layer)
        app = cdk.App(outdir=str(folder), context=CONTEXT)
        settings = stage_settings("prod", values)
        stack = EdgeStack(app, settings) if edge else TrunklineStack(app, settings)
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()
        reports = json.loads((folder / "validation-report.json").read_text())["pluginReports"]
        report = reports[0] if reports else {"conclusion": "success", "suppressedViolations": []}
        return Made(dict(Template.from_stack(stack).to_json()), report)


@pytest.fixture(scope="module")
def cdn(empty_layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _make(BEHIND_CLOUDFRONT, empty_layer, tmp_path_factory.mktemp("cdn"))


@pytest.fixture(scope="module")
def domain(empty_layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _make(OWN_DOMAIN, empty_layer, tmp_path_factory.mktemp("domain"))


@pytest.fixture(scope="module")
def edge(empty_layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _make({"tags": {"team": "voice"}}, empty_layer, tmp_path_factory.mktemp("edge"), edge=True)


@pytest.fixture
def plain(synthesized: Synthesized) -> dict[str, Any]:
    return synthesized("prod")


def _only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = resources(template, kind).values()
    return found


def _urls(template: dict[str, Any]) -> set[str]:
    """Every address of the API that the stack tells its functions and its operator."""
    told = [template["Outputs"][name]["Value"] for name in ("ApiUrl", "LiveKitWebhookUrl")]
    told += [
        each["Environment"]["Variables"]["API_URL"]
        for each in resources(template, FUNCTION).values()
        if "API_URL" in each["Environment"]["Variables"]
    ]
    return {str(each) for each in told}


@pytest.mark.parametrize("made", ["cdn", "domain", "edge"])
def test_with_every_option_prod_passes_cdk_nag(made: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(made).report
    assert report["conclusion"] == "success", report
    for suppressed in report["suppressedViolations"]:
        assert len(suppressed["reason"]) > 20, suppressed


@pytest.mark.parametrize("made", ["cdn", "domain"])
def test_with_a_domain_no_address_changes_when_the_stack_is_made_anew(
    made: str, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue(made).template
    assert _urls(template) == {f"https://{DOMAIN}", f"https://{DOMAIN}/livekit/webhook"}
    records = resources(template, "AWS::Route53::RecordSet").values()
    assert {each["Name"].rstrip(".") for each in records} == {DOMAIN}
    assert template["Outputs"]["DomainTarget"]["Value"], "what a record elsewhere must point to"


def test_without_options_the_api_has_the_address_of_api_gateway(plain: dict[str, Any]) -> None:
    assert all("ApiEndpoint" in url for url in _urls(plain))
    assert _only(plain, "AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is False
    kinds = {each["Type"] for each in plain["Resources"].values()}
    assert not {kind for kind in kinds if kind.split("::")[1] in ("CloudFront", "Route53", "WAFv2")}
    assert not {"AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::Authorizer"} & kinds


def test_a_domain_of_api_gateway_is_the_only_way_in(domain: Made) -> None:
    assert _only(domain.template, "AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is True
    own = _only(domain.template, "AWS::ApiGatewayV2::DomainName")
    (configuration,) = own["DomainNameConfigurations"]
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert configuration["CertificateArn"] == OWN_DOMAIN["certificate_arn"]
    mapping = _only(domain.template, "AWS::ApiGatewayV2::ApiMapping")
    assert mapping["Stage"] == "$default"
    stage = next(iter(resources(domain.template, "AWS::ApiGatewayV2::Stage")))
    (resource,) = [
        each
        for each in domain.template["Resources"].values()
        if each["Type"] == "AWS::ApiGatewayV2::ApiMapping"
    ]
    assert stage in resource["DependsOn"], "a mapping to a stage that is not there yet fails"


def test_behind_a_domain_pages_of_that_domain_alone_may_upload(domain: Made) -> None:
    rules = [
        rule
        for bucket in resources(domain.template, "AWS::S3::Bucket").values()
        for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", [])
    ]
    assert [rule["AllowedOrigins"] for rule in rules] == [[f"https://{DOMAIN}"]]


def test_cloudfront_forwards_everything_but_the_host_and_caches_nothing(cdn: Made) -> None:
    """Managed policies: CachingDisabled, AllViewerExceptHostHeader.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
    """
    config = _only(cdn.template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    behavior = config["DefaultCacheBehavior"]
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= set(behavior["AllowedMethods"])
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert config["WebACLId"] == BEHIND_CLOUDFRONT["web_acl_arn"]
    assert config["Aliases"] == [DOMAIN]
    (origin,) = config["Origins"]
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert "execute-api" in str(origin["DomainName"])


def test_cloudfront_reaches_the_api_though_the_stage_had_a_domain_of_its_own_before(cdn: Made) -> None:
    """An update that leaves the switch out of the template may leave it as it was."""
    assert _only(cdn.template, "AWS::ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is False


def test_past_cloudfront_nothing_reaches_a_function(cdn: Made) -> None:
    authorizer = _only(cdn.template, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["IdentitySource"] == ["$request.header.x-origin-verify"], "without it: 401, no function"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 3_600
    assert authorizer["EnableSimpleResponses"] is True
    name = next(iter(resources(cdn.template, "AWS::ApiGatewayV2::Authorizer")))
    routes = list(resources(cdn.template, ROUTE).values())
    assert len(routes) == 7
    for route in routes:
        assert (route["AuthorizationType"], route["AuthorizerId"]) == ("CUSTOM", {"Ref": name})
    (alias,) = names_in(authorizer["AuthorizerUri"]) & set(resources(cdn.template, ALIAS))
    behind = resources(cdn.template, FUNCTION)[function_behind(cdn.template, {"Ref": alias})]
    assert package_of(behind) == "origin_check"


def test_the_secret_of_the_origin_is_in_no_template(cdn: Made) -> None:
    config = _only(cdn.template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (header,) = config["Origins"][0]["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-origin-verify"
    assert "{{resolve:secretsmanager:" in str(header["HeaderValue"])
    (secret,) = names_in(header["HeaderValue"])
    for statement in statements_of(cdn.template, "origin-check"):
        if "secretsmanager:GetSecretValue" in statement["Action"]:
            assert statement["Resource"] == {"Ref": secret}
            break
    else:
        pytest.fail("the function may not read the secret")


def test_the_web_acl_is_a_global_one_and_leaves_livekit_and_agents_alone(edge: Made) -> None:
    acl = _only(edge.template, "AWS::WAFv2::WebACL")
    assert acl["Scope"] == "CLOUDFRONT"
    rate, *managed = acl["Rules"]
    assert rate["Action"] == {"Block": {}}
    scope = rate["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
    exempt = scope["NotStatement"]["Statement"]["OrStatement"]["Statements"]
    assert {each["ByteMatchStatement"]["SearchString"] for each in exempt} == {"/livekit/", "/agent/"}
    names = {each["Statement"]["ManagedRuleGroupStatement"]["Name"] for each in managed}
    assert names == {"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"}
    assert edge.template["Outputs"]["WebAclArn"]


def test_no_metric_of_the_web_acl_has_a_name_that_aws_waf_keeps_for_itself(edge: Made) -> None:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_VisibilityConfig.html"""
    acl = _only(edge.template, "AWS::WAFv2::WebACL")
    names = [each["VisibilityConfig"]["MetricName"] for each in (acl, *acl["Rules"])]
    assert len(set(names)) == len(names)
    assert not {"all", "default_action"} & {name.lower() for name in names}
    assert all(re.fullmatch(r"[\w-]{1,128}", name) for name in names)


def test_the_web_acl_is_made_where_cloudfront_looks_for_it() -> None:
    stack = EdgeStack(cdk.App(), stage_settings("prod"))
    assert (stack.region, stack.stack_name) == ("us-east-1", "trunkline-prod-edge")


def test_a_boundary_is_on_every_role_and_on_none_without(cdn: Made, plain: dict[str, Any]) -> None:
    roles = resources(cdn.template, "AWS::IAM::Role").values()
    assert {each["PermissionsBoundary"] for each in roles} == {BOUNDARY}
    assert not [each for each in resources(plain, "AWS::IAM::Role").values() if "PermissionsBoundary" in each]


def test_tags_are_on_data_functions_and_roles(cdn: Made, edge: Made, plain: dict[str, Any]) -> None:
    for kind in ("AWS::DynamoDB::Table", FUNCTION, "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::KMS::Key"):
        for each in resources(cdn.template, kind).values():
            assert {"Key": "team", "Value": "voice"} in each["Tags"], kind
        assert not [each for each in resources(plain, kind).values() if "voice" in str(each.get("Tags"))]
    assert {"Key": "team", "Value": "voice"} in _only(edge.template, "AWS::WAFv2::WebACL")["Tags"]


def test_snapshots_start_the_functions_for_which_somebody_waits(cdn: Made, plain: dict[str, Any]) -> None:
    """Of published versions, which is all that Lambda offers: each is behind its alias."""
    started = {
        package_of(each)
        for each in resources(cdn.template, FUNCTION).values()
        if each.get("SnapStart") == {"ApplyOn": "PublishedVersions"}
    }
    assert started == SNAP_STARTED
    assert not [each for each in resources(plain, FUNCTION).values() if "SnapStart" in each]


def test_environments_are_kept_started_on_the_alias(domain: Made, plain: dict[str, Any]) -> None:
    functions, aliases = resources(domain.template, FUNCTION), resources(domain.template, ALIAS)
    sizes, names = {}, set()
    for name, each in aliases.items():
        if kept := each.get("ProvisionedConcurrencyConfig"):
            package = package_of(functions[function_behind(domain.template, {"Ref": name})])
            sizes[package] = kept["ProvisionedConcurrentExecutions"]
            names.add(each["Name"])
    assert sizes == {"api": 10, "dialer": 5}
    assert names == {LIVE}
    assert not [each for each in resources(plain, ALIAS).values() if "ProvisionedConcurrencyConfig" in each]


def test_logs_are_kept_as_long_as_the_stage_says(cdn: Made, plain: dict[str, Any]) -> None:
    for template, days in ((cdn.template, 365), (plain, 90)):
        groups = resources(template, "AWS::Logs::LogGroup").values()
        assert {each["RetentionInDays"] for each in groups} == {days}


def test_no_function_is_in_a_vpc(template: dict[str, Any]) -> None:
    assert not [each for each in resources(template, FUNCTION).values() if "VpcConfig" in each]


def test_the_stack_says_its_version(plain: dict[str, Any]) -> None:
    assert plain["Outputs"]["Version"]["Value"].count(".") == 2
