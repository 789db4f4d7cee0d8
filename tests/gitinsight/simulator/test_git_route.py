"""git clones what the simulated GitHub serves."""

from pathlib import Path

from gitinsight.simulator import git_repository
from gitinsight.simulator.serve import Simulated
from tests.support.git import GitRepository


def test_a_clone_has_every_branch_and_tag(
    simulated: Simulated, git_dir: Path, tmp_path: Path
) -> None:
    clone = GitRepository(tmp_path / "clone.git")
    url = simulated.clone_url.format(owner="synthetic-labs", name="aurora")

    clone.git("fetch", "--quiet", "--force", url, "+refs/*:refs/*")

    for kind in ("heads", "tags"):
        held = git_repository.refs(git_dir / "1" / "aurora.git", kind)
        assert git_repository.refs(clone.path, kind) == held
