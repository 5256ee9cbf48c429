"""docs/gallery.md shows every chart as the demo makes it, with the words that stand for it."""

import importlib.util
import re
from pathlib import Path

import pytest

from analysis import charts
from analysis.review import Review

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/gallery.md"
NO_CHARTS = {"Chart", "label_pretend", "picture", "png", "svg"}


@pytest.mark.slow
def test_the_gallery_is_what_the_demo_makes(demo_study):
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs/make_pictures.py")
    making = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(making)
    assert making.gallery(Review.of(demo_study, 2027)) == PAGE.read_text(encoding="utf-8")


def test_every_chart_is_in_the_gallery():
    shown = set(re.findall(r"`charts\.(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert shown == set(charts.__all__) - NO_CHARTS


def test_every_picture_of_the_gallery_is_there():
    pictures = re.findall(r"\((pictures/\S+)\)", PAGE.read_text(encoding="utf-8"))
    assert pictures and [one for one in pictures if not (PAGE.parent / one).is_file()] == []
