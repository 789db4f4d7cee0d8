"""What is written from the definitions, and that a formula keeps its number only unchanged."""

import pytest

from gitinsight.metrics import documents
from gitinsight.metrics.catalogue import Metric, metric

NOW = metric("issue-first-response")
KNOWN = documents.fingerprints([NOW])


def changed(formula: str) -> Metric:
    return NOW.model_copy(update={"formula": formula})


def test_every_version_has_a_fingerprint_of_its_own() -> None:
    assert list(KNOWN) == ["issue-first-response@1", "issue-first-response@2"]
    assert len(set(KNOWN.values())) == 2


def test_space_and_comments_make_no_other_formula() -> None:
    same = changed("select repository_id, issue_first_response_p50_hours -- hours\n   as value\n"
                   "from marts.repository_summary\n")  # fmt: skip

    assert documents.fingerprint(same) == documents.fingerprint(NOW)


def test_a_lock_is_read_as_it_was_written() -> None:
    assert documents.read_lock(documents.lock({}, [NOW])) == KNOWN


def test_what_is_new_is_added_to_the_lock() -> None:
    first = {"issue-first-response@1": KNOWN["issue-first-response@1"]}

    assert documents.read_lock(documents.lock(first, [NOW])) == KNOWN


def test_a_formula_that_changes_under_its_number_is_refused() -> None:
    other = changed("select repository_id, 1 as value from marts.repository_summary")

    with pytest.raises(ValueError, match="issue-first-response@2 is another one or gone: put it"):
        documents.lock(KNOWN, [other])


def test_a_version_that_is_gone_is_refused() -> None:
    with pytest.raises(ValueError, match="issue-first-response@1 is another one or gone"):
        documents.lock(KNOWN, [NOW.model_copy(update={"earlier": ()})])


def test_a_block_is_the_words_of_a_metric_that_a_column_holds() -> None:
    text = documents.doc_blocks([NOW, metric("closure-ratio")])

    block = f"{{% docs metric_issue_first_response %}}{NOW.words}{{% enddocs %}}"
    assert block in text
    assert "closure" not in text


def test_the_page_tells_every_version_and_why_it_is_there() -> None:
    text = documents.page([NOW])

    assert "| [issue-first-response](#issue-first-response) | 2 | hours |" in text
    assert NOW.words in text
    assert all(case in text for case in NOW.edge_cases)
    assert all(line in text for one in NOW.versions for line in one.formula.splitlines())
    assert f"Version 1: {NOW.earlier[0].words}" in text
