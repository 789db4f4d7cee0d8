"""What trained models say over HTTP."""

import subprocess
import sys

import httpx2
import pytest

from api.ai import LETTERS, TEXTS
from gitinsight.cards.catalogue import card, cards

SENTIMENT = "/api/v1/ai/sentiment"


def test_texts_are_answered_in_their_order(reading: httpx2.Client) -> None:
    texts = ["This is awesome, thank you!", "I hate this mess", "```x```", "Das ist nicht und wird"]
    found = reading.post(SENTIMENT, json={"texts": texts}).json()

    assert [one["label"] for one in found["data"]] == ["positive", "negative", None, None]
    assert [one["unscored_reason"] for one in found["data"]] == [
        None, None, "no_words", "not_english",
    ]  # fmt: skip
    assert sum(value for value in list(found["data"][0].values())[1:4]) == pytest.approx(
        1, abs=1e-3
    )
    assert found["model"] == card("sentiment").definition


@pytest.mark.parametrize(
    "body",
    [{"texts": []}, {"texts": ["x"] * (TEXTS + 1)}, {"texts": ["x" * (LETTERS + 1)]},
     {"texts": [1]}, {"texts": ["x"], "person": "ann"}, {"texts": ["x"], "mode": "slow"}, {}],
    ids=["none", "many", "long", "number", "other", "mode", "empty"],
)  # fmt: skip
def test_what_is_too_much_or_no_text_is_not_valid(
    reading: httpx2.Client, body: dict[str, object]
) -> None:
    assert reading.post(SENTIMENT, json=body).status_code == 422


def test_where_the_cascade_has_no_weights_that_is_said(reading: httpx2.Client) -> None:
    found = reading.post(SENTIMENT, json={"texts": ["Nice"], "mode": "cascade"})

    assert (found.status_code, found.json()["type"]) == (
        503, "urn:gitinsight:problem:weights-missing",
    )  # fmt: skip
    assert "gitinsight models fetch" in found.json()["detail"]
    fast = reading.post(SENTIMENT, json={"texts": ["Nice"], "mode": "fast"}).json()
    assert fast["model"] == card("sentiment").definition


def test_every_model_says_how_good_it_is(reading: httpx2.Client) -> None:
    models = {one["definition"]: one for one in reading.get("/api/v1/models").json()["data"]}

    assert list(models) == [one.definition for one in cards().values()]
    for told in (card("sentiment"), card("sentiment-cascade")):
        model = models[told.definition]
        assert model["sha256"] == told.sha256
        assert [one["value"] for one in model["metrics"]] == [one.value for one in told.metrics]
        assert model["trained_on"] == told.trained_on.isoformat()
        assert model["limits"]


def test_importing_the_api_loads_no_model() -> None:
    loaded = subprocess.run(
        [
            sys.executable, "-c",
            ("import sys, api.app, api.serve; print([one for one in sys.modules"
             " if one.startswith(('models.sentiment', 'models.embeddings', 'models.actors',"
             " 'numpy', 'scipy', 'vaderSentiment'))])"),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert loaded.stdout.strip() == "[]"
