// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {RecordState, RecordStates} from "../libraries/RecordState.sol";
import {Disposition} from "./Disposition.sol";

/// @title Holds: an authority forbids change and destruction, for one case; only it can lift its hold.
abstract contract Holds is Disposition {
    /// @custom:storage-location erc7201:muniment.storage.Holds
    struct HoldsStorage {
        /// @dev Key: keccak256(abi.encode(subject, authority, caseCommitment)); the subject is a record id, or
        /// agency id << 16 | type id, which no record id equals but by breaking keccak256.
        mapping(bytes32 holdKey => uint48 placedAt) placed;
    }

    /// @dev erc7201("muniment.storage.Holds")
    bytes32 private constant _HOLDS_STORAGE = 0x76f6e01fef791ad0bb386513529aeea8d03b35aa3a779b197956d0c216796100;

    /// @inheritdoc IRecordRegistry
    function placeHold(bytes32 recordId, bytes32 caseCommitment) external whenOpen {
        _requireOfficer(0, HOLD_AUTHORITY);
        Record storage stored = _record(recordId);
        RecordState state = stored.state;
        _requireNotDisposed(recordId, state);
        // On an id that the predecessor may have, the record must be adopted first.
        if (state.isEmpty()) _requireAdopted();
        uint16 holdCount = state.holdCount();
        if (holdCount == RecordStates.MAX_HOLDS) revert RecordRegistryLimitReached("holds", holdCount);
        _place(recordId, Hold(msg.sender, caseCommitment));

        RecordState next = state.touched().withHoldCount(holdCount + 1);
        _act(recordId, stored, state, next, ActKind.Held, 0, caseCommitment);
        emit Held(_nextSequence(), recordId, msg.sender, next, caseCommitment);
    }

    /// @inheritdoc IRecordRegistry
    function releaseHold(bytes32 recordId, bytes32 caseCommitment) external whenOpen {
        _requireOfficer(0, HOLD_AUTHORITY);
        _lift(recordId, caseCommitment);
        Record storage stored = _record(recordId);
        RecordState state = stored.state;
        RecordState next = state.touched().withHoldCount(state.holdCount() - 1);
        _act(recordId, stored, state, next, ActKind.Released, 0, caseCommitment);
        emit Released(_nextSequence(), recordId, msg.sender, next, caseCommitment);
    }

    /// @inheritdoc IRecordRegistry
    function holdType(
        uint32 agencyId,
        uint16 typeId,
        bytes32 caseCommitment
    ) external whenOpen {
        _requireOfficer(0, HOLD_AUTHORITY);
        // The predecessor may have the same hold: placed here first, it could never be adopted.
        _requireAdopted();
        _placeTypeHold(agencyId, typeId, Hold(msg.sender, caseCommitment));
    }

    /// @inheritdoc IRecordRegistry
    function releaseType(
        uint32 agencyId,
        uint16 typeId,
        bytes32 caseCommitment
    ) external whenOpen {
        _requireOfficer(0, HOLD_AUTHORITY);
        _lift(_typeSubject(agencyId, typeId), caseCommitment);
        --_typeHead(agencyId, typeId).holdCount;
        emit TypeReleased(_nextSequence(), agencyId, typeId, msg.sender, caseCommitment);
    }

    /// @inheritdoc IRecordRegistry
    function heldSince(bytes32 recordId, address authority, bytes32 caseCommitment) external view returns (uint48) {
        return _holdsStorage().placed[_holdKey(recordId, authority, caseCommitment)];
    }

    /// @inheritdoc IRecordRegistry
    function typeHeldSince(
        uint32 agencyId,
        uint16 typeId,
        address authority,
        bytes32 caseCommitment
    ) external view returns (uint48) {
        return _holdsStorage().placed[_holdKey(_typeSubject(agencyId, typeId), authority, caseCommitment)];
    }

    function _placeTypeHold(uint32 agencyId, uint16 typeId, Hold memory hold) internal {
        RecordTypeHead storage head = _requireTypeHead(agencyId, typeId);
        uint16 holdCount = head.holdCount;
        if (holdCount == type(uint16).max) revert RecordRegistryLimitReached("holds", holdCount);
        _place(_typeSubject(agencyId, typeId), hold);
        head.holdCount = holdCount + 1;
        emit TypeHeld(_nextSequence(), agencyId, typeId, hold.authority, hold.caseCommitment);
    }

    /// @dev Only marks the hold; the subject's own count is the caller's to keep.
    function _place(bytes32 subject, Hold memory hold) internal {
        if (hold.caseCommitment == 0) revert RecordRegistryInvalidCase();
        HoldsStorage storage $ = _holdsStorage();
        bytes32 key = _holdKey(subject, hold.authority, hold.caseCommitment);
        if ($.placed[key] != 0) revert RecordRegistryHoldExists(subject, hold.authority, hold.caseCommitment);
        $.placed[key] = uint48(block.timestamp);
    }

    function _lift(bytes32 subject, bytes32 caseCommitment) private {
        HoldsStorage storage $ = _holdsStorage();
        bytes32 key = _holdKey(subject, msg.sender, caseCommitment);
        if ($.placed[key] == 0) revert RecordRegistryNoHold(subject, msg.sender, caseCommitment);
        delete $.placed[key];
    }

    function _holdKey(bytes32 subject, address authority, bytes32 caseCommitment) private pure returns (bytes32) {
        return keccak256(abi.encode(subject, authority, caseCommitment));
    }

    function _typeSubject(uint32 agencyId, uint16 typeId) private pure returns (bytes32) {
        return bytes32((uint256(agencyId) << 16) | typeId);
    }

    function _holdsStorage() private pure returns (HoldsStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _HOLDS_STORAGE
        }
    }
}
