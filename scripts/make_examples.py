"""Writes the files under examples/ from the month of the demo: python -m scripts.make_examples."""

from pathlib import Path

from app.cli.demo_ledger import files
from app.cli.demo_month import month
from app.cli.demo_roster import MEMBERS_FILE, members_text
from app.domain.register import shipped_register


def main() -> None:
    """Write each file and say so."""
    register = shipped_register()
    filings = month(register)
    made = {**files(filings), MEMBERS_FILE: members_text(filings, register)}
    for path, text in made.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", newline="\n")
        print(f"{path}: {len(text):,} characters")


if __name__ == "__main__":
    main()
