"""AWS clients: where presigned links point to."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from trunkline.batches.s3_files import BatchFiles
from trunkline.core import aws_clients


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> BatchFiles:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the region of the test that made it
    return BatchFiles(lambda: aws_clients.client("s3"), "trunkline-files")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-south-2"])
def test_presigned_links_point_to_the_buckets_own_host_in_its_region(
    files: BatchFiles, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The global host redirects to the region's, where the signature no longer matches."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    for link in (files.upload_url("bat_1"), files.results_url("bat_1")):
        url = urlsplit(link)
        assert url.netloc == f"trunkline-files.s3.{region}.amazonaws.com"
        assert parse_qs(url.query)["X-Amz-SignedHeaders"] == ["host"]
        assert f"/{region}/s3/" in parse_qs(url.query)["X-Amz-Credential"][0]


def test_on_a_local_address_the_bucket_is_in_the_path(
    files: BatchFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert files.upload_url("bat_1").startswith("http://127.0.0.1:4566/trunkline-files/bat_1/upload?")
