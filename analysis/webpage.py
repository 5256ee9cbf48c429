"""A page of HTML that needs nothing beside it: no script, no address, and what is written in it is never read as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from survey.errors import spoken

HERE = Path(__file__).parent


def page(title: str, main: str) -> str:
    """The whole page, for a phone, a screen and A4. main: HTML, as `part` gives it."""
    return part("webpage.html", title=title, main=main, language=spoken(), style=style())


def part(template: str, **values: Any) -> str:
    """A template beside this module, filled in: every value is escaped, unless the template calls it safe."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string((HERE / template).read_text(encoding="utf-8")).render(**values)


def style() -> str:
    """The house's style sheet; all its rules are below the class kss."""
    return (HERE / "house.css").read_text(encoding="utf-8")
