# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""AgencyRegistry: values, events and functions, typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from muniment.chain.contract import Address, BlockId, Call, Contract, Event
from muniment.chain.values import AdminChange, KeyPurpose
from muniment.record.types import Sharing


@dataclass(frozen=True, slots=True)
class AdminReplacement:
    """`AdminReplacement` of the interface."""

    new_admin: Address
    ready_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> AdminReplacement:
        """Return the value of decoded ABI values."""
        return cls(
            Address(values[0]),
            int(values[1]),
        )


@dataclass(frozen=True, slots=True)
class AgencyKey:
    """`AgencyKey` of the interface."""

    key: bytes
    valid_from: int
    retired_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> AgencyKey:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            int(values[1]),
            int(values[2]),
        )


@dataclass(frozen=True, slots=True)
class RecordTypeVersion:
    """`RecordTypeVersion` of the interface."""

    schema_digest: bytes
    retention_days: int
    sharing: Sharing
    published_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> RecordTypeVersion:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            int(values[1]),
            Sharing(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class AdminReplaced(Event):
    """All officers of an agency were removed; `newAdmin` is now the only one."""

    sequence: int
    agency_id: int
    new_admin: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> AdminReplaced:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            Address(values[2]),
        )


@dataclass(frozen=True, slots=True)
class AdminReplacementCancelled(Event):
    """An announced replacement was cancelled."""

    sequence: int
    agency_id: int
    new_admin: Address
    by: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> AdminReplacementCancelled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            Address(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class AdminReplacementScheduled(Event):
    """The registry admin announced that an agency's officers will be replaced."""

    sequence: int
    agency_id: int
    new_admin: Address
    ready_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> AdminReplacementScheduled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            Address(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class AgencyCreated(Event):
    """An agency was created."""

    sequence: int
    agency_id: int
    name: str
    admin: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> AgencyCreated:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            str(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class AgencyKeyRetired(Event):
    """An epoch of an agency key is no longer to be used."""

    sequence: int
    agency_id: int
    purpose: KeyPurpose
    epoch: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> AgencyKeyRetired:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            KeyPurpose(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class AgencyKeySet(Event):
    """An agency key entered a new epoch."""

    sequence: int
    agency_id: int
    purpose: KeyPurpose
    epoch: int
    key: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> AgencyKeySet:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            KeyPurpose(values[2]),
            int(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class DefaultAdminDelayChangeCanceled(Event):
    """OpenZeppelin's DefaultAdminDelayChangeCanceled."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> DefaultAdminDelayChangeCanceled:
        """Return the value of decoded ABI values."""
        return cls()


@dataclass(frozen=True, slots=True)
class DefaultAdminDelayChangeScheduled(Event):
    """OpenZeppelin's DefaultAdminDelayChangeScheduled."""

    new_delay: int
    effect_schedule: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> DefaultAdminDelayChangeScheduled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
        )


@dataclass(frozen=True, slots=True)
class DefaultAdminTransferCanceled(Event):
    """OpenZeppelin's DefaultAdminTransferCanceled."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> DefaultAdminTransferCanceled:
        """Return the value of decoded ABI values."""
        return cls()


@dataclass(frozen=True, slots=True)
class DefaultAdminTransferScheduled(Event):
    """OpenZeppelin's DefaultAdminTransferScheduled."""

    new_admin: Address
    accept_schedule: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> DefaultAdminTransferScheduled:
        """Return the value of decoded ABI values."""
        return cls(
            Address(values[0]),
            int(values[1]),
        )


@dataclass(frozen=True, slots=True)
class RecordTypePublished(Event):
    """A record type's version was published; version 1 creates the type."""

    sequence: int
    agency_id: int
    type_id: int
    version: int
    schema_digest: bytes
    retention_days: int
    sharing: Sharing
    name: str

    @classmethod
    def of(cls, values: Sequence[Any]) -> RecordTypePublished:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            int(values[3]),
            bytes(values[4]),
            int(values[5]),
            Sharing(values[6]),
            str(values[7]),
        )


@dataclass(frozen=True, slots=True)
class RegistryAdminChanged(Event):
    """The registry admin began, cancelled or delayed a handing over of its own role."""

    sequence: int
    change: AdminChange
    account: Address
    value: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> RegistryAdminChanged:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            AdminChange(values[1]),
            Address(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class RegistryPaused(Event):
    """Writing stopped."""

    sequence: int
    account: Address
    reason: str

    @classmethod
    def of(cls, values: Sequence[Any]) -> RegistryPaused:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            Address(values[1]),
            str(values[2]),
        )


@dataclass(frozen=True, slots=True)
class RegistryUnpaused(Event):
    """Writing goes on."""

    sequence: int
    account: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> RegistryUnpaused:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            Address(values[1]),
        )


@dataclass(frozen=True, slots=True)
class RoleAdminChanged(Event):
    """OpenZeppelin's RoleAdminChanged."""

    role: bytes
    previous_admin_role: bytes
    new_admin_role: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> RoleAdminChanged:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            bytes(values[1]),
            bytes(values[2]),
        )


@dataclass(frozen=True, slots=True)
class RoleAssigned(Event):
    """An account was given a role; `agencyId` is 0 for roles of the whole registry."""

    sequence: int
    agency_id: int
    role: bytes
    account: Address
    by: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> RoleAssigned:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            bytes(values[2]),
            Address(values[3]),
            Address(values[4]),
        )


@dataclass(frozen=True, slots=True)
class RoleGranted(Event):
    """OpenZeppelin's RoleGranted."""

    role: bytes
    account: Address
    sender: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> RoleGranted:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            Address(values[1]),
            Address(values[2]),
        )


@dataclass(frozen=True, slots=True)
class RoleRemoved(Event):
    """A role was taken from an account or renounced by it."""

    sequence: int
    agency_id: int
    role: bytes
    account: Address
    by: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> RoleRemoved:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            bytes(values[2]),
            Address(values[3]),
            Address(values[4]),
        )


@dataclass(frozen=True, slots=True)
class RoleRevoked(Event):
    """OpenZeppelin's RoleRevoked."""

    role: bytes
    account: Address
    sender: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> RoleRevoked:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            Address(values[1]),
            Address(values[2]),
        )


@dataclass(frozen=True, slots=True)
class SuccessionCancelled(Event):
    """The succession was called off."""

    sequence: int
    by: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> SuccessionCancelled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            Address(values[1]),
        )


@dataclass(frozen=True, slots=True)
class SuccessionScheduled(Event):
    """The registry admin announced that a successor will come."""

    sequence: int
    ready_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> SuccessionScheduled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
        )


@dataclass(frozen=True, slots=True)
class SuccessorNamed(Event):
    """The successor is named; its root is open to everybody's recomputation until `finalAt`."""

    sequence: int
    successor: Address
    final_states_root: bytes
    final_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> SuccessorNamed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            Address(values[1]),
            bytes(values[2]),
            int(values[3]),
        )


class AgencyRegistry(Contract):
    """The agency registry at one address.

    Reads name their block; writes return a `Call`, which a `Sender` signs and sends.
    """

    contract_name = "AgencyRegistry"
    events: ClassVar[dict[str, type[Event]]] = {
        "AdminReplaced": AdminReplaced,
        "AdminReplacementCancelled": AdminReplacementCancelled,
        "AdminReplacementScheduled": AdminReplacementScheduled,
        "AgencyCreated": AgencyCreated,
        "AgencyKeyRetired": AgencyKeyRetired,
        "AgencyKeySet": AgencyKeySet,
        "DefaultAdminDelayChangeCanceled": DefaultAdminDelayChangeCanceled,
        "DefaultAdminDelayChangeScheduled": DefaultAdminDelayChangeScheduled,
        "DefaultAdminTransferCanceled": DefaultAdminTransferCanceled,
        "DefaultAdminTransferScheduled": DefaultAdminTransferScheduled,
        "RecordTypePublished": RecordTypePublished,
        "RegistryAdminChanged": RegistryAdminChanged,
        "RegistryPaused": RegistryPaused,
        "RegistryUnpaused": RegistryUnpaused,
        "RoleAdminChanged": RoleAdminChanged,
        "RoleAssigned": RoleAssigned,
        "RoleGranted": RoleGranted,
        "RoleRemoved": RoleRemoved,
        "RoleRevoked": RoleRevoked,
        "SuccessionCancelled": SuccessionCancelled,
        "SuccessionScheduled": SuccessionScheduled,
        "SuccessorNamed": SuccessorNamed,
    }

    def accept_default_admin_transfer(self) -> Call:
        """Completes a {defaultAdmin} transfer previously started with {beginDefaultAdminTransfer}.
        After calling the function: - `DEFAULT_ADMIN_ROLE` should be granted to the caller. -
        `DEFAULT_ADMIN_ROLE` should be revoked from the previous holder. - {pendingDefaultAdmin}
        should be reset to zero values. Requirements: - Only can be called by the
        {pendingDefaultAdmin}'s `newAdmin`. - The {pendingDefaultAdmin}'s `acceptSchedule`
        should've passed.
        """
        return self._call("acceptDefaultAdminTransfer()", ())

    def admin_replacement(self, agency_id: int, *, block: BlockId) -> AdminReplacement:
        """The announced replacement of an agency's admin; zeros when there is none."""
        values = self._read("adminReplacement(uint32)", (agency_id,), block)
        return AdminReplacement.of(values[0])

    def agency_count(self, *, block: BlockId) -> int:
        """How many agencies there are; ids run from 1 to this."""
        values = self._read("agencyCount()", (), block)
        return int(values[0])

    def agency_key(
        self, agency_id: int, purpose: KeyPurpose, epoch: int, *, block: BlockId
    ) -> AgencyKey:
        """One epoch of an agency key; zeros when there is none."""
        values = self._read(
            "agencyKey(uint32,uint8,uint32)",
            (
                agency_id,
                purpose,
                epoch,
            ),
            block,
        )
        return AgencyKey.of(values[0])

    def agency_key_epoch(self, agency_id: int, purpose: KeyPurpose, *, block: BlockId) -> int:
        """The current epoch of an agency key; 0 when it has none."""
        values = self._read(
            "agencyKeyEpoch(uint32,uint8)",
            (
                agency_id,
                purpose,
            ),
            block,
        )
        return int(values[0])

    def agency_name(self, agency_id: int, *, block: BlockId) -> str:
        """An agency's name; reverts when there is no such agency."""
        values = self._read("agencyName(uint32)", (agency_id,), block)
        return str(values[0])

    def agency_role(self, role: bytes, agency_id: int, *, block: BlockId) -> bytes:
        """The role id that `role` (for example AGENCY_ADMIN) has for one agency."""
        values = self._read(
            "agencyRole(bytes32,uint32)",
            (
                role,
                agency_id,
            ),
            block,
        )
        return bytes(values[0])

    def begin_default_admin_transfer(self, new_admin: Address) -> Call:
        """Starts a {defaultAdmin} transfer by setting a {pendingDefaultAdmin} scheduled for
        acceptance after the current timestamp plus a {defaultAdminDelay}. Requirements: - Only
        can be called by the current {defaultAdmin}. Emits a {DefaultAdminTransferScheduled}
        event.
        """
        return self._call("beginDefaultAdminTransfer(address)", (new_admin,))

    def cancel_admin_replacement(self, agency_id: int) -> Call:
        """Calls off an announced replacement.

        Works while paused. An AGENCY_ADMIN of the agency, a GUARDIAN, or the registry admin.
        """
        return self._call("cancelAdminReplacement(uint32)", (agency_id,))

    def cancel_default_admin_transfer(self) -> Call:
        """Cancels a {defaultAdmin} transfer previously started with {beginDefaultAdminTransfer}. A
        {pendingDefaultAdmin} not yet accepted can also be cancelled with this function.
        Requirements: - Only can be called by the current {defaultAdmin}. May emit a
        {DefaultAdminTransferCanceled} event.
        """
        return self._call("cancelDefaultAdminTransfer()", ())

    def cancel_succession(self) -> Call:
        """Calls a succession off.

        Works while paused. A GUARDIAN or the registry admin.
        """
        return self._call("cancelSuccession()", ())

    def change_default_admin_delay(self, new_delay: int) -> Call:
        """Initiates a {defaultAdminDelay} update by setting a {pendingDefaultAdminDelay} scheduled
        for getting into effect after the current timestamp plus a {defaultAdminDelay}. This
        function guarantees that any call to {beginDefaultAdminTransfer} done between the
        timestamp this method is called and the {pendingDefaultAdminDelay} effect schedule will
        use the current {defaultAdminDelay} set before calling. The {pendingDefaultAdminDelay}'s
        effect schedule is defined in a way that waiting until the schedule and then calling
        {beginDefaultAdminTransfer} with the new delay will take at least the same as another
        {defaultAdmin} complete transfer (including acceptance). The schedule is designed for
        two scenarios: - When the delay is changed for a larger one the schedule is
        `block.timestamp + newDelay` capped by {defaultAdminDelayIncreaseWait}. - When the delay
        is changed for a shorter one, the schedule is `block.timestamp + (current delay - new
        delay)`. A {pendingDefaultAdminDelay} that never got into effect will be canceled in
        favor of a new scheduled change. Requirements: - Only can be called by the current
        {defaultAdmin}. Emits a {DefaultAdminDelayChangeScheduled} event and may emit a
        {DefaultAdminDelayChangeCanceled} event.
        """
        return self._call("changeDefaultAdminDelay(uint48)", (new_delay,))

    def check_role(self, role: bytes, account: Address, *, block: BlockId) -> None:
        """Reverts with `AccessControlUnauthorizedAccount` unless the account has the role."""
        self._read(
            "checkRole(bytes32,address)",
            (
                role,
                account,
            ),
            block,
        )

    def create_agency(self, name: str, admin: Address) -> Call:
        """Creates the next agency, with its first admin.

        Only the registry admin. The agency's roles are administered by its AGENCY_ADMIN alone.
        """
        return self._call(
            "createAgency(string,address)",
            (
                name,
                admin,
            ),
        )

    def create_record_type(
        self, agency_id: int, name: str, schema_digest: bytes, retention_days: int, sharing: Sharing
    ) -> Call:
        """Creates the agency's next record type, with its version 1.

        Only AGENCY_ADMIN.
        """
        return self._call(
            "createRecordType(uint32,string,bytes32,uint24,uint8)",
            (
                agency_id,
                name,
                schema_digest,
                retention_days,
                sharing,
            ),
        )

    def default_admin(self, *, block: BlockId) -> Address:
        """Returns the address of the current `DEFAULT_ADMIN_ROLE` holder."""
        values = self._read("defaultAdmin()", (), block)
        return Address(values[0])

    def default_admin_delay(self, *, block: BlockId) -> int:
        """Returns the delay required to schedule the acceptance of a {defaultAdmin} transfer
        started. This delay will be added to the current timestamp when calling
        {beginDefaultAdminTransfer} to set the acceptance schedule. NOTE: If a delay change has
        been scheduled, it will take effect as soon as the schedule passes, making this function
        returns the new delay. See {changeDefaultAdminDelay}.
        """
        values = self._read("defaultAdminDelay()", (), block)
        return int(values[0])

    def default_admin_delay_increase_wait(self, *, block: BlockId) -> int:
        """Maximum time in seconds for an increase to {defaultAdminDelay} (that is scheduled using
        {changeDefaultAdminDelay}) to take effect. Default to 5 days. When the
        {defaultAdminDelay} is scheduled to be increased, it goes into effect after the new
        delay has passed with the purpose of giving enough time for reverting any accidental
        change (i.e. using milliseconds instead of seconds) that may lock the contract. However,
        to avoid excessive schedules, the wait is capped by this function and it can be
        overridden for a custom {defaultAdminDelay} increase scheduling. IMPORTANT: Make sure to
        add a reasonable amount of time while overriding this value, otherwise, there's a risk
        of setting a high new delay that goes into effect almost immediately without the
        possibility of human intervention in the case of an input error (eg. set milliseconds
        instead of seconds).
        """
        values = self._read("defaultAdminDelayIncreaseWait()", (), block)
        return int(values[0])

    def execute_admin_replacement(self, agency_id: int) -> Call:
        """Removes every officer of the agency and makes the announced account its only
        AGENCY_ADMIN. Only the registry admin, from `readyAt` for `AGENCY_REPLACEMENT_WINDOW`.
        """
        return self._call("executeAdminReplacement(uint32)", (agency_id,))

    def finalise_succession(self) -> Call:
        """Retires the registry for ever.

        Only the registry admin, after the review, still paused. WARNING: cannot be undone.
        """
        return self._call("finaliseSuccession()", ())

    def get_role_admin(self, role: bytes, *, block: BlockId) -> bytes:
        """Returns the admin role that controls `role`.

        See {grantRole} and {revokeRole}. To change a role's admin, use {_setRoleAdmin}.
        """
        values = self._read("getRoleAdmin(bytes32)", (role,), block)
        return bytes(values[0])

    def grant_role(self, role: bytes, account: Address) -> Call:
        """See {AccessControl-grantRole}.

        Reverts for `DEFAULT_ADMIN_ROLE`.
        """
        return self._call(
            "grantRole(bytes32,address)",
            (
                role,
                account,
            ),
        )

    def has_role(self, role: bytes, account: Address, *, block: BlockId) -> bool:
        """Returns `true` if `account` has been granted `role`."""
        values = self._read(
            "hasRole(bytes32,address)",
            (
                role,
                account,
            ),
            block,
        )
        return bool(values[0])

    def latest_type_version(self, agency_id: int, type_id: int, *, block: BlockId) -> int:
        """The latest version of a record type; 0 when there is none."""
        values = self._read(
            "latestTypeVersion(uint32,uint16)",
            (
                agency_id,
                type_id,
            ),
            block,
        )
        return int(values[0])

    def name_successor(self, successor: Address) -> Call:
        """Names the successor, which must be deployed with this registry's lineage and the tree
        head over its final states; everybody can recompute it for `SUCCESSION_REVIEW`. Only the
        registry admin, while paused, within `SUCCESSION_WINDOW` after the delay. Unpausing
        forgets the name.
        """
        return self._call("nameSuccessor(address)", (successor,))

    def officers(self, agency_id: int, *, block: BlockId) -> tuple[bytes, ...]:
        """The agency's role memberships, in no order.

        Bits 0-159 of each hold the account, bits 160-167 the role (1 AGENCY_ADMIN, 2 REGISTRAR,
        3 STEWARD, 4 OPERATOR), bits 168-199 the agency.
        """
        values = self._read("officers(uint32)", (agency_id,), block)
        return tuple(bytes(each) for each in values[0])

    def owner(self, *, block: BlockId) -> Address:
        """Gets the address of the owner."""
        values = self._read("owner()", (), block)
        return Address(values[0])

    def pause(self, reason: str) -> Call:
        """Stops all writing, for a public reason.

        Reading, granting, revoking and cancelling go on, so that a stolen key can be shut out
        while nothing else happens. Only PAUSER.
        """
        return self._call("pause(string)", (reason,))

    def pending_default_admin(self, *, block: BlockId) -> tuple[Address, int]:
        """Returns a tuple of a `newAdmin` and an accept schedule.

        After the `schedule` passes, the `newAdmin` will be able to accept the {defaultAdmin}
        role by calling {acceptDefaultAdminTransfer}, completing the role transfer. A zero value
        only in `acceptSchedule` indicates no pending admin transfer. NOTE: A zero address
        `newAdmin` means that {defaultAdmin} is being renounced.
        """
        values = self._read("pendingDefaultAdmin()", (), block)
        return (Address(values[0]), int(values[1]))

    def pending_default_admin_delay(self, *, block: BlockId) -> tuple[int, int]:
        """Returns a tuple of `newDelay` and an effect schedule.

        After the `schedule` passes, the `newDelay` will get into effect immediately for every
        new {defaultAdmin} transfer started with {beginDefaultAdminTransfer}. A zero value only
        in `effectSchedule` indicates no pending delay change. NOTE: A zero value only for
        `newDelay` means that the next {defaultAdminDelay} will be zero after the effect
        schedule.
        """
        values = self._read("pendingDefaultAdminDelay()", (), block)
        return (int(values[0]), int(values[1]))

    def publish_record_type(
        self,
        agency_id: int,
        type_id: int,
        name: str,
        schema_digest: bytes,
        retention_days: int,
        sharing: Sharing,
    ) -> Call:
        """Publishes the next version of a record type.

        Versions are immutable; new records name the latest. Only AGENCY_ADMIN.
        """
        return self._call(
            "publishRecordType(uint32,uint16,string,bytes32,uint24,uint8)",
            (
                agency_id,
                type_id,
                name,
                schema_digest,
                retention_days,
                sharing,
            ),
        )

    def record_registry(self, *, block: BlockId) -> Address:
        """The record registry that created this contract and is told of its changes."""
        values = self._read("recordRegistry()", (), block)
        return Address(values[0])

    def record_type(
        self, agency_id: int, type_id: int, version: int, *, block: BlockId
    ) -> RecordTypeVersion:
        """A version of a record type; zeros when there is none."""
        values = self._read(
            "recordType(uint32,uint16,uint16)",
            (
                agency_id,
                type_id,
                version,
            ),
            block,
        )
        return RecordTypeVersion.of(values[0])

    def record_type_count(self, agency_id: int, *, block: BlockId) -> int:
        """How many record types the agency has."""
        values = self._read("recordTypeCount(uint32)", (agency_id,), block)
        return int(values[0])

    def renounce_role(self, role: bytes, account: Address) -> Call:
        """See {AccessControl-renounceRole}.

        For the `DEFAULT_ADMIN_ROLE`, it only allows renouncing in two steps by first calling
        {beginDefaultAdminTransfer} to the `address(0)`, so it's required that the
        {pendingDefaultAdmin} schedule has also passed when calling this function. After its
        execution, it will not be possible to call `onlyRole(DEFAULT_ADMIN_ROLE)` functions.
        NOTE: Renouncing `DEFAULT_ADMIN_ROLE` will leave the contract without a {defaultAdmin},
        thereby disabling any functionality that is only available for it, and the possibility
        of reassigning a non-administrated role.
        """
        return self._call(
            "renounceRole(bytes32,address)",
            (
                role,
                account,
            ),
        )

    def retire_agency_key(self, agency_id: int, purpose: KeyPurpose, epoch: int) -> Call:
        """Says that an epoch of a key is no longer to be used.

        Only AGENCY_ADMIN. Cannot be undone.
        """
        return self._call(
            "retireAgencyKey(uint32,uint8,uint32)",
            (
                agency_id,
                purpose,
                epoch,
            ),
        )

    def revoke_role(self, role: bytes, account: Address) -> Call:
        """See {AccessControl-revokeRole}.

        Reverts for `DEFAULT_ADMIN_ROLE`.
        """
        return self._call(
            "revokeRole(bytes32,address)",
            (
                role,
                account,
            ),
        )

    def role_of_kind(self, kind: int, agency_id: int, *, block: BlockId) -> bytes:
        """The role id that the record registry's role number stands for: 1 AGENCY_ADMIN, 2
        REGISTRAR, 3 STEWARD, 4 OPERATOR of the agency, else HOLD_AUTHORITY.
        """
        values = self._read(
            "roleOfKind(uint8,uint32)",
            (
                kind,
                agency_id,
            ),
            block,
        )
        return bytes(values[0])

    def rollback_default_admin_delay(self) -> Call:
        """Cancels a scheduled {defaultAdminDelay} change.

        Requirements: - Only can be called by the current {defaultAdmin}. May emit a
        {DefaultAdminDelayChangeCanceled} event.
        """
        return self._call("rollbackDefaultAdminDelay()", ())

    def schedule_admin_replacement(self, agency_id: int, new_admin: Address) -> Call:
        """Announces that, after `AGENCY_REPLACEMENT_DELAY`, all officers of the agency give way to
        `newAdmin`. The way back from lost keys. Only the registry admin. WARNING: the only way
        into an agency from outside. An agency that has not asked for it must cancel within the
        delay; watch `AdminReplacementScheduled`.
        """
        return self._call(
            "scheduleAdminReplacement(uint32,address)",
            (
                agency_id,
                new_admin,
            ),
        )

    def schedule_succession(self) -> Call:
        """Announces a successor, to be named after `SUCCESSION_DELAY`.

        Only the registry admin.
        """
        return self._call("scheduleSuccession()", ())

    def sequence(self, *, block: BlockId) -> int:
        """The number of the last event."""
        values = self._read("sequence()", (), block)
        return int(values[0])

    def set_agency_key(self, agency_id: int, purpose: KeyPurpose, key: bytes) -> Call:
        """Sets the agency's next key for a purpose.

        Only AGENCY_ADMIN. Earlier epochs stay valid for what was made under them until retired.
        """
        return self._call(
            "setAgencyKey(uint32,uint8,bytes32)",
            (
                agency_id,
                purpose,
                key,
            ),
        )

    def succession(self, *, block: BlockId) -> tuple[int, Address, int]:
        """The succession under way: when a successor can be named, the one named, and when it
        becomes final.
        """
        values = self._read("succession()", (), block)
        return (int(values[0]), Address(values[1]), int(values[2]))

    def supports_interface(self, interface_id: bytes, *, block: BlockId) -> bool:
        """Returns true if this contract implements the interface defined by `interfaceId`.

        See the corresponding https://eips.ethereum.org/EIPS/eip-165#how-interfaces-are-
        identified[ERC section] to learn more about how these ids are created. This function
        call must use less than 30 000 gas.
        """
        values = self._read("supportsInterface(bytes4)", (interface_id,), block)
        return bool(values[0])

    def unpause(self) -> Call:
        """Lets writing go on, and forgets a successor that was named but is not final.

        Only UNPAUSER.
        """
        return self._call("unpause()", ())

    def agency_admin(self, *, block: BlockId) -> bytes:
        """Administers its agency's roles, record types, keys and journals."""
        values = self._read("AGENCY_ADMIN()", (), block)
        return bytes(values[0])

    def agency_replacement_delay(self, *, block: BlockId) -> int:
        """Public delay before an agency's officers can be replaced from outside."""
        values = self._read("AGENCY_REPLACEMENT_DELAY()", (), block)
        return int(values[0])

    def agency_replacement_window(self, *, block: BlockId) -> int:
        """Time within which a replacement must be executed once it is ready."""
        values = self._read("AGENCY_REPLACEMENT_WINDOW()", (), block)
        return int(values[0])

    def default_admin_role(self, *, block: BlockId) -> bytes:
        """Read `DEFAULT_ADMIN_ROLE`."""
        values = self._read("DEFAULT_ADMIN_ROLE()", (), block)
        return bytes(values[0])

    def guardian(self, *, block: BlockId) -> bytes:
        """May cancel what is delayed.

        Administers itself, so that the registry admin cannot do away with it.
        """
        values = self._read("GUARDIAN()", (), block)
        return bytes(values[0])

    def hold_authority(self, *, block: BlockId) -> bytes:
        """May place and release holds."""
        values = self._read("HOLD_AUTHORITY()", (), block)
        return bytes(values[0])

    def max_officers(self, *, block: BlockId) -> int:
        """Greatest number of role memberships an agency can have, so that all can be removed in
        one transaction.
        """
        values = self._read("MAX_OFFICERS()", (), block)
        return int(values[0])

    def operator(self, *, block: BlockId) -> bytes:
        """A machine's key: registers and seals, nothing else."""
        values = self._read("OPERATOR()", (), block)
        return bytes(values[0])

    def pauser(self, *, block: BlockId) -> bytes:
        """May stop all writing."""
        values = self._read("PAUSER()", (), block)
        return bytes(values[0])

    def registrar(self, *, block: BlockId) -> bytes:
        """Registers, amends, supersedes, revokes, proposes disposition."""
        values = self._read("REGISTRAR()", (), block)
        return bytes(values[0])

    def retain_forever(self, *, block: BlockId) -> int:
        """A retention period without end."""
        values = self._read("RETAIN_FOREVER()", (), block)
        return int(values[0])

    def steward(self, *, block: BlockId) -> bytes:
        """Decides on custody and shares, confirms disposition."""
        values = self._read("STEWARD()", (), block)
        return bytes(values[0])

    def succession_delay(self, *, block: BlockId) -> int:
        """Public delay before a successor can be named."""
        values = self._read("SUCCESSION_DELAY()", (), block)
        return int(values[0])

    def succession_review(self, *, block: BlockId) -> int:
        """Time in which everybody can recompute the named successor's root before it is final."""
        values = self._read("SUCCESSION_REVIEW()", (), block)
        return int(values[0])

    def succession_window(self, *, block: BlockId) -> int:
        """Time within which a successor must be named once the delay is over."""
        values = self._read("SUCCESSION_WINDOW()", (), block)
        return int(values[0])

    def unpauser(self, *, block: BlockId) -> bytes:
        """May let writing go on."""
        values = self._read("UNPAUSER()", (), block)
        return bytes(values[0])
