"""The command `yuebao`, also as `python -m app`; without the service's packages it says what is missing."""

import sys

try:
    from app.cli import app
except ModuleNotFoundError as error:
    if (error.name or "app").partition(".")[0] == "app":
        raise
    sys.exit(
        f"缺少 {error.name}。命令行与服务请安装：pip install 'yuebao[service]'；否则只能在 Python 中用 app.reconcile\n"
        f"{error.name} is missing. Command line and service: pip install 'yuebao[service]'; app.reconcile works without"
    )


def main() -> None:
    """Run the command line with the arguments of this process."""
    app(prog_name="yuebao")


if __name__ == "__main__":
    main()
