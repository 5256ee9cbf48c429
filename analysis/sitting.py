"""A notebook's sitting with a study: its review, or words on what is missing, after which the cells below have nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython import get_ipython

from analysis.review import Review
from survey.errors import Text, UserError
from survey.study import Study

ALWAYS = ("khao_sat", "review_of(", "attempted(", "import ")  # in cells that may be run again whatever was missing


def attempted(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a call gives; None where it cannot be had, after the person has been told what to do."""
    go_on()
    try:
        return call(*arguments, **named)
    except UserError as error:
        stop(error)
        return None


def review_of(study: Study, wave: int | None = None) -> Review | None:
    """The review of a study's wave; None where it has no answers yet, and the person has been told what to do."""
    return attempted(Review.of, study, wave)


def stop(error: UserError) -> None:
    """Say what is missing, and let every cell below pass without a word until the study is opened again."""
    print(error)
    print()
    print(Text("Các ô bên dưới chưa có gì để xem. Làm xong bước trên thì chạy lại sổ này từ đầu.",
               "The cells below have nothing to show yet. When that is done, run this notebook again from the top."))  # fmt: skip
    if shell := get_ipython():
        shell.input_transformers_cleanup.append(_passed_over)


def go_on() -> None:
    """Let cells run again."""
    if shell := get_ipython():
        hooks = shell.input_transformers_cleanup
        hooks[:] = [hook for hook in hooks if getattr(hook, "__name__", "") != _passed_over.__name__]


def _passed_over(lines: list[str]) -> list[Any]:
    return lines if any(words in line for line in lines for words in ALWAYS) else []
