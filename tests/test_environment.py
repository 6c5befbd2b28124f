"""environment.yml, pyproject.toml and requirements.lock say the same. Whether conda can solve it is not tried here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# What conda-forge calls what PyPI calls otherwise.
CONDA = {"duckdb": "python-duckdb", "ibis-framework": "ibis-duckdb", "tzdata": "python-tzdata"}


def project() -> dict[str, Requirement]:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    both = [Requirement(r) for r in (*stated["dependencies"], *stated["optional-dependencies"]["dev"])]
    assert len({r.name for r in both}) == len(both)
    return {r.name: r for r in both}


def locked() -> dict[str, list[Requirement]]:
    out: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(("#", " ")):
            requirement = Requirement(line)
            out.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return out


def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def split(spec: str) -> tuple[str, str]:
    """Name and version of a conda or pip spec; `=4.6.*`, conda's way, in pip's: `==4.6.*`."""
    name, version = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*(.*)", spec).groups()
    return name, re.sub(r"^=(?=[^=])", "==", version)


def conda() -> dict[str, str]:
    return dict(split(d) for d in environment()["dependencies"] if isinstance(d, str))


def by_pip() -> list[str]:
    return next(d["pip"] for d in environment()["dependencies"] if isinstance(d, dict))


@pytest.mark.parametrize("requirement", project().values(), ids=lambda r: r.name)
def test_the_conda_environment_pins_what_the_project_pins(requirement):
    found = conda() | dict(split(p) for p in by_pip() if not p.startswith("-"))
    assert SpecifierSet(found[CONDA.get(requirement.name, requirement.name)]) == requirement.specifier


def test_the_conda_environment_asks_for_nothing_else():
    ours = {CONDA.get(name, name) for name in project()}
    assert set(conda()) - ours == {"python", "pip", "make"}
    assert {split(p)[0] for p in by_pip() if not p.startswith("-")} <= ours - set(conda())


def test_the_conda_environment_has_our_name_channel_python_and_package():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert environment()["name"] == stated["name"] == "opsreview"
    assert environment()["channels"] == ["conda-forge"]
    assert conda()["python"] == stated["requires-python"]
    assert by_pip()[-1] == "-e ."


@pytest.mark.parametrize("spec", [d for d in environment()["dependencies"] if isinstance(d, str)])
def test_a_conda_spec_means_what_it_says(spec):
    """`==4.6.*` is an exact `4.6` to conda, and `=1.2` a prefix: only the forms that both worlds read alike."""
    assert re.fullmatch(r"[a-z0-9_.-]+(=\d+(\.\d+)*\.\*|(>=\d+(\.\d+)*)(,<\d+(\.\d+)*)?)?", spec)


@pytest.mark.parametrize("requirement", project().values(), ids=lambda r: r.name)
def test_the_lock_satisfies_the_project(requirement):
    found = locked()[canonicalize_name(requirement.name)]
    for pinned in found:
        (version,) = [s for s in pinned.specifier if s.operator == "=="]
        assert requirement.specifier.contains(version.version, prereleases=True), f"{requirement} but locked {pinned}"


def test_the_lock_pins_everything_to_one_version():
    for requirements in locked().values():
        assert all([s.operator for s in r.specifier] == ["=="] for r in requirements)
        assert len(requirements) == 1 or all(r.marker for r in requirements)


def test_what_is_installed_is_what_is_locked():
    from importlib.metadata import version

    for name in project():
        pinned = [r for r in locked()[canonicalize_name(name)] if not r.marker or r.marker.evaluate()]
        assert [version(name)] == [next(iter(r.specifier)).version for r in pinned]
