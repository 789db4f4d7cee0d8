"""The encoder of ``models.embeddings`` from its files, which the state directory holds.

The tensors are a ``safetensors`` file: a header in JSON, which says where each lies, and numbers;
reading it runs nothing.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from models.embeddings import Encoder, Singles

NAME = "embeddings"
TENSORS, VOCABULARY = "model.safetensors", "vocab.txt"
_LENGTH_BYTES = 8


@lru_cache(maxsize=1)
def encoder(state_dir: Path) -> Encoder:
    """Of this process, 90 MB; WeightsMissing where they are not held or not what they should be."""
    folder = weights.held(state_dir)
    return Encoder(
        tensors(weights.content(folder, TENSORS)), pieces(weights.content(folder, VOCABULARY))
    )


def tensors(content: bytes) -> Mapping[str, Singles]:
    """By name, those of numbers with a point."""
    try:
        length = int.from_bytes(content[:_LENGTH_BYTES], "little")
        header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
        numbers = memoryview(content)[_LENGTH_BYTES + length :]
        return {
            name: np.frombuffer(numbers[slice(*one["data_offsets"])], "<f4").reshape(one["shape"])
            for name, one in header.items()
            if one.get("dtype") == "F32"
        }
    except (ValueError, TypeError, KeyError) as error:
        raise WeightsMissing(
            weights.MINILM.requirement, f"{TENSORS} cannot be read: {error}"
        ) from error


def pieces(content: bytes) -> list[str]:
    """A piece a line; its number is that of the line."""
    return content.decode("utf-8").removesuffix("\n").split("\n")
