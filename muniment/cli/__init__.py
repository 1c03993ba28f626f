# SPDX-License-Identifier: Apache-2.0
"""The command line. Payload on stdout, talk on stderr, exit codes as in `exit_codes.py`.

A command's module is imported when the command is used, so that `muniment verify` loads neither a
chain nor a database.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from muniment import __version__
from muniment.cli.exit_codes import ExitCode
from muniment.cli.file_trouble import trouble_with_file
from muniment.errors import MunimentError

_COMMANDS: Final = {
    "accept": ("custody", "Accept custody that was offered to this agency, with its content."),
    "account": ("account", "Officers who may sign in at the gateway."),
    "agency": ("agency", "Officers of the agency, and replacements of its admin."),
    "amend": ("write", "Give a record its next version of content."),
    "audit": ("audit", "Audit a whole journal against the chain, on Spark."),
    "backup": ("backups", "Back up database, keys or vault, each in a place of its own."),
    "catalogue": ("exchange", "Which agencies keep what, and who may ask for it."),
    "archive": ("archive", "Hand records over to an archive, as a BagIt bag."),
    "certificate": ("certificate", "That a record was disposed of, and what was destroyed."),
    "contract": ("contract", "The contracts on chain."),
    "correction": ("correction", "What a recipient says is wrong in a record."),
    "custody": ("handovers", "Hand-overs of custody with its content, and the copies of it."),
    "decline": ("custody", "Decline custody that was offered to this agency."),
    "deliver": ("exchange", "Write a delivery of records under a share."),
    "dispose": ("disposition", "Destroy a record after its retention: two officers decide."),
    "evidence": ("evidence", "Write the evidence file of a record."),
    "fetch": ("between", "Fetch what another agency's gateway has for this one."),
    "find": ("read", "Find records."),
    "fsck": ("upkeep", "Compare database, vault, key store and chain; name what differs."),
    "history": ("history", "Who did what to a record, and who was shown it."),
    "hold": ("holds", "Forbid change and destruction, for a case."),
    "import": ("importing", "Register the rows of a file."),
    "init": ("init", "Write a profile, with key store, keystore and trust file."),
    "journal": ("journal", "The agency's journal: open, seal, close, repudiate."),
    "keys": ("keys", "The agency's keys."),
    "mirror": ("mirror", "Follow a journal: copy it, and verify that it only grows."),
    "offer": ("custody", "Offer custody of records to another agency, with their content."),
    "outbox": ("outbox", "What is on its way to the chain."),
    "rebuild": ("upkeep", "Make the database anew from chain, vault and key store."),
    "receive": ("exchange", "Take in what another agency sent."),
    "received": ("received", "What other agencies gave this one."),
    "register": ("write", "Register a record."),
    "release": ("holds", "Release a hold."),
    "restore": ("backups", "Bring database, keys or vault back from a backup."),
    "report": ("report", "The registry in numbers and plots, for people."),
    "revoke": ("lifecycle", "Revoke a record."),
    "run": ("run", "The daemon: sends, indexes, keeps watch."),
    "serve": ("serve", "The gateway: the registry over HTTP, and the daemon's work."),
    "send": ("between", "Push an envelope to another agency's gateway."),
    "share": ("share", "Who may read what, for which purpose, until when."),
    "show": ("read", "Show a record: what the chain says, and its content."),
    "sign": ("signing", "Sign an act that was prepared elsewhere, with the officer's own key."),
    "status": ("upkeep", "How the parts stand."),
    "submit": ("signing", "Hand in an act that its officer has signed."),
    "succession": ("succession", "A registry's final states, and the next that adopts them."),
    "supersede": ("lifecycle", "Let another record take a record's place."),
    "token": ("token", "Tokens by which machines call the gateway."),
    "sync": ("sync", "Follow a table of another database, as it changes."),
    "trace": ("trace", "All acts of a record, as a list, a picture or provenance."),
    "trust": ("trust", "Show and pin trust files."),
    "type": ("types", "The agency's record types."),
    "verify": ("verify", "Check an evidence file; no chain and no database needed."),
    "webhook": ("webhook", "Systems that the gateway tells of events."),
    "witness": ("witness", "Follow blocks and journals from outside, and co-sign them."),
    "withdraw": ("custody", "Withdraw an offer of custody."),
}


class _Commands(click.Group):
    """Commands that are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"muniment.cli.{_COMMANDS[cmd_name][0]}")
        name = "import_" if cmd_name == "import" else cmd_name
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in sorted(_COMMANDS)])


@click.command(cls=_Commands)
@click.version_option(__version__)
def commands() -> None:
    """Muniment: records of government agencies, signed, ordered and provable.

    \b
    Most commands need a profile: --profile FILE, or MUNIMENT_PROFILE, or muniment.toml here.
    Shell completion: eval "$(_MUNIMENT_COMPLETE=bash_source muniment)"
    """


def main() -> None:
    """Run a command; every error of ours ends here, on stderr, with its exit code."""
    try:
        commands()
    except MunimentError as error:
        click.echo(f"error: {error.diagnostics()}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has had enough of it (`muniment find … | head`).
        sys.stderr.close()
        sys.exit(ExitCode.OK)
    except OSError as error:
        trouble = trouble_with_file(error)
        if trouble is None:
            raise
        click.echo(f"error: {trouble.diagnostics()}", err=True)
        sys.exit(trouble.exit_code)
