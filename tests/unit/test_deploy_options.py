"""Options of a deployment: what a stage's file may say, and what is refused before AWS refuses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure.settings import stage_settings
from infrastructure.stage_file import deployed_settings, read_stage_file

DOMAIN = "calls.example.com"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/abc-1"
REGIONAL = CERTIFICATE.replace("us-east-1", "eu-central-1")
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/name/id-1"
CLOUDFRONT = {
    "domain_name": DOMAIN,
    "certificate_arn": CERTIFICATE,
    "cloudfront": True,
    "web_acl_arn": WEB_ACL,
}


def _write(folder: Path, text: str) -> Path:
    (folder / "prod.json").write_text(text)
    return folder


def test_a_file_sets_what_a_team_decides_and_context_takes_its_place(tmp_path: Path) -> None:
    values = {**CLOUDFRONT, "dialer_lanes": 80, "tags": {"team": "voice"}, "alarm_email": "on@call.test"}
    _write(tmp_path, json.dumps(values))
    settings = deployed_settings("prod", {"dialer_lanes": "90"}, tmp_path)
    assert settings.dialer_lanes == 90
    assert settings.alarm_email == "on@call.test"
    assert settings.options.domain_name == DOMAIN
    assert settings.options.cloudfront is True
    assert settings.options.tags == {"team": "voice"}
    assert deployed_settings("dev", None, tmp_path) == stage_settings("dev")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ('{"domain": "x"}', "unknown setting domain: did you mean domain_name"),
        ('{"zzz": 1}', "unknown setting zzz$"),
        ('{"platform": "host"}', "unknown setting platform"),
        ('{"name": "other"}', "unknown setting name"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        read_stage_file("prod", _write(tmp_path, text))
    assert "prod.json" in str(refused.value)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"domain_name": "https://x.test", "certificate_arn": CERTIFICATE},
            "use for example calls.example.com",
        ),
        ({"domain_name": DOMAIN}, "needs certificate_arn"),
        ({"domain_name": DOMAIN, "certificate_arn": "arn:aws:iam::1:server"}, "needs certificate_arn"),
        ({"certificate_arn": CERTIFICATE}, "need domain_name"),
        ({"cloudfront": True, "web_acl_arn": WEB_ACL}, "need domain_name"),
        (CLOUDFRONT | {"certificate_arn": REGIONAL}, "must be in us-east-1"),
        (CLOUDFRONT | {"web_acl_arn": ""}, "make deploy-edge"),
        (CLOUDFRONT | {"cloudfront": False}, "go together"),
        (CLOUDFRONT | {"web_acl_arn": WEB_ACL.replace("us-east-1", "eu-west-1")}, "global web ACL"),
        (CLOUDFRONT | {"hosted_zone_id": "Z1"}, "go together"),
        (CLOUDFRONT | {"hosted_zone_id": "Z1", "hosted_zone_name": "ample.com"}, "not in the zone ample.com"),
        ({"permissions_boundary_arn": "boundary"}, "ARN of a policy"),
        ({"tags": {"aws:x": "y"}}, "can't have 'aws:x'"),
        ({"tags": {"": "y"}}, "can't have ''"),
        ({"tags": {"x": "y" * 257}}, "can't have 'x'"),
        ({"tags": {str(n): "" for n in range(51)}}, "50 at most"),
        ({"tags": {"x": "voice, sales"}}, "are what AWS takes"),
        ({"tags": {"x&y": "z"}}, "are what AWS takes"),
        ({"alarm_email": "on-call"}, "alarm_email must be an e-mail address"),
        ({"alarm_https_url": "http://x.test"}, "begins with https://"),
        ({"fanout_parallelization": 11}, "fanout_parallelization must be 1 to 10"),
        ({"batch_parts_at_once": 0}, "with 0 it would run all"),
        ({"dialer_memory_mib": 64}, "dialer_memory_mib must be 128 to 10240"),
        ({"dialer_lanes": 1001}, "dialer_lanes must be 2 to 1000"),
        ({"tags": "team=voice"}, "it is an object of texts"),
        ({"tags": {"team": 1}}, "it is an object of texts"),
        ({"domain_name": 1}, "it is a text"),
        ({"cloudfront": "perhaps"}, "it is true or false"),
        ({"provisioned_api": "many"}, "it is a number"),
        ({"snap_start": True, "provisioned_api": 2, "shifts_traffic": False}, "can't be used together"),
        ({"provisioned_api": 2}, "needs shifts_traffic false"),
        ({"provisioned_api": 301, "shifts_traffic": False}, "can't be above the 300"),
        ({"provisioned_dialer": 51}, "can't be above the 50"),
        ({"log_retention_days": 10}, "CloudWatch's choices: 1, 3, 5"),
    ],
)
def test_what_aws_would_refuse_is_refused_first(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stage_settings("prod", values)


@pytest.mark.parametrize(
    "values",
    [
        CLOUDFRONT,
        CLOUDFRONT | {"hosted_zone_id": "Z1", "hosted_zone_name": "example.com"},
        {"domain_name": DOMAIN, "certificate_arn": REGIONAL},
        {"provisioned_api": 300, "shifts_traffic": False, "provisioned_dialer": 50},
        {"snap_start": True, "provisioned_dialer": 5},
        {"permissions_boundary_arn": "arn:aws:iam::123456789012:policy/team/boundary"},
        {"log_retention_days": 365},
        {"tags": {"Größe": "a b+c-d=e.f_g:h/i@j"}},
        {"alarm_email": "on-call@example.com", "alarm_https_url": "https://x.test/a?b=c"},
    ],
)
def test_options_that_go_together_are_taken(values: dict[str, Any]) -> None:
    assert stage_settings("prod", values) != stage_settings("prod")
