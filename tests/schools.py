"""The demo school with another study.yaml."""

from pathlib import Path

import yaml

from survey import simulate
from survey.pull import pull
from survey.study import Study

DEMO = Path(__file__).parent.parent / "data/demo/study.yaml"


def planned(folder: Path, change=lambda settings: None) -> Path:
    """The study file of the demo, changed, in a folder; nothing is imported."""
    settings = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    change(settings)
    (folder / "study.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return folder


def school(folder: Path, change=lambda settings: None) -> Study:
    """The same, its pretend answers imported."""
    study = Study.open(planned(folder, change))
    simulate.write(study)
    pull(study)
    return study


def only_the_first(settings) -> None:
    """The first year: the later waves are planned, and not held yet."""
    for wave in settings["waves"][1:]:
        del wave["source"]


def nothing_held(settings) -> None:
    for wave in settings["waves"]:
        del wave["source"]


def everything_hidden(settings) -> None:
    """Every base is too small to be shown."""
    settings.update(smallest_base=500)
