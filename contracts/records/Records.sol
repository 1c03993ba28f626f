// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {RecordState, RecordStates} from "../libraries/RecordState.sol";
import {Ledger} from "./Ledger.sol";

/// @title Records: registration, new versions, and the end of being in force; the trace head of every act.
abstract contract Records is Ledger {
    /// @custom:storage-location erc7201:muniment.storage.Records
    struct RecordsStorage {
        mapping(bytes32 recordId => Record record) records;
    }

    bytes32 private constant _REGISTERED_TAG = keccak256("muniment.trace.registered.v1");
    bytes32 private constant _ACT_TAG = keccak256("muniment.trace.act.v1");

    /// @dev erc7201("muniment.storage.Records")
    bytes32 private constant _RECORDS_STORAGE = 0x6e43c29a54e24b1ffa71af6d8194bf5e250793c9ed194248fd45beeeb00b7d00;

    /// @inheritdoc IRecordRegistry
    function register(
        uint32 agencyId,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32 localId,
        bytes32 commitment
    ) external whenOpen returns (bytes32 recordId) {
        RecordState state = _newState(agencyId, typeId, typeVersion, algorithm);
        return _create(agencyId, localId, commitment, state, _nextSequence());
    }

    /// @inheritdoc IRecordRegistry
    function registerMany(
        uint32 agencyId,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32[] calldata localIds,
        bytes32[] calldata commitments
    ) external whenOpen {
        uint256 count = localIds.length;
        if (count == 0 || count > MAX_BATCH || count != commitments.length) {
            revert RecordRegistryInvalidBatch(count, commitments.length, MAX_BATCH);
        }
        RecordState state = _newState(agencyId, typeId, typeVersion, algorithm);
        uint64 sequence_ = _ledger.sequence;
        for (uint256 i = 0; i < count; ++i) {
            // At most MAX_BATCH steps from a number that has grown by single steps: it cannot overflow.
            unchecked {
                ++sequence_;
            }
            _create(agencyId, localIds[i], commitments[i], state, sequence_);
        }
        _ledger.sequence = sequence_;
    }

    /// @inheritdoc IRecordRegistry
    function amend(
        bytes32 recordId,
        uint16 expectedVersion,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32 commitment
    ) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, REGISTRAR);
        _requireInForce(recordId, state);
        _requireUnheld(recordId, state);
        _requireCommitment(commitment, algorithm);
        if (expectedVersion == type(uint16).max) revert RecordRegistryLimitReached("versions", expectedVersion);

        RecordState next = state.touched().withContent(typeVersion, expectedVersion + 1, algorithm);
        uint24 retention = _requireLatestType(state.issuer(), state.typeId(), typeVersion);
        if (typeVersion != state.typeVersion()) {
            next = next.withRetainUntil(_extendedRetention(state, retention));
        }
        _act(recordId, stored, state, next, ActKind.Amended, custodian, commitment);
        stored.commitment = commitment;
        emit Amended(_nextSequence(), recordId, custodian, msg.sender, next, commitment);
    }

    /// @inheritdoc IRecordRegistry
    function supersede(bytes32 recordId, uint16 expectedVersion, bytes32 replacementId) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, REGISTRAR);
        _requireInForce(recordId, state);
        _requireUnheld(recordId, state);
        RecordState replacement = _record(replacementId).state;
        if (
            replacementId == recordId || replacement.status() != RecordStates.IN_FORCE
                || replacement.custodian() != custodian
        ) revert RecordRegistryIneligibleReplacement(recordId, replacementId);

        RecordState next = state.touched().withStatus(RecordStates.SUPERSEDED);
        _act(recordId, stored, state, next, ActKind.Superseded, custodian, replacementId);
        emit Superseded(_nextSequence(), recordId, custodian, msg.sender, next, replacementId);
    }

    /// @inheritdoc IRecordRegistry
    function revoke(bytes32 recordId, uint16 expectedVersion, uint16 reason) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, REGISTRAR);
        _requireInForce(recordId, state);
        _requireUnheld(recordId, state);

        RecordState next = state.touched().withStatus(RecordStates.REVOKED);
        _act(recordId, stored, state, next, ActKind.Revoked, custodian, bytes32(uint256(reason)));
        emit Revoked(_nextSequence(), recordId, custodian, msg.sender, next, reason);
    }

    /// @inheritdoc IRecordRegistry
    function recordIdOf(uint32 agencyId, bytes32 localId) external view returns (bytes32) {
        return _recordIdOf(agencyId, localId);
    }

    /// @inheritdoc IRecordRegistry
    function record(bytes32 recordId) external view returns (Record memory) {
        return _record(recordId);
    }

    /// @inheritdoc IRecordRegistry
    function traceHeadOf(bytes32 recordId) external view returns (bytes32) {
        Record storage stored = _record(recordId);
        return _traceHead(recordId, stored, stored.state);
    }

    /// @dev Writes an act: the next state, and the trace head that the current one and the act give. The commitment
    /// that a derived head contains must still be stored: change it afterwards.
    function _act(
        bytes32 recordId,
        Record storage stored,
        RecordState state,
        RecordState next,
        ActKind kind,
        uint32 agencyId,
        bytes32 argument
    ) internal {
        _writeAct(recordId, stored, next, _traceHead(recordId, stored, state), kind, agencyId, argument);
    }

    function _writeAct(
        bytes32 recordId,
        Record storage stored,
        RecordState next,
        bytes32 traceHead,
        ActKind kind,
        uint32 agencyId,
        bytes32 argument
    ) internal {
        stored.traceHead =
            keccak256(abi.encode(_ACT_TAG, traceHead, recordId, kind, agencyId, msg.sender, next, argument));
        stored.state = next;
    }

    /// @dev The stored trace head, or the one that direct registration alone gives. Zero while there is no act.
    function _traceHead(
        bytes32 recordId,
        Record storage stored,
        RecordState state
    ) internal view returns (bytes32 traceHead) {
        traceHead = stored.traceHead;
        if (traceHead == 0 && !state.isEmpty()) {
            traceHead = keccak256(abi.encode(_REGISTERED_TAG, recordId, stored.commitment, state.withoutOffer()));
        }
    }

    /// @dev A record that stands on chain in the version that the caller expects.
    function _recordForChange(
        bytes32 recordId,
        uint16 expectedVersion
    ) internal view returns (Record storage stored, RecordState state) {
        (stored, state) = _knownRecord(recordId);
        uint16 version = state.version();
        if (version != expectedVersion) revert RecordRegistryStaleVersion(recordId, version, expectedVersion);
    }

    /// @dev A record that stands on chain: a hold on an id that is not there yet makes no record.
    function _knownRecord(bytes32 recordId) internal view returns (Record storage stored, RecordState state) {
        stored = _record(recordId);
        state = stored.state;
        if (state.status() == RecordStates.NONE) revert RecordRegistryUnknownRecord(recordId);
    }

    function _requireInForce(bytes32 recordId, RecordState state) internal pure {
        if (state.status() != RecordStates.IN_FORCE) revert RecordRegistryWrongStatus(recordId, state.status());
    }

    function _requireNotDisposed(bytes32 recordId, RecordState state) internal pure {
        if (state.status() == RecordStates.DISPOSED) revert RecordRegistryWrongStatus(recordId, state.status());
    }

    /// @dev Neither the record nor its whole type is held.
    function _requireUnheld(bytes32 recordId, RecordState state) internal view {
        uint16 holdCount = state.holdCount();
        if (holdCount != 0) revert RecordRegistryHeld(recordId, holdCount);
        _requireTypeUnheld(state.issuer(), state.typeId());
    }

    function _requireCommitment(bytes32 commitment, uint8 algorithm) internal pure {
        if (commitment == 0 || algorithm == 0) revert RecordRegistryInvalidCommitment(commitment, algorithm);
    }

    function _record(bytes32 recordId) internal view returns (Record storage) {
        return _recordsStorage().records[recordId];
    }

    function _recordIdOf(uint32 agencyId, bytes32 localId) internal view returns (bytes32) {
        return keccak256(abi.encode(_lineage, agencyId, localId));
    }

    /// @dev The state that all records of one registration share.
    function _newState(
        uint32 agencyId,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm
    ) private view returns (RecordState) {
        _requireEither(agencyId, REGISTRAR, OPERATOR);
        _requireAdopted();
        if (algorithm == 0) revert RecordRegistryInvalidCommitment(0, algorithm);
        uint24 retention = _requireLatestType(agencyId, typeId, typeVersion);
        return RecordStates.create(
            agencyId, typeId, typeVersion, algorithm, RecordStates.retentionEnd(block.timestamp, retention)
        );
    }

    function _create(
        uint32 agencyId,
        bytes32 localId,
        bytes32 commitment,
        RecordState state,
        uint64 sequence_
    ) private returns (bytes32 recordId) {
        if (commitment == 0) revert RecordRegistryInvalidCommitment(commitment, state.algorithm());
        recordId = _recordIdOf(agencyId, localId);
        Record storage stored = _record(recordId);
        RecordState before = stored.state;
        stored.commitment = commitment;
        if (before.isEmpty()) {
            stored.state = state;
        } else {
            // The id was held before: its trace has begun, and the registration goes on with it.
            if (before.status() != RecordStates.NONE) revert RecordRegistryAlreadyRegistered(recordId);
            state = state.withHoldCount(before.holdCount());
            _writeAct(recordId, stored, state, stored.traceHead, ActKind.Registered, agencyId, commitment);
        }
        emit Registered(sequence_, recordId, msg.sender, state, commitment);
    }

    /// @dev Retention counts from registration: a version of the type with a longer period moves its end by the
    /// difference, a shorter one never moves it back.
    function _extendedRetention(RecordState state, uint24 retention) private view returns (uint24) {
        uint24 before = _retentionOf(state.issuer(), state.typeId(), state.typeVersion());
        uint24 retainUntil = state.retainUntil();
        if (retention == RecordStates.RETAIN_FOREVER) return RecordStates.RETAIN_FOREVER;
        if (retention <= before) return retainUntil;
        uint256 day = uint256(retainUntil) + retention - before;
        return day > RecordStates.RETAIN_FOREVER ? RecordStates.RETAIN_FOREVER : uint24(day);
    }

    function _recordsStorage() private pure returns (RecordsStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _RECORDS_STORAGE
        }
    }
}
