"""The check of commit subjects."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CHECK = Path(__file__).resolve().parents[2] / ".ci" / "check_commits.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_commits", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "subject", ["batches: record progress in one helper", "agent_api: ping first", "docs/adr, adr: add 0022"]
)
def test_a_subject_of_area_and_imperative_passes(check: ModuleType, subject: str) -> None:
    assert check.fault_of(subject) is None


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("Figures of schedules and batches", "form"),
        ("batches: Record progress", "form"),
        ("batches: record progress.", "form"),
        ("batches: recorded progress", "imperative"),
        ("batches: recording progress", "imperative"),
        ("batches: " + "x" * 64, "73 characters"),
    ],
)
def test_another_subject_is_refused_with_its_fault(check: ModuleType, subject: str, fault: str) -> None:
    assert fault in (check.fault_of(subject) or "")


def git(folder: Path, *args: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True)  # noqa: S607 - a test


def run_check(folder: Path, base: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "COMMIT_BASE": base}
    return subprocess.run(
        [sys.executable, str(CHECK)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_only_commits_after_the_base_are_checked(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "--allow-empty", "-qm", "An old subject")
    git(tmp_path, "commit", "--allow-empty", "-qm", "docs: add a page")
    assert run_check(tmp_path).returncode == 0, "there is no base: nothing to compare with"
    assert run_check(tmp_path, "HEAD~1").returncode == 0
    git(tmp_path, "commit", "--allow-empty", "-qm", "Another page")
    refused = run_check(tmp_path, "HEAD~2")
    assert refused.returncode == 1
    assert "Another page" in refused.stdout
