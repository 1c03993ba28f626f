# SPDX-License-Identifier: Apache-2.0
"""`muniment keys`: the agency's keys, their recovery copy and its drill."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from muniment.chain import environment
from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    finish,
    json_option,
    nothing_to_do,
    opened,
    profile_option,
    progress_bar,
    show_json,
    show_table,
    timeout_option,
    writing,
)
from muniment.registry.agency_keys import (
    destroy_private,
    envelopes_under,
    retire_on_chain,
    rewrap_envelopes,
)
from muniment.registry.profile import Profile
from muniment.store.keys import KeyPurpose, restore_root_file


@click.group()
def keys() -> None:
    """The agency's keys."""


@keys.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List the public keys, by purpose and epoch.

    Example: muniment keys list
    """
    with opened(profile) as registry:
        found = registry.session.keys.public_keys()
    rows = [
        {"purpose": str(each.purpose), "epoch": each.epoch, "public": f"0x{each.public.hex()}"}
        for each in found
    ]
    if as_json:
        show_json(rows)
    else:
        show_table(["purpose", "epoch", "public"], [list(row.values()) for row in rows])


@keys.command()
@writing
def publish(profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Publish on chain the latest public keys that it does not have. For the agency's admin.

    Example: muniment keys publish
    """
    with opened(profile) as registry:
        submissions = registry.publish_keys()
        if submissions:
            finish(registry, submissions, wait, timeout, as_json)
        else:
            nothing_to_do("the chain has them all", as_json)


@keys.command()
@click.argument("purpose", type=click.Choice([str(each) for each in KeyPurpose]))
@profile_option
@json_option
def rotate(purpose: str, profile: Path, as_json: bool) -> None:
    """Make a new key; the old one stays for what it was used for. Then `muniment keys publish`.

    Example: muniment keys rotate encryption
    """
    with opened(profile) as registry:
        made = registry.session.keys.rotate_agency_key(KeyPurpose(purpose))
    if as_json:
        show_json({"purpose": purpose, "epoch": made.epoch, "public": f"0x{made.public.hex()}"})
    else:
        click.echo(f"0x{made.public.hex()}")
        click.echo(f"{purpose}, epoch {made.epoch}; next: muniment keys publish", err=True)


@keys.command()
@click.argument("target", type=click.Path(path_type=Path))
@profile_option
@json_option
def backup(target: Path, profile: Path, as_json: bool) -> None:
    """Write a recovery copy of the root keys to TARGET, under a passphrase of its own.

    The passphrase comes from MUNIMENT_RECOVERY_PASSPHRASE or a prompt. Keep copy and passphrase
    apart from the store's backups. Example: muniment keys backup /media/safe/aviation.recovery
    """
    passphrase = environment.recovery_passphrase(confirm=True)
    with opened(profile) as registry:
        registry.session.keys.export_recovery(target, passphrase)
    if as_json:
        show_json({"written": str(target)})
    click.echo(f"written: {target}; prove it with `muniment keys drill {target}`", err=True)


@keys.command()
@click.argument("copy", type=click.Path(path_type=Path))
@profile_option
@json_option
def drill(copy: Path, profile: Path, as_json: bool) -> None:
    """Prove that the recovery COPY opens this very key store, and that its secrets unwrap.

    Example: muniment keys drill /media/safe/aviation.recovery
    """
    passphrase = environment.recovery_passphrase()
    with opened(profile) as registry:
        report = registry.session.keys.drill(copy, passphrase)
    if as_json:
        show_json({"usable": report.usable, **dataclasses.asdict(report)})
    else:
        click.echo("usable" if report.usable else "NOT usable")
        click.echo(f"{report.compared} keys and secrets unwrapped as the live keys do", err=True)
        for name in (*report.failed, *(f"epoch {each} is missing" for each in report.missing)):
            click.echo(f"  {name}", err=True)
    if not report.usable:
        sys.exit(ExitCode.KEYSTORE)


@keys.command()
@click.argument("copy", type=click.Path(path_type=Path))
@profile_option
@json_option
def restore(copy: Path, profile: Path, as_json: bool) -> None:
    """Write the root file anew from the recovery COPY, where it was lost.

    Example: muniment keys restore /media/safe/aviation.recovery
    """
    named = Profile.load(profile).keys
    recovery = environment.recovery_passphrase()
    passphrase = None
    if named.key_file is None:
        passphrase = environment.key_store_passphrase(named.root.name, confirm=True)
    restore_root_file(copy, recovery, named.root, passphrase=passphrase, key_file=named.key_file)
    if as_json:
        show_json({"written": str(named.root)})
    click.echo(f"written: {named.root}", err=True)


@keys.command()
@click.argument("purpose", type=click.Choice([str(each) for each in KeyPurpose]))
@click.argument("epoch", type=int)
@click.option("--yes", is_flag=True, help="Do not ask, even where envelopes still need it.")
@timeout_option
@profile_option
@json_option
def retire(
    purpose: str, epoch: int, yes: bool, timeout: float, profile: Path, as_json: bool
) -> None:
    """Retire an older EPOCH of a key: on chain, so that nobody uses it any more, and then destroy
    its private part. For the agency's admin.

    What was encrypted to it and is still on its way cannot be opened afterwards. Received envelopes
    come under the present epoch by `muniment keys rewrap`.

    Example: muniment keys retire encryption 1
    """
    named = KeyPurpose(purpose)
    with opened(profile) as registry:
        session = registry.session
        needed = envelopes_under(session, epoch) if named is KeyPurpose.ENCRYPTION else 0
        if needed:
            click.echo(
                f"{needed:,} envelopes that are kept can be opened by it alone; `muniment keys "
                "rewrap` brings them under the present epoch",
                err=True,
            )
            if not yes:
                click.confirm("They will never be opened again. Go on?", abort=True, err=True)
        submission = retire_on_chain(session, named, epoch)
        if submission is not None:
            registry.wait([submission], timeout=timeout)
        done = destroy_private(session, named, epoch)
    if as_json:
        show_json({"purpose": purpose, "epoch": epoch, "retired_at": done.retired_at})
    click.echo(f"{purpose}, epoch {epoch}: retired, its private part is destroyed", err=True)


@keys.command()
@profile_option
@json_option
def rewrap(profile: Path, as_json: bool) -> None:
    """Begin a new wrapping epoch, bring every secret under it, and drop the older ones. File keys
    of kept envelopes come under the present key for encryption.

    Afterwards older backups of the key store cannot be read any more, once copies of the root
    file from before are destroyed too. Make a new recovery copy and a new backup then.

    Example: muniment keys rewrap
    """
    with opened(profile) as registry:
        store = registry.session.keys
        with progress_bar("envelopes", None) as tell:
            envelopes = rewrap_envelopes(registry.session, tell)
        older = list(store.epochs())
        newest = store.begin_epoch()
        total = sum(store.epochs().values())
        with progress_bar("secrets", total) as tell:
            done = 0
            for count in store.rewrap():
                done += count
                tell(done)
        for epoch in older:
            store.drop_epoch(epoch)
    if as_json:
        show_json({"epoch": newest, "secrets": total, "dropped": older, "envelopes": envelopes})
    click.echo(f"epoch {newest}; next: muniment keys backup, muniment backup keys", err=True)
