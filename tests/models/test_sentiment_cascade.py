"""What is easy is told by the fast model, what is hard by both."""

from collections.abc import Sequence

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from models import sentiment
from models.embeddings import Batch, Encoder, Singles
from models.sentiment_cascade import EASY, Cascade, Tuned, probabilities, read, score
from models.sentiment_weights import shipped
from tests.support.encoders import VOCABULARY, small_tensors

ENCODER = Encoder(small_tensors(), VOCABULARY)
HEAD = np.random.default_rng(4).normal(0, 0.05, (384, 3)).astype(np.float32)
TUNED = Tuned(ENCODER.layers[1:], HEAD, np.zeros(3, dtype=np.float32))
CASCADE = Cascade(shipped(), TUNED, ENCODER)
EASY_TEXT = "This is awesome, thank you so much!"
HARD = ["the window crash", "Hm fine", "Hm bug", "not sure this is good"]


def fast(texts: Sequence[str]) -> sentiment.Floats:
    return sentiment.probabilities(shipped(), texts)


def test_where_the_fast_model_is_sure_it_alone_is_asked() -> None:
    texts = [HARD[0], EASY_TEXT, *HARD[1:]]
    quick, found = fast(texts), probabilities(CASCADE, texts)

    assert (quick.max(axis=1) >= EASY).tolist() == [False, True, False, False, False]
    assert np.array_equal(found[1], quick[1])
    assert not np.isclose(found[[0, 2, 3, 4]], quick[[0, 2, 3, 4]]).all(axis=1).any()


def test_elsewhere_it_is_the_mean_of_both() -> None:
    expected = (fast(HARD) + read(ENCODER, TUNED, HARD)) / 2

    assert np.allclose(probabilities(CASCADE, HARD), expected, atol=1e-6)


class Watched(Encoder):
    """Knows how many threads multiplied while it was asked."""

    def embedded(self, batch: Batch) -> Singles:
        self.threads = {
            one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"
        }
        return super().embedded(batch)


def test_no_other_thread_waits_for_its_part() -> None:
    watched = Watched(small_tensors(), VOCABULARY)
    with threadpool_limits(2, "blas"):
        read(watched, TUNED, HARD)

    assert watched.threads == {1}


def test_what_cannot_be_read_is_not_scored_and_company_does_not_matter() -> None:
    said = score(CASCADE, ["Das ist nicht gut und wird nie", *HARD, "```x```"])
    alone = [score(CASCADE, [text])[0] for text in HARD]

    assert (said[0].unscored_reason, said[-1].unscored_reason) == ("not_english", "no_words")
    for one, other in zip(said[1:-1], alone, strict=True):
        assert one.negative_ratio == pytest.approx(other.negative_ratio, abs=1e-4)


def test_without_texts_there_is_nothing() -> None:
    assert score(CASCADE, []) == []
    assert probabilities(CASCADE, [EASY_TEXT]).shape == (1, 3)
