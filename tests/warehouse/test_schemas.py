"""Names of schemas, as they are called here and now."""

import pytest

from warehouse.schemas import NOW, Schemas

ASKED = "select n from raw.a join candidate.b using (n) join marts.c on c.raw = a.n -- raw"


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        (NOW, ASKED),
        (Schemas(made="bench1_"), ASKED.replace("candidate", "bench1_candidate")),
        (
            Schemas("past_", "past_"),
            ASKED.replace("candidate", "past_candidate").replace("raw.", "past_raw."),
        ),
    ],
)
def test_a_statement_is_over_the_schemas_that_are_meant(schemas: Schemas, expected: str) -> None:
    assert schemas.of(ASKED).decode() == expected


def test_what_is_held_and_what_is_made_lie_apart() -> None:
    schemas = Schemas(held="past_", made="bench1_")

    assert [schemas.named(one) for one in ("raw", "insights", "staging", "candidate")] == [
        "past_raw", "past_insights", "bench1_staging", "bench1_candidate",
    ]  # fmt: skip
