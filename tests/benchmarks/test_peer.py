"""Each peer has a program that drives it, and exactly one pinned version."""

import pytest

from benchmarks.peer import PEERS, Peer


@pytest.mark.parametrize("peer", PEERS, ids=lambda one: one.name)
def test_a_peer_is_pinned_and_can_be_started(peer: Peer) -> None:
    lines = peer.requirements.read_text("utf-8").splitlines()

    assert peer.script.is_file()
    assert peer.version
    assert [line for line in lines if "==" not in line] == []


def test_a_peer_that_is_not_pinned_has_no_version() -> None:
    unknown = Peer("another", "another-package", PEERS[0].reader)

    with pytest.raises(LookupError):
        _ = unknown.version
