"""Writes the pictures of the readme: python -m scripts.make_screenshots [ADDRESS] while a demo runs.

Run the demo's four commands first, so that the board shows a reconciliation, and a mismatch its records.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PICTURES = Path("docs/images")
WIDTH, HEIGHT = 1280, 900


def main(address: str) -> None:
    """The upper part of the board and of the mismatches, once in each language, and one mismatch in Chinese."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for language in ("zh", "en"):
            for name in ("board", "mismatches"):
                page.goto(f"{address}/demo/{name}?lang={language}")
                picture = PICTURES / f"{name}-{language}.png"
                page.screenshot(path=picture)
                print(f"{picture}: {picture.stat().st_size // 1024} KiB")
        page.goto(f"{address}/demo/mismatches?lang=zh&unit=440606")
        page.click("td a")
        page.screenshot(path=PICTURES / "mismatch-zh.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:8000"])
