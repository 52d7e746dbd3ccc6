"""The command line (design section 9). Only light modules are imported before a command runs."""

from tracker.cli.app import app


def main() -> None:
    """The `tracker` command: exit 0 done, 1 refused with the reason, 2 wrong usage."""
    app(prog_name="tracker")
