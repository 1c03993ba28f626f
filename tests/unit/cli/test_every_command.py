# SPDX-License-Identifier: Apache-2.0
"""What every command has: an example, JSON, and help that is found without a profile."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from muniment.cli import commands


def every(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from every(inner, (*path, name))


COMMANDS = list(every(commands, ()))


def test_the_commands_of_the_design_are_there() -> None:
    names = """
        init run register import show find amend supersede revoke hold release offer accept decline
        withdraw dispose trace evidence verify trust agency type keys outbox rebuild fsck status
        contract
    """
    assert set(names.split()) <= {path[0] for path in COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help__shows_an_example_and_json(path: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(commands, [*path, "--help"])
    assert answer.exit_code == 0
    assert "Example:" in answer.output
    assert "--json" in answer.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion__is_offered(shell: str) -> None:
    answer = CliRunner().invoke(
        commands, [], prog_name="muniment", env={"_MUNIMENT_COMPLETE": f"{shell}_source"}
    )
    assert answer.exit_code == 0
    assert "_MUNIMENT_COMPLETE" in answer.output


def test_completion__names_commands() -> None:
    answer = CliRunner().invoke(
        commands,
        [],
        prog_name="muniment",
        env={
            "_MUNIMENT_COMPLETE": "bash_complete",
            "COMP_WORDS": "muniment re",
            "COMP_CWORD": "1",
        },
    )
    words = {line.partition(",")[2] for line in answer.output.splitlines()}
    assert words == {path[0] for path in COMMANDS if path[0].startswith("re")}
    assert {"register", "revoke"} <= words
