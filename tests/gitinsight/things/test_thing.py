"""What a declaration says of itself."""

import pytest

from gitinsight.things.thing import Reading, Thing


@pytest.mark.parametrize("reading", Reading)
def test_a_table_is_named_for_where_its_rows_come_from(reading: Reading) -> None:
    thing = Thing("notes", reading)

    assert thing.table == ("git_notes" if reading is Reading.GIT else "github_notes")
