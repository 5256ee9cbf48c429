"""What must never be in an error, a log, an output or the repository: addresses, codes that people made up, keys."""

from __future__ import annotations

import re

CODES = ("LE0512", "TR1290", "HO0101", "MA1234", "QU7777")  # of the people in the tests, in any spelling
FORMS = {
    "an e-mail address": re.compile(r"[\w.+-]{1,64}@(?!(?:[\w-]+\.)*gserviceaccount\.com)(?:[\w-]{1,63}\.)+\w{2,}"),
    "a code": re.compile("|".join(rf"\b{code[:2]}[ -]?{code[2:4]}[ -]?{code[4:]}\b" for code in CODES), re.IGNORECASE),
    "a private key": re.compile(r"BEGIN (?:RSA )?PRIVATE KEY|MII[A-Za-z0-9+/]{40}"),
    "a token": re.compile(r"ya29\.[\w-]{8}|1//[\w-]{8}|GOCSPX-[\w-]{8}|Bearer [\w.-]{8}"),
}


def leaks(text: str) -> list[str]:
    """What of all this stands in a text; an account's own address, with which sheets are shared, is no secret."""
    return [f"{what}: {found[0]}" for what, form in FORMS.items() if (found := form.search(text))]
