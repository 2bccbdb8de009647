"""Days to be left out of a comparison, as written on the command line."""

from __future__ import annotations

import pytest

from agent.cli.exclusions import excluded_days
from kpi.claims import ExcludedDay
from model.errors import ConfigError


def test_days_come_by_date() -> None:
    assert excluded_days(["2026-10-09=force_majeure", "2026-10-01=holiday"]) == (
        ExcludedDay("2026-10-01", "holiday"),
        ExcludedDay("2026-10-09", "force_majeure"),
    )
    assert excluded_days([]) == ()


@pytest.mark.parametrize(
    "texts",
    [
        ["2026-10-01"],
        ["2026-10-01="],
        ["2026-10-01=bad weather"],
        ["2026-13-01=holiday"],
        ["20261001=holiday"],
        ["2026-10-01=holiday", "2026-10-01=force_majeure"],
    ],
)
def test_anything_else_is_refused_with_the_words_that_are_known(texts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        excluded_days(texts)
    assert "force_majeure, holiday, registered_stop" in caught.value.en
    assert "不是可剔除的日期" in caught.value.zh
