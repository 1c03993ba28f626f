// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {AgencyRegistry} from "../AgencyRegistry.sol";
import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";

/// @title What every part writes with: the event sequence, the pause, the line of successors, and what the agency
/// registry has told of agencies, officers and record types.
abstract contract Ledger is IRecordRegistry {
    /// @dev One slot, loaded by every write: numbering an event costs no slot of its own.
    struct LedgerState {
        uint64 sequence;
        uint48 pausedSince;
        uint32 agencyCount;
        uint40 adoptionRemaining;
        /// @dev Paused or retired: one flag for the way that every write takes.
        bool closed;
    }

    /// @custom:storage-location erc7201:muniment.storage.RecordTypes
    struct RecordTypesStorage {
        /// @dev Key: agency id << 16 | type id.
        mapping(uint256 agencyType => RecordTypeHead head) heads;
    }

    /// @notice Greatest number of records in one batch.
    uint256 public constant MAX_BATCH = 256;
    /// @notice Longest time that an offer or a proposal may stand open.
    uint48 public constant MAX_OPEN_PERIOD = 366 days;

    uint8 internal constant AGENCY_ADMIN = 1;
    uint8 internal constant REGISTRAR = 2;
    uint8 internal constant STEWARD = 3;
    uint8 internal constant OPERATOR = 4;
    uint8 internal constant HOLD_AUTHORITY = 5;

    bytes32 private constant _LINEAGE_TAG = keccak256("muniment.lineage.v1");

    /// @dev erc7201("muniment.storage.RecordTypes")
    bytes32 private constant _RECORD_TYPES_STORAGE = 0xa59aa2ffa4fa28beb7f1782661759e3662118aef7968d5402bc6995d5684a100;

    bytes32 internal immutable _lineage;
    AgencyRegistry internal immutable _agencies;

    LedgerState internal _ledger;
    /// @dev Key: agency id << 160 | account. Value: a bit for each role number, so that one load answers for several.
    mapping(uint256 agencyAccount => uint256 roles) private _roles;
    /// @dev Key: agency id << 32 | type id << 16 | version. One more than the days, so that 0 is no version.
    mapping(uint256 agencyTypeVersion => uint24 daysAndOne) private _retentions;

    constructor(bytes32 lineage, address registryAdmin, uint48 adminDelay, address guardian) {
        _lineage = lineage == 0 ? keccak256(abi.encode(_LINEAGE_TAG, block.chainid, address(this))) : lineage;
        _agencies = new AgencyRegistry(registryAdmin, adminDelay, guardian);
    }

    /// @dev Guards every write.
    modifier whenOpen() {
        if (_ledger.closed) requireOpen();
        _;
    }

    modifier onlyAgencyRegistry() {
        if (msg.sender != address(_agencies)) revert RecordRegistryNotAgencyRegistry(msg.sender);
        _;
    }

    /// @inheritdoc IRecordRegistry
    function onAgencyCreated(uint32 agencyId) external onlyAgencyRegistry {
        _ledger.agencyCount = agencyId;
    }

    /// @inheritdoc IRecordRegistry
    function onRoleChanged(uint32 agencyId, uint8 kind, address account, bool granted) external onlyAgencyRegistry {
        uint256 key = _officerKey(agencyId, account);
        uint256 role = 1 << kind;
        _roles[key] = granted ? _roles[key] | role : _roles[key] & ~role;
    }

    /// @inheritdoc IRecordRegistry
    function onPaused(uint48 since) external onlyAgencyRegistry {
        _ledger.pausedSince = since;
        _ledger.closed = since != 0;
    }

    /// @inheritdoc IRecordRegistry
    function onRecordTypePublished(
        uint32 agencyId,
        uint16 typeId,
        uint16 version,
        uint24 retentionDays
    ) external onlyAgencyRegistry {
        RecordTypeHead storage head = _typeHead(agencyId, typeId);
        head.latestVersion = version;
        head.retentionDays = retentionDays;
        _retentions[_versionKey(agencyId, typeId, version)] = retentionDays + 1;
    }

    /// @inheritdoc IRecordRegistry
    function agencyRegistry() external view returns (address) {
        return address(_agencies);
    }

    /// @inheritdoc IRecordRegistry
    function pausedSince() external view returns (uint48) {
        return _ledger.pausedSince;
    }

    /// @inheritdoc IRecordRegistry
    function sequence() external view returns (uint64) {
        return _ledger.sequence;
    }

    /// @inheritdoc IRecordRegistry
    function recordTypeHead(uint32 agencyId, uint16 typeId) external view returns (RecordTypeHead memory) {
        return _typeHead(agencyId, typeId);
    }

    /// @inheritdoc IRecordRegistry
    function requireOpen() public view {
        address retiredTo = successor();
        if (retiredTo != address(0)) revert RecordRegistryRetired(retiredTo);
        uint48 since = _ledger.pausedSince;
        if (since != 0) revert RecordRegistryPaused(since);
    }

    /// @inheritdoc IRecordRegistry
    function successor() public view virtual returns (address);

    /// @dev The number of the next event.
    function _nextSequence() internal returns (uint64) {
        return ++_ledger.sequence;
    }

    /// @dev New ids must wait until all of the predecessor's are known here.
    function _requireAdopted() internal view {
        uint64 remaining = _ledger.adoptionRemaining;
        if (remaining != 0) revert RecordRegistryAdoptionIncomplete(remaining);
    }

    function _requireAgency(uint32 agencyId) internal view {
        if (agencyId == 0 || agencyId > _ledger.agencyCount) revert RecordRegistryUnknownAgency(agencyId);
    }

    function _requireExpiry(uint48 expiresAt) internal view {
        uint48 earliest = uint48(block.timestamp) + 1;
        uint48 latest = uint48(block.timestamp) + MAX_OPEN_PERIOD;
        if (expiresAt < earliest || expiresAt > latest) revert RecordRegistryInvalidExpiry(expiresAt, earliest, latest);
    }

    /// @dev Whether the sender has the role, as the agency registry has told; else fails as OpenZeppelin's
    /// AccessControl does, with the role id that the agency registry knows.
    function _requireOfficer(uint32 agencyId, uint8 kind) internal view {
        if (_roles[_officerKey(agencyId, msg.sender)] & (1 << kind) == 0) _revertUnauthorized(agencyId, kind);
    }

    /// @dev One of two roles is enough; the error names the first.
    function _requireEither(uint32 agencyId, uint8 first, uint8 second) internal view {
        if (_roles[_officerKey(agencyId, msg.sender)] & ((1 << first) | (1 << second)) == 0) {
            _revertUnauthorized(agencyId, first);
        }
    }

    function _requireTypeHead(uint32 agencyId, uint16 typeId) internal view returns (RecordTypeHead storage head) {
        head = _typeHead(agencyId, typeId);
        if (head.latestVersion == 0) revert RecordRegistryUnknownRecordType(agencyId, typeId);
    }

    /// @dev The retention of a type of which the caller named the version: it must be the latest.
    function _requireLatestType(uint32 agencyId, uint16 typeId, uint16 version) internal view returns (uint24) {
        RecordTypeHead memory head = _typeHead(agencyId, typeId);
        if (version != head.latestVersion || version == 0) {
            if (head.latestVersion == 0) revert RecordRegistryUnknownRecordType(agencyId, typeId);
            revert RecordRegistryStaleTypeVersion(agencyId, typeId, head.latestVersion, version);
        }
        return head.retentionDays;
    }

    function _requireTypeUnheld(uint32 agencyId, uint16 typeId) internal view {
        uint16 holdCount = _typeHead(agencyId, typeId).holdCount;
        if (holdCount != 0) revert RecordRegistryTypeHeld(agencyId, typeId, holdCount);
    }

    /// @dev Retention of any version ever published. The latest one's stands in the slot that every act loads anyway.
    function _retentionOf(uint32 agencyId, uint16 typeId, uint16 version) internal view returns (uint24) {
        RecordTypeHead memory head = _typeHead(agencyId, typeId);
        if (version != 0 && version == head.latestVersion) return head.retentionDays;
        uint24 daysAndOne = _retentions[_versionKey(agencyId, typeId, version)];
        if (daysAndOne == 0) revert RecordRegistryUnknownTypeVersion(agencyId, typeId, version);
        return daysAndOne - 1;
    }

    function _typeHead(uint32 agencyId, uint16 typeId) internal view returns (RecordTypeHead storage) {
        return _recordTypesStorage().heads[(uint256(agencyId) << 16) | typeId];
    }

    function _revertUnauthorized(uint32 agencyId, uint8 kind) private view {
        revert IAccessControl.AccessControlUnauthorizedAccount(msg.sender, _agencies.roleOfKind(kind, agencyId));
    }

    function _officerKey(uint32 agencyId, address account) private pure returns (uint256) {
        return (uint256(agencyId) << 160) | uint160(account);
    }

    function _versionKey(uint32 agencyId, uint16 typeId, uint16 version) private pure returns (uint256) {
        return (uint256(agencyId) << 32) | (uint256(typeId) << 16) | version;
    }

    function _recordTypesStorage() private pure returns (RecordTypesStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _RECORD_TYPES_STORAGE
        }
    }
}
