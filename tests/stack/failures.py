"""The hook that adds to a failing test's report what its calls and the functions did."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.support.failure_report import failure_sections


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the calls of the test's tenants and the log lines of its time."""
    report = yield
    if report.failed and report.when != "teardown":
        try:
            report.sections += failure_sections(item)
        except Exception as error:  # noqa: BLE001 - a stack that is down must not hide why the test failed
            report.sections.append(("calls and logs", f"could not be read: {error!r}"))
    return report
