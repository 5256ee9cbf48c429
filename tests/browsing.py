"""axe-core's word on a page."""


def axe(page) -> list[str]:
    """Serious and critical faults that axe-core finds (WCAG 2 A and AA among them)."""
    from axe_playwright_python.sync_playwright import Axe

    # a page's own rule lets no script in; axe is put there by the browser itself
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]
