"""docs/statistics.md names calls that exist, and every public call is named there."""

import importlib
import re
from pathlib import Path

import pytest

import analysis

PAGE = (Path(__file__).resolve().parents[1] / "docs/statistics.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(analysis\.[\w.]+)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_call_exists_and_has_a_docstring(name):
    module, call = name.rsplit(".", 1)
    assert getattr(importlib.import_module(module), call).__doc__


def test_every_public_call_is_named():
    ours = {f"analysis.{name}" for name in analysis.__all__} - {"analysis.COLUMNS", "analysis.Design"}
    assert ours <= set(NAMED)
