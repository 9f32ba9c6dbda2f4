#!/usr/bin/env python3
"""Check of new commits' subjects: `area: imperative`, at most 72 characters.

New are the commits since the merge base with the upstream branch, or since `COMMIT_BASE`. Without such a base
(a shallow clone, a checkout without a remote) there is nothing to compare with, and the check passes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

MAX_LENGTH = 72
SUBJECT = re.compile(r"[a-z][a-z0-9_./-]*(, [a-z][a-z0-9_./-]*)*: [a-z][^\s]*( .*)?[^.]")
NOT_IMPERATIVE = re.compile(r": \w+(?:ed|ing)\b")
IMPERATIVES = re.compile(r": (?:embed|exceed|feed|need|proceed|seed|shed|speed|bring|ping|ring|string)\b")
UPSTREAMS = ("@{upstream}", "origin/main")


def git(*args: str) -> str | None:
    """Run git; returns its output, or None where it fails."""
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our words
    return done.stdout.strip() if done.returncode == 0 else None


def fault_of(subject: str) -> str | None:
    """Say what is wrong with a subject, or None."""
    if len(subject) > MAX_LENGTH:
        return f"{len(subject)} characters, at most {MAX_LENGTH}"
    if not SUBJECT.fullmatch(subject):
        return "not of the form `area: imperative`"
    if NOT_IMPERATIVE.search(subject) and not IMPERATIVES.search(subject):
        return "not imperative (`add`, not `added` or `adding`)"
    return None


def base() -> str | None:
    """Find the commit that the new ones stand on."""
    if given := os.environ.get("COMMIT_BASE"):
        return git("rev-parse", "--verify", "--quiet", f"{given}^{{commit}}")
    found = (git("merge-base", "HEAD", upstream) for upstream in UPSTREAMS)
    return next((commit for commit in found if commit), None)


def main() -> int:
    start = base()
    subjects = git("log", "--no-merges", "--format=%h %s", f"{start}..HEAD") if start else None
    faults = []
    for line in (subjects or "").splitlines():
        commit, _, subject = line.partition(" ")
        if fault := fault_of(subject):
            faults.append(f"{commit}: {fault}: {subject}")
    print("\n".join(faults), end="\n" if faults else "")  # noqa: T201
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
