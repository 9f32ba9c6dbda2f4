"""A batch's files in S3: the upload, its rows by part, and the results as CSV.

They are encrypted with the stage's key. A lifecycle rule deletes them after 15 days; the upload and the rows
are deleted as soon as their calls exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from trunkline.batches.models import Row, row_from_json
from trunkline.core.json_text import json_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_S = 3600
_CHUNK = 1024 * 1024
_AT_ONCE = 1000


class UploadChanged(Exception):
    """The upload is another one than that of an earlier read."""


@dataclass(frozen=True)
class BatchFiles:
    """The bucket; `open_client` makes its client at the first use."""

    open_client: Callable[[], S3Client]
    bucket: str

    def upload_url(self, batch_id: str) -> str:
        """Sign a URL for the upload, valid for an hour."""
        return self._link("put_object", f"{batch_id}/upload")

    def results_url(self, batch_id: str) -> str:
        """Sign a URL for the results, valid for an hour."""
        return self._link("get_object", _results_key(batch_id))

    def put_upload(self, batch_id: str, body: bytes) -> None:
        """Store the rows of a request as its upload."""
        self._put(f"{batch_id}/upload", body)

    def upload_bytes(self, batch_id: str) -> int | None:
        """Return the size of the upload; None if there is none."""
        return self._bytes(f"{batch_id}/upload")

    def has_rows(self, batch_id: str) -> bool:
        """Tell whether the checked rows still exist."""
        return self._bytes(_rows_key(batch_id, 1)) is not None

    def has_results(self, batch_id: str) -> bool:
        """Tell whether the results are still there: a cancellation and the lifecycle rule delete them."""
        return self._bytes(_results_key(batch_id)) is not None

    def _bytes(self, key: str) -> int | None:
        try:
            answer = self.open_client().head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return int(answer["ContentLength"])

    def upload_etag(self, batch_id: str) -> str:
        """Return the ETag of the upload: each PUT to its URL changes it."""
        answer = self.open_client().head_object(Bucket=self.bucket, Key=f"{batch_id}/upload")
        return answer["ETag"]

    def upload(self, batch_id: str, etag: str) -> Iterator[bytes]:
        """Read the upload that has this ETag, a piece at a time.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html

        Raises:
            UploadChanged: another one has taken its place.
        """
        key = f"{batch_id}/upload"
        try:
            answer = self.open_client().get_object(Bucket=self.bucket, Key=key, IfMatch=etag)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("412", "PreconditionFailed"):
                raise UploadChanged(batch_id) from error
            raise
        return iter(answer["Body"].iter_chunks(_CHUNK))

    def put_rows(self, batch_id: str, part: int, rows: Sequence[Row]) -> None:
        """Store a part's rows."""
        values = [row.as_json() for row in rows]
        self._put(_rows_key(batch_id, part), json_text(values).encode())

    def rows(self, batch_id: str, part: int) -> list[Row]:
        """Read a part's rows; an empty list after their deletion."""
        try:
            answer = self.open_client().get_object(Bucket=self.bucket, Key=_rows_key(batch_id, part))
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return []
            raise
        return [row_from_json(value) for value in json.loads(answer["Body"].read())]

    def put_parts(self, batch_id: str, work: str, parts: int) -> None:
        """Store the input of the state machine's map: numbers of parts, never rows."""
        listed = [{"batch_id": batch_id, "work": work, "part": n} for n in range(1, parts + 1)]
        self._put(parts_key(batch_id, work), json_text(listed).encode())

    def put_results(self, batch_id: str, text: str) -> None:
        """Store the results."""
        self._put(_results_key(batch_id), text.encode())

    def delete_upload(self, batch_id: str) -> None:
        """Delete the upload, after its rows were split into parts."""
        self._delete([f"{batch_id}/upload"])

    def delete_rows(self, batch_id: str, part: int) -> None:
        """Delete a part's rows, after they became calls."""
        self._delete([_rows_key(batch_id, part)])

    def delete_all(self, batch_id: str) -> None:
        """Delete all of a batch's files."""
        pages = self.open_client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{batch_id}/"):
            self._delete([each["Key"] for each in page.get("Contents", [])])

    def _put(self, key: str, body: bytes) -> None:
        self.open_client().put_object(Bucket=self.bucket, Key=key, Body=body)

    def _delete(self, keys: Iterable[str]) -> None:
        named: Any = [{"Key": key} for key in keys]
        for first in range(0, len(named), _AT_ONCE):
            part = {"Objects": named[first : first + _AT_ONCE], "Quiet": True}
            self.open_client().delete_objects(Bucket=self.bucket, Delete=part)  # type: ignore[arg-type]

    def _link(self, operation: str, key: str) -> str:
        named = {"Bucket": self.bucket, "Key": key}
        made = self.open_client().generate_presigned_url(operation, Params=named, ExpiresIn=LINK_S)
        return str(made)


def parts_key(batch_id: str, work: str) -> str:
    """Return the S3 key of the map's input."""
    return f"{batch_id}/parts-{work}.json"


def _results_key(batch_id: str) -> str:
    return f"{batch_id}/results.csv"


def _rows_key(batch_id: str, part: int) -> str:
    return f"{batch_id}/rows/{part:05d}.json"
