"""Five packages with common names live in one distribution: that it stays safe is checked here."""

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.support.checkout import PACKAGES, ROOT, sources

_DEPENDENCIES = {
    re.split(r"[^\w.-]", one)[0]
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    return Path(next(iter(WheelBuilder(str(ROOT)).build(directory=str(target)))))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_dependency_ships_one_of_our_names(package: str) -> None:
    owners = packages_distributions().get(package, ["gitinsight"])

    assert set(owners) <= {"gitinsight"}


def test_no_module_of_ours_is_named_like_a_dependency() -> None:
    owners = packages_distributions()
    foreign = {name for name in owners if _DEPENDENCIES & set(owners[name])}
    ours = {path.stem for path in sources() if path.parent.name in PACKAGES}

    assert ours & foreign == set()


@pytest.mark.parametrize("folder", ["dbt", "tests"])
def test_folders_that_are_no_packages_stay_none(folder: str) -> None:
    """An ``__init__.py`` in dbt/ would hide dbt itself."""
    found = list((ROOT / folder).rglob("__init__.py"))

    assert found == []


def test_the_wheel_carries_everything_that_runs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    roots = {name.split("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == set(PACKAGES)
    assert "flows/dbt_project/dbt_project.yml" in names
    assert "gitinsight/github/queries/pull_requests.graphql" in names
    assert "gitinsight/metrics/bus_factor.yml" in names
    for model in ("sentiment", "sentiment-cascade"):
        assert {f"gitinsight/cards/{model}.json", f"models/weights/{model}.npz"} <= names
    assert "warehouse/migrations/versions/0001_first_tables.py" in names


def test_the_wheel_carries_the_dashboard_where_it_is_built(wheel: Path) -> None:
    if not (ROOT / "api" / "web" / "index.html").exists():
        pytest.skip("the dashboard is not built here: make web")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    built = [path for path in (ROOT / "api" / "web").rglob("*") if path.is_file()]
    assert {path.relative_to(ROOT).as_posix() for path in built} <= names


def test_the_wheel_imports_from_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    site = next(environment.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    dependencies = Path(pytest.__file__).parents[1]
    code = (
        f"import sys; sys.path.append({str(dependencies)!r})\n"
        "import api.app, flows.project as one, gitinsight, models.bus_factor\n"
        f"assert one.DIRECTORY.is_relative_to({str(site)!r}), one.DIRECTORY\n"
        "assert (one.DIRECTORY / 'dbt_project.yml').is_file()\n"
    )

    done = subprocess.run(
        [environment / "bin" / "python", "-I", "-c", code],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert sys.version_info >= (3, 11)
