"""What the commands share."""

import pytest

from flows.command import read_settings, warehouse
from gitinsight.settings import Settings, as_environment
from warehouse.migrate import differences


def test_a_command_gets_a_warehouse_that_is_up_to_date(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)

    with warehouse() as (told, engine):
        assert told.warehouse_url == settings.warehouse_url
        assert differences(engine) == []
        pool = engine.pool
    assert pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_setting_that_is_none_stops_a_command_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITINSIGHT_LOG_LEVEL", "loud")

    with pytest.raises(ValueError, match="log_level"):
        read_settings()
