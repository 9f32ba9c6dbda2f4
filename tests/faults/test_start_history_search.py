"""A run and its successor on the wire: every story of the model, of which the unit tests tell a fifth."""

from __future__ import annotations

import pytest

from tests.support.start_history_model import holds_the_budget, stories


@pytest.mark.parametrize("sip_alone", [False, True], ids=["livekit", "sip alone"])
@pytest.mark.parametrize("dies", [False, True], ids=["hands over", "dies"])
@pytest.mark.parametrize("cps", [1, 2, 3, 4])
def test_no_second_on_the_wire_holds_more_than_the_budget_whoever_dials(
    cps: int, dies: bool, sip_alone: bool
) -> None:
    """Whenever the run ends or dies, and however long LiveKit hangs before, then and after."""
    for story in stories(sip_alone=sip_alone):
        holds_the_budget(cps, story, dies=dies)
