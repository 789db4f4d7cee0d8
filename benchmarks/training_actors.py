"""Trains the model of accounts that this package carries: `make train`. New weights take the place
of the old ones only where an installation that trains for itself would use them, too.
"""

import sys
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import ROOT
from benchmarks.gold import FOLDER
from flows.steps.labelled import accounts
from flows.steps.retraining import MODELS, compared
from gitinsight import clock
from gitinsight.cards.catalogue import Card, DataSet, Measurement, cards
from gitinsight.errors import BrokenEnvironment
from models.actors_training import Labelled, said, split
from models.actors_weights import NAME, unpacked
from models.comparison import f1

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
    weights = folder / "models" / "weights" / f"{NAME}.npz"
    held, model = cards().get(NAME), MODELS[NAME]
    old = weights.read_bytes() if weights.is_file() else b""
    content = model.train(data, old)
    if held is not None and old:
        if sha256(content).hexdigest() == held.sha256:
            print(f"{held.definition} stays: training gives the same again")
            return 0
        is_good, verdict = compared(model, model.judge(data, content), model.judge(data, old))
        if not is_good:
            print(f"{held.definition} stays: {verdict}")
            return 1
        print(verdict)
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
