# SPDX-License-Identifier: Apache-2.0
"""Writes `muniment/chain/bindings/`: the typed binding, made from the ABIs and their NatSpec.

Every function, event, error and struct of the interfaces gets its Python twin with the interface's
own words, so that nothing of the interface is missing and nothing is said twice by hand.
"""

from __future__ import annotations

import keyword
import re
import textwrap
from typing import Any

ENUMS = {
    "Sharing": "Sharing",
    "KeyPurpose": "KeyPurpose",
    "AdminChange": "AdminChange",
    "ShareStatus": "ShareStatus",
}
HEAD = '''# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""{doc}"""

from __future__ import annotations

'''


def snake(name: str) -> str:
    """`recordIdOf` -> `record_id_of`."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    return plain + "_" if keyword.iskeyword(plain) else plain


def constant(name: str) -> bool:
    """Whether a view is a constant of the contract."""
    return name.upper() == name


def method(name: str) -> str:
    """The Python name of a function; constants keep theirs in lower case."""
    return name.lower() if constant(name) else snake(name)


def struct_name(kind: str) -> str:
    """`struct IRecordRegistry.Seal[]` -> `Seal`."""
    return kind.removeprefix("struct ").rpartition(".")[2].partition("[")[0]


def annotation(item: dict[str, Any], *, given: bool) -> str:
    """The Python type of an ABI value; `given` where a caller passes it."""
    kind: str = item["type"]
    internal: str = item.get("internalType", kind)
    if kind.endswith("[]"):
        inner = dict(item, type=kind[:-2], internalType=internal.removesuffix("[]"))
        each = annotation(inner, given=given)
        return f"Sequence[{each}]" if given else f"tuple[{each}, ...]"
    if kind == "tuple":
        return struct_name(internal)
    if internal == "RecordState":
        return "RecordState"
    if internal.startswith("enum "):
        return ENUMS[internal.rpartition(".")[2]]
    if kind.startswith(("uint", "int")):
        return "int"
    if kind.startswith("bytes"):
        return "bytes"
    return {"address": "Address", "bool": "bool", "string": "str"}[kind]


def read(item: dict[str, Any], source: str) -> str:
    """The expression that makes the Python value of a decoded one."""
    kind: str = item["type"]
    internal: str = item.get("internalType", kind)
    if kind.endswith("[]"):
        inner = dict(item, type=kind[:-2], internalType=internal.removesuffix("[]"))
        return f"tuple({read(inner, 'each')} for each in {source})"
    if kind == "tuple":
        return f"{struct_name(internal)}.of({source})"
    if internal == "RecordState":
        return f"RecordState.from_word({source})"
    if internal.startswith("enum "):
        return f"{ENUMS[internal.rpartition('.')[2]]}({source})"
    if kind == "address":
        return f"Address({source})"
    return f"{annotation(item, given=False)}({source})"


def prose(text: str, indent: int, *, fallback: str) -> str:
    """A docstring of NatSpec text."""
    words = " ".join((text or fallback).split()).replace("\\", "")
    first, _, rest = words.partition(". ")
    if not rest or len(first) > 90 - indent:
        lines = textwrap.wrap(words, 96 - indent)
    else:
        lines = [first + ".", "", *textwrap.wrap(rest, 96 - indent)]
    pad = " " * indent
    if len(lines) == 1 and len(lines[0]) < 94 - indent:
        return f'{pad}"""{lines[0]}"""\n'
    body = "\n".join((pad + line).rstrip() for line in lines)
    return f'{pad}"""{body.lstrip()}\n{pad}"""\n'


def name_of(item: dict[str, Any], place: int) -> str:
    """The Python name of a value; nameless ones are counted."""
    return snake(item["name"]) if item["name"] else f"value{place}"


def structs_of(abi: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """All structs that the ABI passes or returns, by name."""
    found: dict[str, list[dict[str, Any]]] = {}

    def visit(items: list[dict[str, Any]]) -> None:
        for item in items:
            if item["type"].startswith("tuple"):
                found[struct_name(item["internalType"])] = item["components"]
                visit(item["components"])

    for entry in abi:
        visit(entry.get("inputs", []))
        visit(entry.get("outputs", []))
    return dict(sorted(found.items()))


def dataclass_source(name: str, items: list[dict[str, Any]], doc: str, base: str = "") -> str:
    """A frozen dataclass with a constructor from decoded values."""
    lines = [
        "@dataclass(frozen=True, slots=True)",
        f"class {name}{base}:",
        prose(doc, 4, fallback=f"{name}."),
    ]
    lines += [
        f"    {name_of(item, i)}: {annotation(item, given=False)}" for i, item in enumerate(items)
    ]
    lines += ["", "    @classmethod", f"    def of(cls, values: Sequence[Any]) -> {name}:"]
    lines += ['        """Return the value of decoded ABI values."""', "        return cls("]
    lines += [f"            {read(item, f'values[{i}]')}," for i, item in enumerate(items)]
    lines += ["        )", "", ""]
    return "\n".join(lines)


def signature(entry: dict[str, Any]) -> str:
    """The canonical signature, for example `revoke(bytes32,uint16,uint16)`."""

    def kind(item: dict[str, Any]) -> str:
        if not item["type"].startswith("tuple"):
            return str(item["type"])
        return f"({','.join(map(kind, item['components']))}){item['type'][5:]}"

    return f"{entry['name']}({','.join(map(kind, entry['inputs']))})"


def function_source(entry: dict[str, Any], docs: dict[str, Any], devs: dict[str, Any]) -> str:
    """A method: reads take a block and return values, writes return a `Call`."""
    inputs = [(name_of(item, i), item) for i, item in enumerate(entry["inputs"])]
    parameters = "".join(f", {name}: {annotation(item, given=True)}" for name, item in inputs)
    arguments = "".join(f"{name}, " for name, _ in inputs)
    doc = docs.get(signature(entry), {}).get("notice", "")
    dev = devs.get(signature(entry), {}).get("details", "")
    text = f"{doc} {dev}".strip()
    name = method(entry["name"])
    if entry["stateMutability"] in {"view", "pure"}:
        outputs = entry["outputs"]
        kinds = [annotation(item, given=False) for item in outputs]
        returns = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]" if kinds else "None"
        if not outputs:
            value = ""
        elif len(outputs) == 1:
            value = f"        return {read(outputs[0], 'values[0]')}\n"
        else:
            parts = ", ".join(read(item, f"values[{i}]") for i, item in enumerate(outputs))
            value = f"        return ({parts})\n"
        taken = "values = " if outputs else ""
        return (
            f"    def {name}(self{parameters}, *, block: BlockId) -> {returns}:\n"
            + prose(text, 8, fallback=f"Read `{entry['name']}`.")
            + f'        {taken}self._read("{signature(entry)}", ({arguments}), block)\n'
            + value
            + "\n"
        )
    return (
        f"    def {name}(self{parameters}) -> Call:\n"
        + prose(text, 8, fallback=f"Call `{entry['name']}`.")
        + f'        return self._call("{signature(entry)}", ({arguments}))\n\n'
    )


def contract_source(name: str, contract: dict[str, Any]) -> str:
    """The module of one contract: its structs, events and methods."""
    abi = contract["abi"]
    docs, devs = contract["userdoc"], contract["devdoc"]
    body = ""
    for struct, items in structs_of(abi).items():
        body += dataclass_source(struct, items, f"`{struct}` of the interface.")
    names = []
    for entry in sorted((e for e in abi if e["type"] == "event"), key=lambda e: e["name"]):
        about = docs.get("events", {}).get(signature(entry), {}).get("notice", "")
        names.append(entry["name"])
        body += dataclass_source(
            entry["name"], entry["inputs"], about or f"OpenZeppelin's {entry['name']}.", "(Event)"
        )
    body += f"class {name}(Contract):\n"
    about = f"The {snake(name).replace('_', ' ')} at one address. Reads name their block"
    if any(entry.get("stateMutability") == "nonpayable" for entry in abi if "name" in entry):
        about += "; writes return a `Call`, which a `Sender` signs and sends"
    body += prose(f"{about}.", 4, fallback="")
    body += f'\n    contract_name = "{name}"\n    events: ClassVar[dict[str, type[Event]]] = {{\n'
    body += "".join(f'        "{event}": {event},\n' for event in names) + "    }\n\n"
    functions = [e for e in abi if e["type"] == "function" and e["name"] != "multicall"]
    for entry in sorted(functions, key=lambda e: (e["name"].upper() == e["name"], e["name"])):
        body += function_source(entry, docs.get("methods", {}), devs.get("methods", {}))
    head = HEAD.format(doc=f"{name}: values, events and functions, typed.")
    head += "from collections.abc import Sequence\nfrom dataclasses import dataclass\n"
    head += "from typing import Any, ClassVar\n\n"
    kinds = ("Address", "BlockId", "Call", "Contract", "Event")
    used = [each for each in kinds if re.search(rf"\b{each}\b", body)]
    head += f"from muniment.chain.contract import {', '.join(used)}\n"
    enums = sorted(v for v in set(ENUMS.values()) - {"Sharing"} if re.search(rf"\b{v}\b", body))
    if enums:
        head += f"from muniment.chain.values import {', '.join(enums)}\n"
    if "RecordState" in body:
        head += "from muniment.record.state import RecordState\n"
    if re.search(r"\bSharing\b", body):
        head += "from muniment.record.types import Sharing\n"
    return head + "\n\n" + body


def errors_source(contracts: dict[str, dict[str, Any]]) -> str:
    """The module of all custom errors of all contracts."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for contract in contracts.values():
        for entry in contract["abi"]:
            if entry["type"] == "error":
                notices = contract["userdoc"].get("errors", {}).get(signature(entry), [{}])
                details = contract["devdoc"].get("errors", {}).get(signature(entry), [{}])
                about = notices[0].get("notice", "") or details[0].get("details", "")
                if about or entry["name"] not in found:
                    found[entry["name"]] = (entry, about)
    body = ""
    table = ""
    for name, (entry, about) in sorted(found.items()):
        body += f"class {name}Error(ContractError):\n" + prose(about, 4, fallback=f"{name}.") + "\n"
        for i, item in enumerate(entry["inputs"]):
            body += f"    {name_of(item, i)}: {annotation(item, given=False)}\n"
        body += "\n\n" if entry["inputs"] else "\n"
        table += f'    "{signature(entry)}": {name}Error,\n'
    fields = "".join(
        f'    "{signature(entry)}": ('
        + "".join(f'"{name_of(item, i)}", ' for i, item in enumerate(entry["inputs"]))
        + "),\n"
        for _, (entry, _) in sorted(found.items())
    )
    head = HEAD.format(doc="Every custom error of the contracts as a typed error with its values.")
    head += "from typing import Final\n\nfrom muniment.chain.contract import Address\n"
    enums = sorted(v for v in set(ENUMS.values()) - {"Sharing"} if re.search(rf"\b{v}\b", body))
    if enums:
        head += f"from muniment.chain.values import {', '.join(enums)}\n"
    head += "from muniment.errors import ContractError\n\n\n"
    return (
        head
        + body
        + f"ERRORS: Final[dict[str, type[ContractError]]] = {{\n{table}}}\n"
        + '"""Error class by canonical signature."""\n\n'
        + f"ERROR_FIELDS: Final[dict[str, tuple[str, ...]]] = {{\n{fields}}}\n"
        + '"""Names of the values by canonical signature."""\n'
    )


def modules(contracts: dict[str, dict[str, Any]]) -> dict[str, str]:
    """All files of the binding, by name."""
    made = {f"{snake(name)}.py": contract_source(name, c) for name, c in contracts.items()}
    made["errors.py"] = errors_source(contracts)
    exports = ", ".join(f'"{name}"' for name in sorted(contracts))
    init = HEAD.format(doc="The typed binding of the contracts.")
    init += "".join(
        f"from muniment.chain.bindings.{snake(name)} import {name}\n" for name in sorted(contracts)
    )
    made["__init__.py"] = init + f"\n__all__ = [{exports}]\n"
    return made
