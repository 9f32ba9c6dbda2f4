"""Options of a deployment: address, protection, tags and start-up (`docs/deploy-options.md`). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SNAP_STARTED = frozenset({"api", "agent_api", "livekit_webhook"})
"""The functions for which a person, an agent or LiveKit waits. The others serve queues."""

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate/[\w-]+")
_WEB_ACL = re.compile(r"arn:aws:wafv2:us-east-1:\d{12}:global/webacl/[\w-]+/[\w-]+")
_BOUNDARY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")
_TAG = re.compile(r"[\w\s+\-=.:/@]*")
"""Letters and digits of any language, and these signs: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
_GLOBAL_REGION = "us-east-1"
_MAX_TAGS, _MAX_KEY, _MAX_VALUE = 50, 128, 256


@dataclass(frozen=True)
class DeployOptions:
    """Options of a stage; each is off by default.

    `domain_name` is the API's own address, with the ACM certificate `certificate_arn`. `hosted_zone_id` and
    `hosted_zone_name` name a Route 53 zone for its records; without them, the owner makes the record.
    `cloudfront` puts CloudFront in front of the API, with the web ACL `web_acl_arn`.
    `permissions_boundary_arn` is put on each role, `tags` on each resource.
    `snap_start` has Lambda restore functions from a snapshot instead of starting them.
    `provisioned_api` and `provisioned_dialer` are environments that Lambda keeps started (0: none).
    """

    domain_name: str = ""
    certificate_arn: str = ""
    hosted_zone_id: str = ""
    hosted_zone_name: str = ""
    cloudfront: bool = False
    web_acl_arn: str = ""
    permissions_boundary_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    snap_start: bool = False
    provisioned_api: int = 0
    provisioned_dialer: int = 0

    def snap_started(self) -> frozenset[str]:
        """Return the packages of the functions that start from a snapshot."""
        return SNAP_STARTED if self.snap_start else frozenset()

    def provisioned(self) -> dict[str, int]:
        """Return how many environments Lambda keeps started, by the function's package."""
        sizes = {"api": self.provisioned_api, "dialer": self.provisioned_dialer}
        return {package: size for package, size in sizes.items() if size}


def problems(options: DeployOptions, reserved: Mapping[str, int], *, shifts_traffic: bool) -> Iterator[str]:
    """Yield what AWS would refuse; `reserved` is the reserved concurrency of each function."""
    yield from _address_problems(options)
    yield from _form_problems(options)
    yield from _start_problems(options, reserved, shifts_traffic=shifts_traffic)


def _address_problems(options: DeployOptions) -> Iterator[str]:
    certificate = _CERTIFICATE.fullmatch(options.certificate_arn)
    if options.domain_name and not _DOMAIN.fullmatch(options.domain_name):
        yield f"domain_name can't be {options.domain_name!r}: use for example calls.example.com"
    if options.domain_name and not certificate:
        yield "domain_name needs certificate_arn, the ARN of an ACM certificate: arn:aws:acm:…"
    if not options.domain_name and (options.certificate_arn or options.hosted_zone_id or options.cloudfront):
        yield "certificate_arn, hosted_zone_id and cloudfront need domain_name"
    if bool(options.hosted_zone_id) != bool(options.hosted_zone_name):
        yield "hosted_zone_id and hosted_zone_name go together"
    if options.hosted_zone_name and not _is_within(options.domain_name, options.hosted_zone_name):
        yield f"domain_name {options.domain_name} is not in the zone {options.hosted_zone_name}"
    if options.cloudfront and certificate and certificate[1] != _GLOBAL_REGION:
        yield f"certificate_arn must be in {_GLOBAL_REGION}: CloudFront takes certificates from nowhere else"
    if options.cloudfront != bool(options.web_acl_arn):
        yield "cloudfront and web_acl_arn go together: `make deploy-edge` makes the web ACL"


def _is_within(domain: str, zone: str) -> bool:
    return domain == zone or domain.endswith(f".{zone}")


def _form_problems(options: DeployOptions) -> Iterator[str]:
    if options.web_acl_arn and not _WEB_ACL.fullmatch(options.web_acl_arn):
        yield f"web_acl_arn must be of a global web ACL in {_GLOBAL_REGION}: arn:aws:wafv2:us-east-1:…"
    if options.permissions_boundary_arn and not _BOUNDARY.fullmatch(options.permissions_boundary_arn):
        yield "permissions_boundary_arn must be the ARN of a policy: arn:aws:iam::ACCOUNT:policy/NAME"
    if len(options.tags) > _MAX_TAGS:
        yield f"tags can be {_MAX_TAGS} at most"
    for key, value in options.tags.items():
        if not 0 < len(key) <= _MAX_KEY or len(value) > _MAX_VALUE or key.lower().startswith("aws:"):
            limits = f"a key has 1 to {_MAX_KEY} characters and no aws: at its start, a value {_MAX_VALUE}"
            yield f"tags can't have {key!r}: {limits}"
        elif not _TAG.fullmatch(key + value):
            yield f"tags can't have {key!r}: letters, digits, spaces and + - = . _ : / @ are what AWS takes"


def _start_problems(
    options: DeployOptions, reserved: Mapping[str, int], *, shifts_traffic: bool
) -> Iterator[str]:
    """Yield conflicts of start-up options.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html,
    https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    """
    if options.snap_start and options.provisioned_api:
        yield "snap_start and provisioned_api can't be used together: Lambda refuses it"
    if options.provisioned_api and shifts_traffic:
        yield (
            "provisioned_api needs shifts_traffic false: an alias that shares its requests between two "
            "versions can't have provisioned concurrency"
        )
    for package, size in options.provisioned().items():
        if package in reserved and size > reserved[package]:
            yield f"provisioned_{package} can't be above the {reserved[package]} that {package} reserves"
