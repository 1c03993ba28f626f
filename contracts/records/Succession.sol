// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {MerkleLog} from "../libraries/MerkleLog.sol";
import {RecordState} from "../libraries/RecordState.sol";
import {Journals} from "./Journals.sol";

/// @title Succession: how this registry ends, and how it takes a predecessor's records over.
abstract contract Succession is Journals {
    /// @custom:storage-location erc7201:muniment.storage.Succession
    struct SuccessionStorage {
        /// @dev Zero until final. Evidence always proves this slot.
        address successor;
    }

    uint8 private constant _LEAF_RECORD = 1;
    uint8 private constant _LEAF_JOURNAL = 2;
    uint8 private constant _LEAF_TYPE_HOLD = 3;

    /// @dev erc7201("muniment.storage.Succession")
    bytes32 private constant _SUCCESSION_STORAGE = 0x63324ab78e5e4a317444a3b88fb4ec819ae2083ab5eeb6d3acf5dc971a847400;

    address private immutable _predecessor;
    bytes32 private immutable _finalStatesRoot;
    uint64 private immutable _finalStatesCount;

    mapping(uint64 index => bool done) private _adopted;

    constructor(Origin memory origin_) {
        bool first = origin_.lineage == 0;
        if (
            first != (origin_.predecessor == address(0)) || first != (origin_.finalStatesRoot == 0)
                || (first && origin_.finalStatesCount != 0) || origin_.finalStatesCount > type(uint40).max
        ) revert RecordRegistryInvalidOrigin();
        _predecessor = origin_.predecessor;
        _finalStatesRoot = origin_.finalStatesRoot;
        _finalStatesCount = origin_.finalStatesCount;
        _ledger.adoptionRemaining = uint40(origin_.finalStatesCount);
    }

    /// @inheritdoc IRecordRegistry
    function onSucceeded(address heir) external onlyAgencyRegistry {
        _successionStorage().successor = heir;
        _ledger.closed = true;
        emit SuccessionFinalised(_nextSequence(), heir);
    }

    /// @inheritdoc IRecordRegistry
    function adoptRecord(
        bytes32 recordId,
        Record calldata adopted,
        Hold[] calldata holds,
        uint64 index,
        bytes32[] calldata proof
    ) external whenOpen {
        _adopt(abi.encode(_LEAF_RECORD, recordId, adopted, holds), index, proof);
        RecordState state = adopted.state.withoutOffer();
        Record storage stored = _record(recordId);
        stored.commitment = adopted.commitment;
        stored.state = state;
        stored.traceHead = adopted.traceHead;
        for (uint256 i = 0; i < holds.length; ++i) {
            _place(recordId, holds[i]);
        }
        emit RecordAdopted(_nextSequence(), recordId, state, adopted.commitment, adopted.traceHead, holds);
    }

    /// @inheritdoc IRecordRegistry
    function adoptJournal(
        uint32 agencyId,
        uint32 journal,
        JournalHead calldata head,
        bytes32 sealHash,
        uint64 index,
        bytes32[] calldata proof
    ) external whenOpen {
        _adopt(abi.encode(_LEAF_JOURNAL, agencyId, journal, head, sealHash), index, proof);
        if (_journalCounts[agencyId] < journal) _journalCounts[agencyId] = journal;
        _setJournalHead(agencyId, journal, head);
        if (head.size != 0) _setSealHash(agencyId, journal, head.size, sealHash);
        emit JournalAdopted(_nextSequence(), agencyId, journal, head, sealHash);
    }

    /// @inheritdoc IRecordRegistry
    function adoptTypeHold(
        uint32 agencyId,
        uint16 typeId,
        Hold calldata hold,
        uint64 index,
        bytes32[] calldata proof
    ) external whenOpen {
        _adopt(abi.encode(_LEAF_TYPE_HOLD, agencyId, typeId, hold), index, proof);
        _placeTypeHold(agencyId, typeId, hold);
    }

    /// @inheritdoc IRecordRegistry
    function origin() external view returns (Origin memory) {
        return Origin(_lineage, _predecessor, _finalStatesRoot, _finalStatesCount);
    }

    /// @inheritdoc IRecordRegistry
    function adoptionRemaining() external view returns (uint64) {
        return _ledger.adoptionRemaining;
    }

    /// @inheritdoc IRecordRegistry
    function successor() public view override returns (address) {
        return _successionStorage().successor;
    }

    /// @dev Each leaf of the predecessor's final states comes over once.
    function _adopt(bytes memory leaf, uint64 index, bytes32[] calldata proof) private {
        bytes32 leafHash = MerkleLog.hashLeaf(leaf);
        if (
            _adopted[index]
                || !MerkleLog.verifyInclusion(leafHash, index, _finalStatesCount, _finalStatesRoot, proof)
        ) revert RecordRegistryNotIncluded(leafHash, index, _finalStatesRoot);
        _adopted[index] = true;
        --_ledger.adoptionRemaining;
    }

    function _successionStorage() private pure returns (SuccessionStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _SUCCESSION_STORAGE
        }
    }
}
