"""`python -m app COMMAND` is the command `yuebao COMMAND`."""

from app.cli import app

if __name__ == "__main__":
    app(prog_name="yuebao")
