"""Runs one command in this process."""

import typer


def run(app, capsys, *arguments) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    try:
        code = app([str(argument) for argument in arguments], standalone_mode=False) or 0
    except typer.Exit as stopped:
        code = stopped.exit_code
    captured = capsys.readouterr()
    return code, captured.out, captured.err
