"""What is encrypted for one owner is nobody else's: real AWS Encryption SDK, KMS by moto."""

from __future__ import annotations

import gc
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.store.fixtures_dynamodb import aws_client
from trunkline.storage.encryption import (
    RESPONSES,
    DecryptionFailed,
    EncryptionContext,
    EnvelopeCipher,
    context_for_call,
    context_for_stored_response,
    context_for_webhook,
)

MINE = context_for_call("tenant-1", "call-1")
SAID = {"user_name": "canary", "auth_token": "secret", "nested": [1, {"a": None}]}
OTHERS = [
    context_for_call("tenant-1", "call-2"),
    context_for_call("tenant-2", "call-1"),
    context_for_webhook("tenant-1", "call-1"),
    context_for_stored_response("tenant-1", "call-1"),
    replace(MINE, purpose=RESPONSES),
    EncryptionContext("trunkline", "tenant-1", "webhook", "call-1"),
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK's decryptor complains in its finalizer when it was not read to the end, as after a refusal;
    records of its log would keep it alive until another test."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    yield
    gc.collect()


@pytest.fixture
def key_arn(dynamodb: Any) -> str:
    """A key in moto, which `dynamodb` has started."""
    return str(aws_client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def cipher(key_arn: str) -> EnvelopeCipher:
    return EnvelopeCipher(key_arn)


def test_what_was_said_comes_back_to_its_owner(cipher: EnvelopeCipher) -> None:
    ciphertext = cipher.encrypt(MINE, SAID)
    assert cipher.decrypt(MINE, ciphertext) == SAID
    assert b"canary" not in ciphertext


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_a_ciphertext_that_was_moved_elsewhere_is_refused(
    cipher: EnvelopeCipher, other: EncryptionContext
) -> None:
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(other, cipher.encrypt(MINE, SAID))


def test_a_ciphertext_that_was_altered_or_cut_is_refused(cipher: EnvelopeCipher) -> None:
    whole = cipher.encrypt(MINE, SAID)
    wrong = [whole[:cut] for cut in (0, 40, len(whole) - 1)]
    for place in [*range(0, len(whole), 37), len(whole) - 1]:
        altered = bytearray(whole)
        altered[place] ^= 1
        wrong.append(bytes(altered))
    assert [text for text in wrong if not is_refused(cipher, text)] == []


def is_refused(cipher: EnvelopeCipher, ciphertext: bytes) -> bool:
    """Say whether nothing comes of it: the error may be the SDK's, KMS's or ours."""
    try:
        cipher.decrypt(MINE, ciphertext)
    except Exception as error:  # noqa: BLE001 - any but an answer
        return "canary" not in str(error)
    return False


def test_another_key_reads_nothing(cipher: EnvelopeCipher) -> None:
    other = EnvelopeCipher(str(aws_client("kms").create_key()["KeyMetadata"]["Arn"]))
    assert is_refused(other, cipher.encrypt(MINE, SAID))


def test_each_has_a_data_key_of_its_own_and_none_is_kept(
    cipher: EnvelopeCipher, monkeypatch: pytest.MonkeyPatch
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
