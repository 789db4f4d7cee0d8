"""What git is told, whoever calls."""

import pytest

from gitinsight.git.environment import environment


def test_git_is_not_pointed_at_a_repository_of_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/somewhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/somewhere/.git/index")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")

    told = environment(GIT_TERMINAL_PROMPT="0")

    assert told.keys().isdisjoint({"GIT_DIR", "GIT_INDEX_FILE"})
    assert (told["GIT_SSH_COMMAND"], told["GIT_TERMINAL_PROMPT"]) == ("ssh -i key", "0")
