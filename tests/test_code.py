"""Style and types, checked where everything else is checked."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def said_by(*arguments: str) -> str:
    """What a checker that finds something says; nothing when it finds nothing."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, encoding="utf-8")
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_finds_nothing():
    assert said_by("ruff", "check", "--output-format", "concise", ".") == ""


def test_mypy_finds_nothing():
    assert said_by("mypy") == ""
