# SPDX-License-Identifier: Apache-2.0
"""The command line. Payload on stdout, talk on stderr; errors are one line, with an exit code each.

Exit codes: 0 done and true; 1 unexpected; 2 usage or input; 3 a record, journal or proof does not
hold; 4 chain or node; 5 refused by the registry; 6 keystore; 7 the code on chain is another one.
"""

from __future__ import annotations

import sys

import click

from muniment import __version__
from muniment.cli.contract import contract
from muniment.errors import MunimentError


@click.group()
@click.version_option(__version__)
def commands() -> None:
    """Muniment: records of government agencies, signed, ordered and provable."""


commands.add_command(contract)


def main() -> None:
    """Run a command; every error of ours ends here, on stderr, with its exit code."""
    try:
        commands()
    except MunimentError as error:
        click.echo(f"error: {error.diagnostics()}", err=True)
        sys.exit(error.exit_code)
