"""How good source text is that somebody hands in: measured, never run, and not kept."""

from collections.abc import AsyncIterator, Iterator, Sequence
from importlib.metadata import version
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.requests import HTTPConnection

from api.auth import Reader
from gitinsight.code import linting
from gitinsight.code.facts import Measured, Severity, Source, Unmeasured
from gitinsight.code.linting import Said
from gitinsight.code.reading import Reader as CodeReader
from gitinsight.code.reading import Reading
from models import code_findings, code_health

router = APIRouter(tags=["ai"])
AT_ONCE = 1
"""There is one process that measures; whoever waits for it holds up nobody else."""
FILES, CHARACTERS, SHOWN = 100, 1_000_000, 200
_SECONDS = 10.0
_Name = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
_Text = Annotated[str, StringConstraints(max_length=CHARACTERS)]


class File(BaseModel):
    """The language is told by how the name ends."""

    model_config = ConfigDict(extra="forbid")

    filename: _Name
    code: _Text


class Code(BaseModel):
    """One text with its `filename`, or several `files`; a million characters together."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"filename": "a.py", "code": "def f(x):\n    eval(x)\n"}]},
    )

    filename: _Name | None = None
    code: _Text | None = None
    files: Annotated[list[File], Field(min_length=1, max_length=FILES)] | None = None

    @model_validator(mode="after")
    def _is_one_or_several(self) -> "Code":
        if (self.files is None) == (self.code is None) or (self.filename is None) != (
            self.code is None
        ):
            raise ValueError("give filename and code, or files")
        if len({one.name for one in self.sources}) < len(self.sources):
            raise ValueError("every file needs a name of its own")
        if sum(len(one.text) for one in self.sources) > CHARACTERS:
            raise ValueError(f"{CHARACTERS:,} characters together are the most")
        return self

    @property
    def sources(self) -> list[Source]:
        if self.files is not None:
            return [Source(one.filename, one.code) for one in self.files]
        return [Source(self.filename or "", self.code or "")]


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CodePenalty(_Told):
    """``points`` are taken off ten for ``value``."""

    name: str
    points: float
    value: float
    words: str


class CodeHealth(_Told):
    """From 10 to 1 by the formula of `docs/models/code-health.md`; null below 57 lines of code, of
    which nothing can be said.
    """

    score: float | None
    penalties: list[CodePenalty]


class RiskProfile(_Told):
    """Lines of code in functions by their complexity, and outside of functions."""

    ccn_1_to_5_nloc: int
    ccn_6_to_10_nloc: int
    ccn_11_to_25_nloc: int
    ccn_above_25_nloc: int
    outside_nloc: int


class CodeFunction(_Told):
    """``ccn`` is cyclomatic complexity; ``nesting`` how deep its blocks lie in each other."""

    name: str
    first_line: int
    last_line: int
    nloc: int
    ccn: int
    parameters_count: int
    nesting: int


class CodeFinding(_Told):
    line: int
    rule: str
    severity: Severity
    reason: str
    action: str
    url: str | None


class CodeSecret(_Told):
    """What looks like one; ``digest`` tells it from others, and its value is in no answer."""

    line: int
    kind: str
    digest: str


class AnalysedFile(BaseModel):
    """Where ``unmeasured`` says why, only lines and secrets are known. Of very many functions,
    findings and secrets the first are shown.
    """

    filename: str
    language: str | None
    unmeasured: Unmeasured | None
    lines_count: int
    nloc: int | None
    ccn: int | None
    health: CodeHealth
    risk_profile: RiskProfile | None
    functions_count: int | None
    functions: list[CodeFunction]
    findings_count: int
    findings: list[CodeFinding]
    secrets: list[CodeSecret]


class CodePlace(_Told):
    name: str
    first_line: int
    last_line: int


class CodeClone(_Told):
    lines_count: int
    first: CodePlace
    second: CodePlace


class CodeDuplication(_Told):
    """At least six lines in a row that read the same; of ``lines_count`` that say something."""

    lines_count: int
    duplicated_count: int
    clones: list[CodeClone]


class EngineVersions(BaseModel):
    """``ruff`` is null where it is not installed: then Python has no findings of it."""

    code_health: str
    lizard: str
    ruff: str | None


class AnalysedCode(BaseModel):
    """In the order of the files; ``functions`` are those that are over a bound."""

    files: list[AnalysedFile]
    duplication: CodeDuplication
    engine_versions: EngineVersions


async def _turn(connection: HTTPConnection) -> AsyncIterator[None]:
    turns: CapacityLimiter = connection.app.state.code_turns
    async with turns:
        yield


@router.post(
    "/ai/analyze-code", response_model=AnalysedCode,
    dependencies=[Depends(_turn, scope="function")],
)  # fmt: skip
def analyze_code(body: Code, request: Request, _: Reader) -> dict[str, Any]:
    """How complex, how healthy, what stands twice, and what to look at, with line, reason and what
    to do. Nothing of it is run, and nothing is kept.
    """
    reader: CodeReader = request.app.state.reader
    sources = body.sources
    reading = reader.read(sources, seconds=_SECONDS)
    return {
        "files": list(_files(sources, reading)),
        "duplication": reading.duplication,
        "engine_versions": {
            "code_health": code_health.DEFINITION, "lizard": version("lizard"),
            "ruff": version("ruff") if linting.engine() else None,
        },
    }  # fmt: skip


def _files(sources: Sequence[Source], reading: Reading) -> Iterator[dict[str, Any]]:
    said: list[Said] = reading.said or [[] for _ in sources]
    for source, one, about in zip(sources, reading.measured, said, strict=True):
        found = code_findings.all_of(one, about)
        yield {
            "filename": source.name, "language": one.language, "unmeasured": one.unmeasured,
            "lines_count": one.lines_count, **_measures(one),
            "functions": [f for f in one.functions if code_findings.is_over(f)][:SHOWN],
            "findings_count": len(found), "findings": found[:SHOWN],
            "secrets": one.secrets[:SHOWN],
        }  # fmt: skip


def _measures(one: Measured) -> dict[str, Any]:
    """Unknown is null, and never 0."""
    if one.unmeasured is not None:
        return {
            "nloc": None, "ccn": None, "functions_count": None, "risk_profile": None,
            "health": {"score": None, "penalties": []},
        }  # fmt: skip
    return {
        "nloc": one.nloc, "ccn": one.ccn, "functions_count": len(one.functions),
        "health": code_health.health(one.functions, one.nloc),
        "risk_profile": code_health.risk_profile(one.functions, one.nloc),
    }  # fmt: skip
