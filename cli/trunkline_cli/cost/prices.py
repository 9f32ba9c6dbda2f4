"""List prices of AWS in us-east-1, on demand, without free tiers, read in November 2026."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """A price: `usd` for each `per` of a unit, and AWS's page of it."""

    usd: float
    per: float
    unit: str
    source: str

    def of(self, quantity: float) -> float:
        """Return the dollars of a quantity."""
        return quantity * self.usd / self.per


_MILLION = 1_000_000
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"

HTTP_REQUEST = Price(1.00, _MILLION, "requests", "https://aws.amazon.com/api-gateway/pricing/")
INVOCATION = Price(0.20, _MILLION, "invocations", _LAMBDA)
GB_SECOND = Price(0.0000133334, 1, "GB-seconds on arm64", _LAMBDA)
WRITE_UNIT = Price(0.625, _MILLION, "write units", _DYNAMODB)
READ_UNIT = Price(0.125, _MILLION, "read units", _DYNAMODB)
TABLE_GB = Price(0.25 + 0.20, 1, "GB-months, with point-in-time recovery", _DYNAMODB)
SQS_REQUEST = Price(0.40, _MILLION, "requests", "https://aws.amazon.com/sqs/pricing/")
TRANSITION = Price(25.00, _MILLION, "state transitions", "https://aws.amazon.com/step-functions/pricing/")
BUS_EVENT = Price(1.00, _MILLION, "events", "https://aws.amazon.com/eventbridge/pricing/")
KMS_REQUEST = Price(0.03, 10_000, "requests", "https://aws.amazon.com/kms/pricing/")
KMS_KEY = Price(1.00, 1, "keys", "https://aws.amazon.com/kms/pricing/")
SECRET = Price(0.40, 1, "secrets", "https://aws.amazon.com/secrets-manager/pricing/")
LOG_GB = Price(0.50, 1, "GB", _CLOUDWATCH)
METRIC = Price(0.30, 1, "metrics", _CLOUDWATCH)
ALARM = Price(0.10, 1, "metrics in alarms", _CLOUDWATCH)
DASHBOARD = Price(3.00, 1, "dashboards", _CLOUDWATCH)
TRACE = Price(5.00, _MILLION, "traces", "https://aws.amazon.com/xray/pricing/")
OUT_GB = Price(0.09, 1, "GB", "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer")
