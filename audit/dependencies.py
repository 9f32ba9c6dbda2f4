"""Known vulnerabilities of the locked dependencies: pip-audit asks PyPI, npm asks its registry.

Both need the advisory service of the registry. A mirror of packages alone has none; then this fails, and does
not say that all is well.
"""

from __future__ import annotations

from audit.tools import NPM, ROOT, AuditFailed, python_tool, run

LOCKS = (
    "layers/dependencies/requirements.lock",
    "layers/encryption/requirements.lock",
    "requirements/dev.lock",
    "requirements/emulator.lock",
    "requirements/audit.lock",
    "requirements/docs.lock",
)
NPM_FOLDERS = (".", "audit", "dashboard", "clients/typescript")
_STRICT = ("--disable-pip", "--require-hashes", "--no-deps", "--strict", "--progress-spinner", "off")
"""`--strict`: what could not be looked up is a failure."""


def check() -> None:
    """Ask for every lock file.

    Raises:
        AuditFailed: a dependency is vulnerable, or could not be looked up.
    """
    failed = []
    for lock in LOCKS:
        failed += _failure(f"pip-audit {lock}", python_tool("pip-audit", *_STRICT, "-r", lock), ".")
    for folder in NPM_FOLDERS:
        failed += _failure(f"npm audit {folder}", [*NPM, "audit", "--audit=true"], folder)
    if failed:
        raise AuditFailed("\n".join(failed))


def _failure(name: str, command: list[str], folder: str) -> list[str]:
    try:
        run(command, folder=ROOT / folder)
    except AuditFailed as failure:
        return [f"{name}: {failure}"]
    return []
