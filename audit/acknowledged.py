"""Findings that are acknowledged, each with its reason; one that no longer occurs is to be deleted here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from audit.tools import AuditFailed, Finding


@dataclass(frozen=True)
class Acknowledgement:
    """A rule, the places where it does not hold (a pattern of the whole), and why."""

    rule: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding is acknowledged by this."""
        return self.rule == finding.rule and bool(re.fullmatch(self.where, finding.where))


TEMPLATES = (
    Acknowledgement(
        "W3005",
        r"\w+ \w+",
        "The CDK lets a function or state machine wait for its role's policy, and names the role beside it.",
    ),
    Acknowledgement(
        "CKV_AWS_18",
        r"\w+ BatchesFilesBucket\w+",
        "Files are there for days, and CloudTrail's data events tell who read them.",
    ),
    Acknowledgement(
        "CKV_AWS_21",
        r"\w+ BatchesFilesBucket\w+",
        "A file is written once. Versions would keep personal data after its erasure.",
    ),
    Acknowledgement(
        "CKV_AWS_27",
        r"\w+ Bus(Events|DeadLetters)\w+",
        "SQS encrypts with a key of its own: EventBridge sends without a grant on ours.",
    ),
    Acknowledgement(
        "CKV_AWS_115",
        r"dev \w+Function\w+",
        "A new account may have no concurrency to reserve; event sources limit what runs at once.",
    ),
    Acknowledgement(
        "CKV_AWS_115",
        r"(prod|cloudfront|domain) CallCheckFunction\w+",
        "Its event source limits how many run at once.",
    ),
    Acknowledgement(
        "CKV_AWS_115",
        r"cloudfront OriginCheckFunction\w+",
        "API Gateway keeps its answer for an hour, and asks it nothing without the header.",
    ),
    Acknowledgement(
        "CKV_AWS_86",
        r"cloudfront AddressDistribution\w+",
        "The API logs each request, and the web ACL samples what it blocks.",
    ),
    Acknowledgement(
        "CKV_AWS_149",
        r"cloudfront AddressOriginSecret\w+",
        "CloudFormation reads it for CloudFront, which keeps a copy without our key.",
    ),
    Acknowledgement(
        "CKV_AWS_116",
        r"\w+ \w+Function\w+",
        "It is for asynchronous invocations: queues and the stream have dead letters of their own, and the "
        "reconciler, the only function that a rule invokes, runs again a minute later.",
    ),
    Acknowledgement(
        "CKV_AWS_117",
        r"\w+ \w+Function\w+",
        "No function needs a VPC. Outside of one, a request to a tenant's address reaches nothing private.",
    ),
    Acknowledgement(
        "CKV_AWS_158",
        r"\w+ \w*Log\w+",
        "CloudWatch encrypts logs by itself. Lines have ids, and neither secrets nor personal data.",
    ),
    Acknowledgement(
        "CKV_AWS_173",
        r"\w+ \w+Function\w+",
        "Lambda encrypts variables by itself. They hold names, addresses and sizes, never a secret.",
    ),
)

SECRETS = (
    Acknowledgement(
        "Hex High Entropy String",
        r"tests/(store/test_traces|unit/test_trace_context)\.py 0a24796d\w+",
        "The trace id of the example in the W3C's recommendation.",
    ),
    Acknowledgement(
        "Base64 High Entropy String",
        r"tests/unit/test_(redaction|webhook_samples)\.py bc956371\w+",
        "The secret of the examples in the Standard Webhooks specification.",
    ),
    Acknowledgement(
        "JSON Web Token",
        r"tests/unit/test_redaction\.py d753d651\w+",
        "A token made for the test, with a subject and nothing else.",
    ),
    Acknowledgement(
        "Base64 High Entropy String",
        r"tests/unit/test_redaction\.py c7a8609e\w+",
        "The path of a webhook with a made-up id.",
    ),
    Acknowledgement(
        "Hex High Entropy String",
        r"tests/unit/test_request_body\.py c377074d\w+",
        "A UUID without hyphens.",
    ),
    Acknowledgement(
        "JSON Web Token",
        r"tests/unit/test_sip_statuses\.py c1ded270\w+",
        "A token without claims, made for the test.",
    ),
    Acknowledgement(
        "Hex High Entropy String",
        r"tests/unit/test_webhook_rules\.py ec361dd4\w+",
        "The signature of an example whose secret is public, too.",
    ),
)

OPENAPI = (
    Acknowledgement(
        "info-license", r".*", "The document describes a deployment of its owner, and licenses nothing."
    ),
    Acknowledgement(
        "request-values",
        r"RedialSpec\.retryOn",
        "Other values were refused before, too.",
    ),
    Acknowledgement(
        "parameter-required",
        r"GET /api/v1/refusals",
        "The API refused a request without it before, too: the document did not say so.",
    ),
    Acknowledgement(
        "request-field-removed",
        r"ScheduleChange",
        "PATCH /calls/{call_id} never took these fields of schedules, which the document showed for it.",
    ),
)


def judge(findings: Iterable[Finding], acknowledged: Iterable[Acknowledgement]) -> None:
    """Fail on findings that are not acknowledged, and on acknowledgements without a finding.

    Raises:
        AuditFailed: there is one of either.
    """
    found, known = sorted(set(findings)), list(acknowledged)
    unknown = [str(each) for each in found if not any(each_known.covers(each) for each_known in known)]
    stale = [
        f"acknowledged, but not found: {each.rule} {each.where}"
        for each in known
        if not any(map(each.covers, found))
    ]
    if unknown or stale:
        raise AuditFailed("\n".join(unknown + stale))
