"""What lies in the tree of a commit, and what is in its files: read from a mirror as it comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitinsight.errors import MirrorBroken
from gitinsight.git.mirror import Mirror, Output

_CHUNK = 1 << 16
_FILES = (b"100644", b"100755", b"100664")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file; links and submodules are none. A path that is no UTF-8 has its odd bytes replaced."""

    path: str
    blob_id: str
    size: int


def entries(mirror: Mirror, commit: str) -> Iterator[Entry]:
    """Every file of the tree, by path."""
    with (
        mirror.scratch() as nothing,
        mirror.stream("ls-tree", "-r", "-z", "-l", "--full-tree", commit, told=nothing) as output,
    ):
        rest = b""
        while chunk := output.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\0")
            for line in lines:
                facts, _, path = line.partition(b"\t")
                mode, _, blob_id, size = facts.split()
                if mode in _FILES:
                    yield Entry(path.decode("utf-8", "replace"), blob_id.decode(), int(size))


def contents(mirror: Mirror, blob_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Each blob with its bytes, one at a time in memory."""
    with mirror.scratch() as told:
        told.writelines(f"{one}\n".encode() for one in blob_ids)
        if told.tell() == 0:
            return
        told.seek(0)
        with mirror.stream("cat-file", "--batch", told=told) as output:
            reader = _Reader(output)
            while head := reader.line():
                blob_id, *facts = head.split()
                if len(facts) < 2:  # noqa: PLR2004 - its kind and its size, else "missing"
                    raise MirrorBroken(str(mirror.path), head.decode("ascii", "replace").strip())
                yield blob_id.decode(), reader.exactly(int(facts[1]))
                reader.exactly(1)  # the end of the line that follows it


class _Reader:
    def __init__(self, output: Output) -> None:
        self._output = output
        self._rest = b""

    def line(self) -> bytes:
        """Empty at the end."""
        while b"\n" not in self._rest:
            if not (chunk := self._output.read(_CHUNK)):
                return b""
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def exactly(self, size: int) -> bytes:
        parts, held = [self._rest[:size]], min(size, len(self._rest))
        self._rest = self._rest[size:]
        while held < size:
            chunk = self._output.read(min(_CHUNK, size - held))
            parts.append(chunk)
            held += len(chunk)
        return b"".join(parts)
