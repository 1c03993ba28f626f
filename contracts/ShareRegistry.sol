// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "./interfaces/IRecordRegistry.sol";
import {IShareRegistry} from "./interfaces/IShareRegistry.sol";
import {AgencyRegistry} from "./AgencyRegistry.sol";
import {RecordState, RecordStates} from "./libraries/RecordState.sol";

/// @title The share registry as deployed, beside a record registry. Its manual is `IShareRegistry`.
/// @dev Immutable, no proxy.
contract ShareRegistry is IShareRegistry {
    bytes32 private constant _SHARE_TAG = keccak256("muniment.share.v1");

    IRecordRegistry private immutable _records;
    AgencyRegistry private immutable _agencies;
    bytes32 private immutable _steward;

    uint64 private _sequence;
    mapping(bytes32 shareId => Share share) private _shares;
    mapping(bytes32 shareId => mapping(bytes32 deliveryDigest => uint48 time)) private _acknowledged;

    /// @param records The record registry, whose agency registry is asked for officers.
    constructor(IRecordRegistry records) {
        _records = records;
        _agencies = AgencyRegistry(records.agencyRegistry());
        _steward = _agencies.STEWARD();
    }

    /// @inheritdoc IShareRegistry
    function requestShare(
        uint32 requester,
        uint32 granter,
        uint16 typeId,
        bytes32 scope,
        bytes32 terms,
        uint48 respondBy,
        uint48 expiresAt
    ) external returns (bytes32 shareId) {
        _requireSteward(requester);
        _records.requireOpen();
        if (granter == requester || granter == 0 || granter > _agencies.agencyCount()) {
            revert ShareRegistryInvalidGranter(granter);
        }
        // Exactly one of the two: a record behind its salt, or a type in the open.
        if ((typeId == 0) == (scope == 0)) revert ShareRegistryInvalidScope(typeId, scope);
        if (terms == 0) revert ShareRegistryInvalidTerms();
        _requireFuture(respondBy);
        _requireFuture(expiresAt);

        shareId = keccak256(abi.encode(_SHARE_TAG, block.chainid, address(this), _sequence + 1));
        Share storage created = _shares[shareId];
        created.requester = requester;
        created.granter = granter;
        created.typeId = typeId;
        created.status = ShareStatus.Requested;
        created.respondBy = respondBy;
        created.expiresAt = expiresAt;
        created.scope = scope;
        created.terms = terms;
        _emitRequested(shareId, created);
        if (typeId != 0 && _sharingOf(granter, typeId) == IAgencyRegistry.Sharing.Open) {
            _grant(shareId, created, terms, expiresAt);
        }
    }

    /// @inheritdoc IShareRegistry
    function grantShare(bytes32 shareId, bytes32 terms, uint48 expiresAt) external {
        Share storage decided = _requireUndecided(shareId);
        if (terms == 0) revert ShareRegistryInvalidTerms();
        _requireFuture(expiresAt);
        _grant(shareId, decided, terms, expiresAt);
    }

    /// @inheritdoc IShareRegistry
    function denyShare(bytes32 shareId, uint16 reason) external {
        _requireUndecided(shareId).status = ShareStatus.Denied;
        emit ShareDenied(++_sequence, shareId, msg.sender, reason);
    }

    /// @inheritdoc IShareRegistry
    function revokeShare(bytes32 shareId, uint16 reason) external {
        Share storage ended = _known(shareId);
        _requireSteward(ended.granter);
        _records.requireOpen();
        if (ended.status != ShareStatus.Granted) revert ShareRegistryWrongStatus(shareId, ended.status);
        ended.status = ShareStatus.Revoked;
        emit ShareRevoked(++_sequence, shareId, msg.sender, reason);
    }

    /// @inheritdoc IShareRegistry
    function acknowledgeDelivery(bytes32 shareId, bytes32 deliveryDigest) external {
        Share storage granted = _known(shareId);
        _requireSteward(granted.requester);
        _records.requireOpen();
        // A delivery may have been on its way when the grant ended: its receipt is still worth having.
        if (granted.status != ShareStatus.Granted && granted.status != ShareStatus.Revoked) {
            revert ShareRegistryWrongStatus(shareId, granted.status);
        }
        if (deliveryDigest == 0 || _acknowledged[shareId][deliveryDigest] != 0) {
            revert ShareRegistryInvalidDelivery(shareId, deliveryDigest);
        }
        _acknowledged[shareId][deliveryDigest] = uint48(block.timestamp);
        emit DeliveryAcknowledged(++_sequence, shareId, deliveryDigest, msg.sender);
    }

    /// @inheritdoc IShareRegistry
    function covers(bytes32 shareId, bytes32 recordId, bytes32 salt) external view returns (bool) {
        if (!isInForce(shareId)) return false;
        Share storage granted = _shares[shareId];
        RecordState state = _records.record(recordId).state;
        // A grant ends with the granter's custody, and with the record.
        if (state.custodian() != granted.granter || state.status() == RecordStates.DISPOSED) return false;
        if (granted.typeId == 0) return granted.scope == keccak256(abi.encode(recordId, salt));
        return state.issuer() == granted.granter && state.typeId() == granted.typeId;
    }

    /// @inheritdoc IShareRegistry
    function recordRegistry() external view returns (address) {
        return address(_records);
    }

    /// @inheritdoc IShareRegistry
    function sequence() external view returns (uint64) {
        return _sequence;
    }

    /// @inheritdoc IShareRegistry
    function share(bytes32 shareId) external view returns (Share memory) {
        return _shares[shareId];
    }

    /// @inheritdoc IShareRegistry
    function acknowledgedAt(bytes32 shareId, bytes32 deliveryDigest) external view returns (uint48) {
        return _acknowledged[shareId][deliveryDigest];
    }

    /// @inheritdoc IShareRegistry
    function isInForce(bytes32 shareId) public view returns (bool) {
        Share storage granted = _shares[shareId];
        return granted.status == ShareStatus.Granted && block.timestamp <= granted.expiresAt;
    }

    function _grant(bytes32 shareId, Share storage granted, bytes32 terms, uint48 expiresAt) private {
        granted.status = ShareStatus.Granted;
        granted.terms = terms;
        granted.expiresAt = expiresAt;
        emit ShareGranted(++_sequence, shareId, msg.sender, terms, expiresAt);
    }

    /// @dev A function of its own for the stack's sake.
    function _emitRequested(bytes32 shareId, Share storage created) private {
        emit ShareRequested(
            ++_sequence,
            shareId,
            created.requester,
            created.granter,
            msg.sender,
            created.typeId,
            created.scope,
            created.terms,
            created.respondBy,
            created.expiresAt
        );
    }

    /// @dev A request that the sender, a steward of the granter, can still decide.
    function _requireUndecided(bytes32 shareId) private view returns (Share storage requested) {
        requested = _known(shareId);
        _requireSteward(requested.granter);
        _records.requireOpen();
        if (requested.status != ShareStatus.Requested) revert ShareRegistryWrongStatus(shareId, requested.status);
        if (block.timestamp > requested.respondBy) revert ShareRegistryRequestExpired(shareId, requested.respondBy);
    }

    function _known(bytes32 shareId) private view returns (Share storage known) {
        known = _shares[shareId];
        if (known.status == ShareStatus.None) revert ShareRegistryUnknownShare(shareId);
    }

    /// @dev The sharing attribute of the type's latest version; a closed type is refused.
    function _sharingOf(uint32 granter, uint16 typeId) private view returns (IAgencyRegistry.Sharing sharing) {
        uint16 version = _agencies.latestTypeVersion(granter, typeId);
        if (version == 0) revert ShareRegistryUnknownRecordType(granter, typeId);
        sharing = _agencies.recordType(granter, typeId, version).sharing;
        if (sharing == IAgencyRegistry.Sharing.Closed) revert ShareRegistryClosedType(granter, typeId);
    }

    function _requireSteward(uint32 agencyId) private view {
        _agencies.checkRole(_agencies.agencyRole(_steward, agencyId), msg.sender);
    }

    function _requireFuture(uint48 time) private view {
        if (time <= block.timestamp) revert ShareRegistryInvalidExpiry(time, uint48(block.timestamp) + 1);
    }
}
