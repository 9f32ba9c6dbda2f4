"""What is encrypted for one owner is nobody else's: real AWS Encryption SDK, KMS by moto."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from trunkline.cipher import (
    ANSWERS,
    Cipher,
    Owner,
    Unreadable,
    owner_of_answer,
    owner_of_call,
    owner_of_webhook,
)

# The SDK's decryptor complains in its finalizer when it was not read to the end, as after a refusal.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MINE = owner_of_call("tenant-1", "call-1")
SAID = {"user_name": "canary", "auth_token": "secret", "nested": [1, {"a": None}]}
OTHERS = [
    owner_of_call("tenant-1", "call-2"),
    owner_of_call("tenant-2", "call-1"),
    owner_of_webhook("tenant-1", "call-1"),
    owner_of_answer("tenant-1", "call-1"),
    replace(MINE, purpose=ANSWERS),
    Owner("trunkline", "tenant-1", "webhook", "call-1"),
]


@pytest.fixture
def key_arn(dynamodb: Any) -> str:
    """A key in moto, which `dynamodb` has started."""
    return str(boto3.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def cipher(key_arn: str) -> Cipher:
    return Cipher(key_arn)


def test_what_was_said_comes_back_to_its_owner(cipher: Cipher) -> None:
    ciphertext = cipher.encrypt(MINE, SAID)
    assert cipher.decrypt(MINE, ciphertext) == SAID
    assert b"canary" not in ciphertext


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_a_ciphertext_that_was_moved_elsewhere_is_refused(cipher: Cipher, other: Owner) -> None:
    with pytest.raises(Unreadable):
        cipher.decrypt(other, cipher.encrypt(MINE, SAID))


def test_a_ciphertext_that_was_altered_anywhere_is_refused(cipher: Cipher) -> None:
    whole = cipher.encrypt(MINE, SAID)
    places = [*range(0, len(whole), 37), len(whole) - 1]
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 1
        with pytest.raises(Exception) as refused:  # noqa: PT011 - the SDK's, KMS's or ours: any but an answer
            cipher.decrypt(MINE, bytes(altered))
        assert "canary" not in str(refused.value), place
    for cut in (b"", whole[:40], whole[:-1]):
        with pytest.raises(Exception):  # noqa: B017, PT011 - see above
            cipher.decrypt(MINE, cut)
    gc.collect()


def test_another_key_reads_nothing(cipher: Cipher) -> None:
    other = Cipher(str(boto3.client("kms").create_key()["KeyMetadata"]["Arn"]))
    with pytest.raises(Unreadable):
        other.decrypt(MINE, cipher.encrypt(MINE, SAID))


def test_each_has_a_data_key_of_its_own_and_none_is_kept(
    cipher: Cipher, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    ask = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, values: dict[str, Any]) -> Any:
        asked[operation] += 1
        return ask(self, operation, values)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    first, second = cipher.encrypt(MINE, SAID), cipher.encrypt(MINE, SAID)
    assert first != second
    assert asked == {"GenerateDataKey": 2}
    for ciphertext in (first, second, second):
        cipher.decrypt(MINE, ciphertext)
    assert asked == {"GenerateDataKey": 2, "Decrypt": 3}
