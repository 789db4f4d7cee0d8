"""Trains the model of accounts that this package carries: `make train`. As in ``training``, new
weights take the place of the old ones only where they are not worse on what is held out.
"""

import sys
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.gold import FOLDER
from flows.steps.labelled import accounts
from gitinsight import clock
from gitinsight.cards.catalogue import Card, DataSet, Measurement, cards
from gitinsight.errors import BrokenEnvironment
from models.actors_training import Labelled, said, split, train
from models.actors_weights import NAME, packed, unpacked
from models.comparison import difference, f1, is_worse

_TITLE = "Labelled accounts of GitHub (BIMBAS): names and activities"
_SOURCE = "Chidambaram, Decan, Mens: natarajan-chidambaram/BIMBAS_RABBIT_replication_package"
_LICENCE = "none stated for the data, which is not in the package; the weights hold no login"
_WORDS = """How likely an account is a program, by its name and by how it is active in a repository:
an additive logistic model, so that each verdict tells what spoke for it."""
_LIMITS = (
    "The labelled accounts were measured over all their public repositories; here one is seen.",
    "Fewer than 10 activities in 90 days tell nothing, and neither does half a repository.",
    "Half of the labelled accounts are programs; a tenth is assumed where it is used.",
    "Their names are in lower case, and humans named like bots were chosen on purpose.",
    "People who act at set times or in one way look like programs, and agents like people.",
)


def main(folder: Path = ROOT, *, data: Path = FOLDER) -> int:
    """0 where the weights in the folder are the best that are known, 75 without the data."""
    try:
        labelled, held_out = split(accounts(data))
    except BrokenEnvironment as missing:
        print(f"nothing is trained: {missing}")
        return 75
    content = packed(train(labelled))
    weights, held = folder / "models" / "weights" / f"{NAME}.npz", cards().get(NAME)
    new = said(unpacked(content), held_out)
    if held is not None and weights.is_file():
        old = said(unpacked(weights.read_bytes()), held_out)
        change = difference(new, old, held_out.labels, (1,))
        if is_worse(change):
            print(f"{held.definition} stays: the new weights are worse, F1 {change}")
            return 1
        if sha256(content).hexdigest() == held.sha256:
            print(f"{held.definition} stays: training gives the same again")
            return 0
    card = described(content, labelled, held_out, version=held.version + 1 if held else 1)
    weights.write_bytes(content)
    text = card.model_dump_json(indent=2) + "\n"
    (folder / "gitinsight" / "cards" / f"{NAME}.json").write_text(text, "utf-8")
    for one in card.metrics:
        print(f"{one.name} on {one.test}: {one.value} ({one.low} to {one.high})")
    return 0


def described(content: bytes, labelled: Labelled, held_out: Labelled, *, version: int) -> Card:
    score = f1(said(unpacked(content), held_out), held_out.labels, (1,))
    return Card(
        id=NAME, version=version, title="Accounts that are programs",
        words=" ".join(_WORDS.split()), trained_on=clock.now().date(),
        sha256=sha256(content).hexdigest(), size_bytes=len(content),
        data=tuple(
            DataSet.model_validate(
                {
                    "name": _TITLE, "source": _SOURCE, "licence": _LICENCE,
                    "texts_count": len(one.logins), "use": use,
                }
            )
            for use, one in (("training", labelled), ("test", held_out))
        ),
        metrics=(
            Measurement(
                name="F1", test="held out", value=round(score.value, 4), low=round(score.low, 4),
                high=round(score.high, 4),
            ),
        ),
        limits=_LIMITS, document=f"docs/models/{NAME}.md",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
