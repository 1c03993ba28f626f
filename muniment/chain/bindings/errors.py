# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""Every custom error of the contracts as a typed error with its values."""

from __future__ import annotations

from typing import Final

from muniment.chain.contract import Address
from muniment.chain.values import KeyPurpose, ShareStatus
from muniment.errors import ContractError


class AccessControlBadConfirmationError(ContractError):
    """The caller of a function is not the expected one.

    NOTE: Don't confuse with {AccessControlUnauthorizedAccount}.
    """


class AccessControlEnforcedDefaultAdminDelayError(ContractError):
    """The delay for transferring the default admin delay is enforced and the operation must wait
    until `schedule`. NOTE: `schedule` can be 0 indicating there's no transfer scheduled.
    """

    schedule: int


class AccessControlEnforcedDefaultAdminRulesError(ContractError):
    """At least one of the following rules was violated: - The `DEFAULT_ADMIN_ROLE` must only be
    managed by itself. - The `DEFAULT_ADMIN_ROLE` must only be held by one account at the time.
    - Any `DEFAULT_ADMIN_ROLE` transfer must be in two delayed steps.
    """


class AccessControlInvalidDefaultAdminError(ContractError):
    """The new default admin is not a valid default admin."""

    default_admin: Address


class AccessControlUnauthorizedAccountError(ContractError):
    """The `account` is missing a role."""

    account: Address
    needed_role: bytes


class AddressEmptyCodeError(ContractError):
    """There's no code at `target` (it is not a contract)."""

    target: Address


class AgencyRegistryInvalidAccountError(ContractError):
    """Thrown when an account is zero or otherwise impossible in its place."""

    account: Address


class AgencyRegistryInvalidKeyError(ContractError):
    """Thrown when a key is zero."""

    agency_id: int
    purpose: KeyPurpose


class AgencyRegistryInvalidNameError(ContractError):
    """Thrown when a name is empty or longer than `limit` bytes."""

    length: int
    limit: int


class AgencyRegistryInvalidRetentionError(ContractError):
    """Thrown when a retention period is longer than can be stored."""

    retention_days: int
    limit: int


class AgencyRegistryInvalidSchemaDigestError(ContractError):
    """Thrown when a schema digest is zero."""


class AgencyRegistryLapsedError(ContractError):
    """Thrown when what was announced was not carried out in time."""

    lapsed_at: int


class AgencyRegistryLastHolderError(ContractError):
    """Thrown when the last holder of AGENCY_ADMIN or GUARDIAN would lose it."""

    role: bytes
    account: Address


class AgencyRegistryLimitReachedError(ContractError):
    """Thrown when an agency has as many record types, or a type as many versions, as can be
    counted.
    """

    what: str
    limit: int


class AgencyRegistryNoReplacementError(ContractError):
    """Thrown when no replacement of the agency's admin is announced."""

    agency_id: int


class AgencyRegistryNoSuccessionError(ContractError):
    """Thrown when no succession is under way, or no successor is named."""


class AgencyRegistryNotASuccessorError(ContractError):
    """Thrown when the named contract does not succeed this registry."""

    successor: Address


class AgencyRegistryNotPausedError(ContractError):
    """Thrown when unpausing, or naming a successor, while the registry is not paused."""


class AgencyRegistryNotReadyError(ContractError):
    """Thrown when a public delay still runs."""

    ready_at: int


class AgencyRegistryOperatorExclusiveError(ContractError):
    """Thrown when an account would hold OPERATOR together with another role."""

    account: Address
    role: bytes


class AgencyRegistryReplacementPendingError(ContractError):
    """Thrown when a replacement of the agency's admin is already announced."""

    agency_id: int
    ready_at: int


class AgencyRegistrySuccessionPendingError(ContractError):
    """Thrown when a succession is under way."""

    ready_at: int


class AgencyRegistryTooManyOfficersError(ContractError):
    """Thrown when an agency would have more than `limit` role memberships."""

    agency_id: int
    limit: int


class AgencyRegistryUnknownAgencyError(ContractError):
    """Thrown when no agency has the id."""

    agency_id: int


class AgencyRegistryUnknownKeyError(ContractError):
    """Thrown when the agency has no such epoch of a key, or it is retired already."""

    agency_id: int
    purpose: KeyPurpose
    epoch: int


class AgencyRegistryUnknownRecordTypeError(ContractError):
    """Thrown when the agency has no such record type."""

    agency_id: int
    type_id: int


class AgencyRegistryUnknownRoleError(ContractError):
    """Thrown when a role is granted that no agency and not the registry has."""

    role: bytes


class FailedCallError(ContractError):
    """A call to an address target failed.

    The target may have reverted.
    """


class RecordRegistryAdoptionIncompleteError(ContractError):
    """Thrown when something new is registered, enrolled, opened or held before all final states
    are adopted.
    """

    remaining: int


class RecordRegistryAlreadyRegisteredError(ContractError):
    """Thrown when a record stands on chain under the id already."""

    record_id: bytes


class RecordRegistryEntryAfterSealError(ContractError):
    """Thrown when an entry claims a time after its seal."""

    entry_time: int
    sealed_at: int


class RecordRegistryHeldError(ContractError):
    """Thrown when holds on the record forbid the act."""

    record_id: bytes
    hold_count: int


class RecordRegistryHoldExistsError(ContractError):
    """Thrown when the same authority holds the same subject for the same case already."""

    subject: bytes
    authority: Address
    case_commitment: bytes


class RecordRegistryInconsistentTreeError(ContractError):
    """Thrown when the new tree does not extend the sealed one."""

    previous_root: bytes
    root: bytes


class RecordRegistryIneligibleReplacementError(ContractError):
    """Thrown when a record cannot take the place of another: the same, not in force, or in other
    custody.
    """

    record_id: bytes
    replacement_id: bytes


class RecordRegistryInvalidBatchError(ContractError):
    """Thrown when a batch is empty, larger than `limit`, or its lists differ in length."""

    local_ids: int
    commitments: int
    limit: int


class RecordRegistryInvalidCaseError(ContractError):
    """Thrown when a case commitment is zero."""


class RecordRegistryInvalidCommitmentError(ContractError):
    """Thrown when a commitment is zero or its algorithm byte is."""

    commitment: bytes
    algorithm: int


class RecordRegistryInvalidEntryError(ContractError):
    """Thrown when an entry registers no record."""

    kind: int


class RecordRegistryInvalidExpiryError(ContractError):
    """Thrown when an expiry lies outside of what is allowed."""

    expires_at: int
    earliest: int
    latest: int


class RecordRegistryInvalidOriginError(ContractError):
    """Thrown when the constructor's arguments contradict one another."""


class RecordRegistryInvalidRepudiationError(ContractError):
    """Thrown when a repudiation does not start below what is sealed and not disowned yet."""

    from_index: int
    limit: int


class RecordRegistryInvalidSizeError(ContractError):
    """Thrown when a new size is not greater than the current one or exceeds `limit`."""

    current: int
    size: int
    limit: int


class RecordRegistryJournalClosedError(ContractError):
    """Thrown when the journal is closed."""

    agency_id: int
    journal: int


class RecordRegistryLimitReachedError(ContractError):
    """Thrown when a counter that the state can hold is full (`what`: "versions" of a record, or
    "holds").
    """

    what: str
    limit: int


class RecordRegistryNoHoldError(ContractError):
    """Thrown when the authority has no such hold."""

    subject: bytes
    authority: Address
    case_commitment: bytes


class RecordRegistryNoOfferError(ContractError):
    """Thrown when custody is not on offer."""

    record_id: bytes


class RecordRegistryNoProposalError(ContractError):
    """Thrown when no disposition is proposed, or the record has changed since."""

    record_id: bytes


class RecordRegistryNotAgencyRegistryError(ContractError):
    """Thrown when another account than the agency registry tells of its changes."""

    caller: Address


class RecordRegistryNotIncludedError(ContractError):
    """Thrown when a leaf is not under the root at its index."""

    leaf_hash: bytes
    index: int
    root: bytes


class RecordRegistryOfferExpiredError(ContractError):
    """Thrown when the offer has expired."""

    record_id: bytes
    expires_at: int


class RecordRegistryOfferOpenError(ContractError):
    """Thrown when custody is on offer and the offer has not expired."""

    record_id: bytes
    offered_to: int


class RecordRegistryOfferToCustodianError(ContractError):
    """Thrown when custody is offered to the custodian itself."""

    record_id: bytes
    agency_id: int


class RecordRegistryPausedError(ContractError):
    """Thrown when the registry is paused."""

    since: int


class RecordRegistryProposalExpiredError(ContractError):
    """Thrown when a proposal has expired."""

    record_id: bytes
    expires_at: int


class RecordRegistryRepudiatedError(ContractError):
    """Thrown when the entry is disowned by its agency."""

    index: int
    repudiated_from: int


class RecordRegistryRetainedError(ContractError):
    """Thrown when the retention period still runs; `retainUntil` is the last day (days since
    1970).
    """

    record_id: bytes
    retain_until: int


class RecordRegistryRetiredError(ContractError):
    """Thrown when the registry has handed over to `successor`."""

    successor: Address


class RecordRegistrySameOfficerError(ContractError):
    """Thrown when the officer who confirms is the one who proposed."""

    record_id: bytes
    account: Address


class RecordRegistryStaleTraceError(ContractError):
    """Thrown when a change expects another commitment or trace head than the current one."""

    record_id: bytes
    commitment: bytes
    trace_head: bytes


class RecordRegistryStaleTypeVersionError(ContractError):
    """Thrown when a version other than the latest of a record type is named."""

    agency_id: int
    type_id: int
    latest: int
    named: int


class RecordRegistryStaleVersionError(ContractError):
    """Thrown when a change expects another version than the current one."""

    record_id: bytes
    current_version: int
    expected_version: int


class RecordRegistryTypeHeldError(ContractError):
    """Thrown when holds on the record's whole type forbid the act."""

    agency_id: int
    type_id: int
    hold_count: int


class RecordRegistryUnknownAgencyError(ContractError):
    """Thrown when no agency has the id."""

    agency_id: int


class RecordRegistryUnknownJournalError(ContractError):
    """Thrown when the agency has no such journal."""

    agency_id: int
    journal: int


class RecordRegistryUnknownRecordError(ContractError):
    """Thrown when no record stands on chain under the id."""

    record_id: bytes


class RecordRegistryUnknownRecordTypeError(ContractError):
    """Thrown when the agency has no such record type."""

    agency_id: int
    type_id: int


class RecordRegistryUnknownSealError(ContractError):
    """Thrown when a seal is named that the journal does not have."""

    agency_id: int
    journal: int
    size: int


class RecordRegistryUnknownTypeVersionError(ContractError):
    """Thrown when the record type has no such version."""

    agency_id: int
    type_id: int
    version: int


class RecordRegistryWrongStatusError(ContractError):
    """Thrown when the record's status does not allow the act."""

    record_id: bytes
    status: int


class SafeCastOverflowedUintDowncastError(ContractError):
    """Value doesn't fit in a uint of `bits` size."""

    bits: int
    value: int


class ShareRegistryClosedTypeError(ContractError):
    """Thrown when the record type is closed to sharing."""

    granter: int
    type_id: int


class ShareRegistryInvalidDeliveryError(ContractError):
    """Thrown when a delivery's digest is zero or acknowledged already."""

    share_id: bytes
    delivery_digest: bytes


class ShareRegistryInvalidExpiryError(ContractError):
    """Thrown when a time lies in the past."""

    given: int
    earliest: int


class ShareRegistryInvalidGranterError(ContractError):
    """Thrown when the granter does not exist or is the requester."""

    granter: int


class ShareRegistryInvalidScopeError(ContractError):
    """Thrown when a scope names neither or both of a record and a record type."""

    type_id: int
    scope: bytes


class ShareRegistryInvalidTermsError(ContractError):
    """Thrown when terms are zero."""


class ShareRegistryRequestExpiredError(ContractError):
    """Thrown when the time to decide is over."""

    share_id: bytes
    respond_by: int


class ShareRegistryUnknownRecordTypeError(ContractError):
    """Thrown when the granter has no such record type."""

    granter: int
    type_id: int


class ShareRegistryUnknownShareError(ContractError):
    """Thrown when no share has the id."""

    share_id: bytes


class ShareRegistryWrongStatusError(ContractError):
    """Thrown when the share's status does not allow the step."""

    share_id: bytes
    status: ShareStatus


class SignpostInvalidFinalStatesError(ContractError):
    """The root of the final states must not be zero."""


class SignpostInvalidSuccessorError(ContractError):
    """The successor must be a registry on another chain."""

    chain_id: int
    registry: Address


ERRORS: Final[dict[str, type[ContractError]]] = {
    "AccessControlBadConfirmation()": AccessControlBadConfirmationError,
    "AccessControlEnforcedDefaultAdminDelay(uint48)": AccessControlEnforcedDefaultAdminDelayError,
    "AccessControlEnforcedDefaultAdminRules()": AccessControlEnforcedDefaultAdminRulesError,
    "AccessControlInvalidDefaultAdmin(address)": AccessControlInvalidDefaultAdminError,
    "AccessControlUnauthorizedAccount(address,bytes32)": AccessControlUnauthorizedAccountError,
    "AddressEmptyCode(address)": AddressEmptyCodeError,
    "AgencyRegistryInvalidAccount(address)": AgencyRegistryInvalidAccountError,
    "AgencyRegistryInvalidKey(uint32,uint8)": AgencyRegistryInvalidKeyError,
    "AgencyRegistryInvalidName(uint256,uint256)": AgencyRegistryInvalidNameError,
    "AgencyRegistryInvalidRetention(uint24,uint24)": AgencyRegistryInvalidRetentionError,
    "AgencyRegistryInvalidSchemaDigest()": AgencyRegistryInvalidSchemaDigestError,
    "AgencyRegistryLapsed(uint48)": AgencyRegistryLapsedError,
    "AgencyRegistryLastHolder(bytes32,address)": AgencyRegistryLastHolderError,
    "AgencyRegistryLimitReached(string,uint256)": AgencyRegistryLimitReachedError,
    "AgencyRegistryNoReplacement(uint32)": AgencyRegistryNoReplacementError,
    "AgencyRegistryNoSuccession()": AgencyRegistryNoSuccessionError,
    "AgencyRegistryNotASuccessor(address)": AgencyRegistryNotASuccessorError,
    "AgencyRegistryNotPaused()": AgencyRegistryNotPausedError,
    "AgencyRegistryNotReady(uint48)": AgencyRegistryNotReadyError,
    "AgencyRegistryOperatorExclusive(address,bytes32)": AgencyRegistryOperatorExclusiveError,
    "AgencyRegistryReplacementPending(uint32,uint48)": AgencyRegistryReplacementPendingError,
    "AgencyRegistrySuccessionPending(uint48)": AgencyRegistrySuccessionPendingError,
    "AgencyRegistryTooManyOfficers(uint32,uint256)": AgencyRegistryTooManyOfficersError,
    "AgencyRegistryUnknownAgency(uint32)": AgencyRegistryUnknownAgencyError,
    "AgencyRegistryUnknownKey(uint32,uint8,uint32)": AgencyRegistryUnknownKeyError,
    "AgencyRegistryUnknownRecordType(uint32,uint16)": AgencyRegistryUnknownRecordTypeError,
    "AgencyRegistryUnknownRole(bytes32)": AgencyRegistryUnknownRoleError,
    "FailedCall()": FailedCallError,
    "RecordRegistryAdoptionIncomplete(uint64)": RecordRegistryAdoptionIncompleteError,
    "RecordRegistryAlreadyRegistered(bytes32)": RecordRegistryAlreadyRegisteredError,
    "RecordRegistryEntryAfterSeal(uint64,uint48)": RecordRegistryEntryAfterSealError,
    "RecordRegistryHeld(bytes32,uint16)": RecordRegistryHeldError,
    "RecordRegistryHoldExists(bytes32,address,bytes32)": RecordRegistryHoldExistsError,
    "RecordRegistryInconsistentTree(bytes32,bytes32)": RecordRegistryInconsistentTreeError,
    "RecordRegistryIneligibleReplacement(bytes32,bytes32)": RecordRegistryIneligibleReplacementError,
    "RecordRegistryInvalidBatch(uint256,uint256,uint256)": RecordRegistryInvalidBatchError,
    "RecordRegistryInvalidCase()": RecordRegistryInvalidCaseError,
    "RecordRegistryInvalidCommitment(bytes32,uint8)": RecordRegistryInvalidCommitmentError,
    "RecordRegistryInvalidEntry(uint8)": RecordRegistryInvalidEntryError,
    "RecordRegistryInvalidExpiry(uint48,uint48,uint48)": RecordRegistryInvalidExpiryError,
    "RecordRegistryInvalidOrigin()": RecordRegistryInvalidOriginError,
    "RecordRegistryInvalidRepudiation(uint64,uint64)": RecordRegistryInvalidRepudiationError,
    "RecordRegistryInvalidSize(uint64,uint64,uint64)": RecordRegistryInvalidSizeError,
    "RecordRegistryJournalClosed(uint32,uint32)": RecordRegistryJournalClosedError,
    "RecordRegistryLimitReached(string,uint256)": RecordRegistryLimitReachedError,
    "RecordRegistryNoHold(bytes32,address,bytes32)": RecordRegistryNoHoldError,
    "RecordRegistryNoOffer(bytes32)": RecordRegistryNoOfferError,
    "RecordRegistryNoProposal(bytes32)": RecordRegistryNoProposalError,
    "RecordRegistryNotAgencyRegistry(address)": RecordRegistryNotAgencyRegistryError,
    "RecordRegistryNotIncluded(bytes32,uint64,bytes32)": RecordRegistryNotIncludedError,
    "RecordRegistryOfferExpired(bytes32,uint48)": RecordRegistryOfferExpiredError,
    "RecordRegistryOfferOpen(bytes32,uint32)": RecordRegistryOfferOpenError,
    "RecordRegistryOfferToCustodian(bytes32,uint32)": RecordRegistryOfferToCustodianError,
    "RecordRegistryPaused(uint48)": RecordRegistryPausedError,
    "RecordRegistryProposalExpired(bytes32,uint48)": RecordRegistryProposalExpiredError,
    "RecordRegistryRepudiated(uint64,uint64)": RecordRegistryRepudiatedError,
    "RecordRegistryRetained(bytes32,uint24)": RecordRegistryRetainedError,
    "RecordRegistryRetired(address)": RecordRegistryRetiredError,
    "RecordRegistrySameOfficer(bytes32,address)": RecordRegistrySameOfficerError,
    "RecordRegistryStaleTrace(bytes32,bytes32,bytes32)": RecordRegistryStaleTraceError,
    "RecordRegistryStaleTypeVersion(uint32,uint16,uint16,uint16)": RecordRegistryStaleTypeVersionError,
    "RecordRegistryStaleVersion(bytes32,uint16,uint16)": RecordRegistryStaleVersionError,
    "RecordRegistryTypeHeld(uint32,uint16,uint16)": RecordRegistryTypeHeldError,
    "RecordRegistryUnknownAgency(uint32)": RecordRegistryUnknownAgencyError,
    "RecordRegistryUnknownJournal(uint32,uint32)": RecordRegistryUnknownJournalError,
    "RecordRegistryUnknownRecord(bytes32)": RecordRegistryUnknownRecordError,
    "RecordRegistryUnknownRecordType(uint32,uint16)": RecordRegistryUnknownRecordTypeError,
    "RecordRegistryUnknownSeal(uint32,uint32,uint64)": RecordRegistryUnknownSealError,
    "RecordRegistryUnknownTypeVersion(uint32,uint16,uint16)": RecordRegistryUnknownTypeVersionError,
    "RecordRegistryWrongStatus(bytes32,uint8)": RecordRegistryWrongStatusError,
    "SafeCastOverflowedUintDowncast(uint8,uint256)": SafeCastOverflowedUintDowncastError,
    "ShareRegistryClosedType(uint32,uint16)": ShareRegistryClosedTypeError,
    "ShareRegistryInvalidDelivery(bytes32,bytes32)": ShareRegistryInvalidDeliveryError,
    "ShareRegistryInvalidExpiry(uint48,uint48)": ShareRegistryInvalidExpiryError,
    "ShareRegistryInvalidGranter(uint32)": ShareRegistryInvalidGranterError,
    "ShareRegistryInvalidScope(uint16,bytes32)": ShareRegistryInvalidScopeError,
    "ShareRegistryInvalidTerms()": ShareRegistryInvalidTermsError,
    "ShareRegistryRequestExpired(bytes32,uint48)": ShareRegistryRequestExpiredError,
    "ShareRegistryUnknownRecordType(uint32,uint16)": ShareRegistryUnknownRecordTypeError,
    "ShareRegistryUnknownShare(bytes32)": ShareRegistryUnknownShareError,
    "ShareRegistryWrongStatus(bytes32,uint8)": ShareRegistryWrongStatusError,
    "SignpostInvalidFinalStates()": SignpostInvalidFinalStatesError,
    "SignpostInvalidSuccessor(uint256,address)": SignpostInvalidSuccessorError,
}
"""Error class by canonical signature."""

ERROR_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "AccessControlBadConfirmation()": (),
    "AccessControlEnforcedDefaultAdminDelay(uint48)": ("schedule",),
    "AccessControlEnforcedDefaultAdminRules()": (),
    "AccessControlInvalidDefaultAdmin(address)": ("default_admin",),
    "AccessControlUnauthorizedAccount(address,bytes32)": (
        "account",
        "needed_role",
    ),
    "AddressEmptyCode(address)": ("target",),
    "AgencyRegistryInvalidAccount(address)": ("account",),
    "AgencyRegistryInvalidKey(uint32,uint8)": (
        "agency_id",
        "purpose",
    ),
    "AgencyRegistryInvalidName(uint256,uint256)": (
        "length",
        "limit",
    ),
    "AgencyRegistryInvalidRetention(uint24,uint24)": (
        "retention_days",
        "limit",
    ),
    "AgencyRegistryInvalidSchemaDigest()": (),
    "AgencyRegistryLapsed(uint48)": ("lapsed_at",),
    "AgencyRegistryLastHolder(bytes32,address)": (
        "role",
        "account",
    ),
    "AgencyRegistryLimitReached(string,uint256)": (
        "what",
        "limit",
    ),
    "AgencyRegistryNoReplacement(uint32)": ("agency_id",),
    "AgencyRegistryNoSuccession()": (),
    "AgencyRegistryNotASuccessor(address)": ("successor",),
    "AgencyRegistryNotPaused()": (),
    "AgencyRegistryNotReady(uint48)": ("ready_at",),
    "AgencyRegistryOperatorExclusive(address,bytes32)": (
        "account",
        "role",
    ),
    "AgencyRegistryReplacementPending(uint32,uint48)": (
        "agency_id",
        "ready_at",
    ),
    "AgencyRegistrySuccessionPending(uint48)": ("ready_at",),
    "AgencyRegistryTooManyOfficers(uint32,uint256)": (
        "agency_id",
        "limit",
    ),
    "AgencyRegistryUnknownAgency(uint32)": ("agency_id",),
    "AgencyRegistryUnknownKey(uint32,uint8,uint32)": (
        "agency_id",
        "purpose",
        "epoch",
    ),
    "AgencyRegistryUnknownRecordType(uint32,uint16)": (
        "agency_id",
        "type_id",
    ),
    "AgencyRegistryUnknownRole(bytes32)": ("role",),
    "FailedCall()": (),
    "RecordRegistryAdoptionIncomplete(uint64)": ("remaining",),
    "RecordRegistryAlreadyRegistered(bytes32)": ("record_id",),
    "RecordRegistryEntryAfterSeal(uint64,uint48)": (
        "entry_time",
        "sealed_at",
    ),
    "RecordRegistryHeld(bytes32,uint16)": (
        "record_id",
        "hold_count",
    ),
    "RecordRegistryHoldExists(bytes32,address,bytes32)": (
        "subject",
        "authority",
        "case_commitment",
    ),
    "RecordRegistryInconsistentTree(bytes32,bytes32)": (
        "previous_root",
        "root",
    ),
    "RecordRegistryIneligibleReplacement(bytes32,bytes32)": (
        "record_id",
        "replacement_id",
    ),
    "RecordRegistryInvalidBatch(uint256,uint256,uint256)": (
        "local_ids",
        "commitments",
        "limit",
    ),
    "RecordRegistryInvalidCase()": (),
    "RecordRegistryInvalidCommitment(bytes32,uint8)": (
        "commitment",
        "algorithm",
    ),
    "RecordRegistryInvalidEntry(uint8)": ("kind",),
    "RecordRegistryInvalidExpiry(uint48,uint48,uint48)": (
        "expires_at",
        "earliest",
        "latest",
    ),
    "RecordRegistryInvalidOrigin()": (),
    "RecordRegistryInvalidRepudiation(uint64,uint64)": (
        "from_index",
        "limit",
    ),
    "RecordRegistryInvalidSize(uint64,uint64,uint64)": (
        "current",
        "size",
        "limit",
    ),
    "RecordRegistryJournalClosed(uint32,uint32)": (
        "agency_id",
        "journal",
    ),
    "RecordRegistryLimitReached(string,uint256)": (
        "what",
        "limit",
    ),
    "RecordRegistryNoHold(bytes32,address,bytes32)": (
        "subject",
        "authority",
        "case_commitment",
    ),
    "RecordRegistryNoOffer(bytes32)": ("record_id",),
    "RecordRegistryNoProposal(bytes32)": ("record_id",),
    "RecordRegistryNotAgencyRegistry(address)": ("caller",),
    "RecordRegistryNotIncluded(bytes32,uint64,bytes32)": (
        "leaf_hash",
        "index",
        "root",
    ),
    "RecordRegistryOfferExpired(bytes32,uint48)": (
        "record_id",
        "expires_at",
    ),
    "RecordRegistryOfferOpen(bytes32,uint32)": (
        "record_id",
        "offered_to",
    ),
    "RecordRegistryOfferToCustodian(bytes32,uint32)": (
        "record_id",
        "agency_id",
    ),
    "RecordRegistryPaused(uint48)": ("since",),
    "RecordRegistryProposalExpired(bytes32,uint48)": (
        "record_id",
        "expires_at",
    ),
    "RecordRegistryRepudiated(uint64,uint64)": (
        "index",
        "repudiated_from",
    ),
    "RecordRegistryRetained(bytes32,uint24)": (
        "record_id",
        "retain_until",
    ),
    "RecordRegistryRetired(address)": ("successor",),
    "RecordRegistrySameOfficer(bytes32,address)": (
        "record_id",
        "account",
    ),
    "RecordRegistryStaleTrace(bytes32,bytes32,bytes32)": (
        "record_id",
        "commitment",
        "trace_head",
    ),
    "RecordRegistryStaleTypeVersion(uint32,uint16,uint16,uint16)": (
        "agency_id",
        "type_id",
        "latest",
        "named",
    ),
    "RecordRegistryStaleVersion(bytes32,uint16,uint16)": (
        "record_id",
        "current_version",
        "expected_version",
    ),
    "RecordRegistryTypeHeld(uint32,uint16,uint16)": (
        "agency_id",
        "type_id",
        "hold_count",
    ),
    "RecordRegistryUnknownAgency(uint32)": ("agency_id",),
    "RecordRegistryUnknownJournal(uint32,uint32)": (
        "agency_id",
        "journal",
    ),
    "RecordRegistryUnknownRecord(bytes32)": ("record_id",),
    "RecordRegistryUnknownRecordType(uint32,uint16)": (
        "agency_id",
        "type_id",
    ),
    "RecordRegistryUnknownSeal(uint32,uint32,uint64)": (
        "agency_id",
        "journal",
        "size",
    ),
    "RecordRegistryUnknownTypeVersion(uint32,uint16,uint16)": (
        "agency_id",
        "type_id",
        "version",
    ),
    "RecordRegistryWrongStatus(bytes32,uint8)": (
        "record_id",
        "status",
    ),
    "SafeCastOverflowedUintDowncast(uint8,uint256)": (
        "bits",
        "value",
    ),
    "ShareRegistryClosedType(uint32,uint16)": (
        "granter",
        "type_id",
    ),
    "ShareRegistryInvalidDelivery(bytes32,bytes32)": (
        "share_id",
        "delivery_digest",
    ),
    "ShareRegistryInvalidExpiry(uint48,uint48)": (
        "given",
        "earliest",
    ),
    "ShareRegistryInvalidGranter(uint32)": ("granter",),
    "ShareRegistryInvalidScope(uint16,bytes32)": (
        "type_id",
        "scope",
    ),
    "ShareRegistryInvalidTerms()": (),
    "ShareRegistryRequestExpired(bytes32,uint48)": (
        "share_id",
        "respond_by",
    ),
    "ShareRegistryUnknownRecordType(uint32,uint16)": (
        "granter",
        "type_id",
    ),
    "ShareRegistryUnknownShare(bytes32)": ("share_id",),
    "ShareRegistryWrongStatus(bytes32,uint8)": (
        "share_id",
        "status",
    ),
    "SignpostInvalidFinalStates()": (),
    "SignpostInvalidSuccessor(uint256,address)": (
        "chain_id",
        "registry",
    ),
}
"""Names of the values by canonical signature."""
