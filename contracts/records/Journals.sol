// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {MerkleLog} from "../libraries/MerkleLog.sol";
import {RecordState, RecordStates} from "../libraries/RecordState.sol";
import {Holds} from "./Holds.sol";

/// @title Journals: whole registers under one root, which the chain itself keeps append-only.
abstract contract Journals is Holds {
    /// @custom:storage-location erc7201:muniment.storage.Journals
    struct JournalsStorage {
        /// @dev Key: agency id << 32 | journal.
        mapping(uint256 agencyJournal => JournalHead head) heads;
        /// @dev Key: agency id << 96 | journal << 64 | size. Value: keccak256(abi.encode(seal)).
        mapping(uint256 agencyJournalSize => bytes32 sealHash) seals;
    }

    /// @notice Most entries that one seal can add, so that a stolen key cannot use a journal up.
    uint64 public constant MAX_SEAL_GROWTH = 1 << 32;

    uint8 private constant _KIND_REGISTRATION = 1;
    uint64 private constant _NOT_REPUDIATED = type(uint64).max;

    /// @dev erc7201("muniment.storage.Journals")
    bytes32 private constant _JOURNALS_STORAGE = 0xdda7325bebaeaa8ad3dc06a0e1e699945c95d01b3b6f143a2b5e41bce09ac800;

    mapping(uint32 agencyId => uint32 count) internal _journalCounts;

    /// @inheritdoc IRecordRegistry
    function openJournal(
        uint32 agencyId
    ) external whenOpen returns (uint32 journal) {
        _requireOfficer(agencyId, AGENCY_ADMIN);
        _requireAdopted();
        journal = ++_journalCounts[agencyId];
        _setJournalHead(agencyId, journal, JournalHead(0, _NOT_REPUDIATED, true, false));
        emit JournalOpened(_nextSequence(), agencyId, journal, msg.sender);
    }

    /// @inheritdoc IRecordRegistry
    function sealJournal(
        uint32 agencyId,
        uint32 journal,
        Seal calldata previous,
        uint64 size,
        bytes32 root,
        bytes32[] calldata proof
    ) external whenOpen {
        _requireOfficer(agencyId, OPERATOR);
        JournalHead memory head = _openJournalHead(agencyId, journal);
        uint64 limit = head.size > type(uint64).max - MAX_SEAL_GROWTH ? type(uint64).max : head.size + MAX_SEAL_GROWTH;
        if (size <= head.size || size > limit) revert RecordRegistryInvalidSize(head.size, size, limit);
        if (head.size == 0) {
            // Nothing to extend: there is nothing to prove, and a proof would mean a mistake.
            if (previous.size != 0 || proof.length != 0) revert RecordRegistryInconsistentTree(previous.root, root);
        } else {
            if (previous.size != head.size) revert RecordRegistryUnknownSeal(agencyId, journal, previous.size);
            _requireSeal(agencyId, journal, previous);
            if (!MerkleLog.verifyConsistency(head.size, previous.root, size, root, proof)) {
                revert RecordRegistryInconsistentTree(previous.root, root);
            }
        }
        _setSealHash(
            agencyId, journal, size, keccak256(abi.encode(Seal(root, size, head.size, uint48(block.timestamp))))
        );
        emit JournalSealed(
            _nextSequence(), agencyId, journal, msg.sender, root, size, head.size, uint48(block.timestamp)
        );
        head.size = size;
        _setJournalHead(agencyId, journal, head);
    }

    /// @inheritdoc IRecordRegistry
    function closeJournal(
        uint32 agencyId,
        uint32 journal
    ) external whenOpen {
        _requireOfficer(agencyId, AGENCY_ADMIN);
        JournalHead memory head = _openJournalHead(agencyId, journal);
        head.closed = true;
        _setJournalHead(agencyId, journal, head);
        emit JournalClosed(_nextSequence(), agencyId, journal, msg.sender);
    }

    /// @inheritdoc IRecordRegistry
    function repudiateJournal(
        uint32 agencyId,
        uint32 journal,
        uint64 fromIndex,
        uint16 reason
    ) external whenOpen {
        _requireOfficer(agencyId, AGENCY_ADMIN);
        JournalHead memory head = _knownJournalHead(agencyId, journal);
        uint64 limit = head.repudiatedFrom < head.size ? head.repudiatedFrom : head.size;
        if (fromIndex >= limit) revert RecordRegistryInvalidRepudiation(fromIndex, limit);
        head.repudiatedFrom = fromIndex;
        head.closed = true;
        _setJournalHead(agencyId, journal, head);
        emit JournalRepudiated(_nextSequence(), agencyId, journal, msg.sender, fromIndex, reason);
    }

    /// @inheritdoc IRecordRegistry
    function enrol(
        EntryPlace calldata place,
        Entry calldata entry,
        Seal calldata named,
        bytes32[] calldata proof
    ) external whenOpen returns (bytes32 recordId) {
        _requireEither(place.agencyId, REGISTRAR, STEWARD);
        // The predecessor may have the record with a longer trace.
        _requireAdopted();
        uint64 repudiatedFrom = _knownJournalHead(place.agencyId, place.journal).repudiatedFrom;
        if (place.index >= repudiatedFrom) revert RecordRegistryRepudiated(place.index, repudiatedFrom);
        _requireSeal(place.agencyId, place.journal, named);
        if (entry.kind != _KIND_REGISTRATION) revert RecordRegistryInvalidEntry(entry.kind);
        if (entry.time > named.sealedAt) revert RecordRegistryEntryAfterSeal(entry.time, named.sealedAt);
        bytes32 leafHash = _leafHash(entry);
        if (!MerkleLog.verifyInclusion(leafHash, place.index, named.size, named.root, proof)) {
            revert RecordRegistryNotIncluded(leafHash, place.index, named.root);
        }
        bytes32 argument =
            keccak256(abi.encode(entry.commitment, leafHash, place.journal, place.index, named.size));
        recordId = _writeEnrolled(place.agencyId, entry, named.sealedAt, argument);
        _emitEnrolled(recordId, place, entry.commitment, leafHash, named.size);
    }

    /// @inheritdoc IRecordRegistry
    function journalCount(uint32 agencyId) external view returns (uint32) {
        return _journalCounts[agencyId];
    }

    /// @inheritdoc IRecordRegistry
    function journalHead(uint32 agencyId, uint32 journal) external view returns (JournalHead memory) {
        return _journalHead(agencyId, journal);
    }

    /// @inheritdoc IRecordRegistry
    function sealHashOf(uint32 agencyId, uint32 journal, uint64 size) external view returns (bytes32) {
        return _journalsStorage().seals[_sealKey(agencyId, journal, size)];
    }

    function _journalHead(uint32 agencyId, uint32 journal) internal view returns (JournalHead storage) {
        return _journalsStorage().heads[(uint256(agencyId) << 32) | journal];
    }

    function _setJournalHead(uint32 agencyId, uint32 journal, JournalHead memory head) internal {
        _journalsStorage().heads[(uint256(agencyId) << 32) | journal] = head;
    }

    function _setSealHash(uint32 agencyId, uint32 journal, uint64 size, bytes32 sealHash) internal {
        _journalsStorage().seals[_sealKey(agencyId, journal, size)] = sealHash;
    }

    /// @dev Writes the record that a proven entry registers. `argument` binds the act to the leaf and its place.
    function _writeEnrolled(
        uint32 agencyId,
        Entry calldata entry,
        uint48 sealedAt,
        bytes32 argument
    ) private returns (bytes32 recordId) {
        _requireCommitment(entry.commitment, entry.algorithm);
        recordId = _recordIdOf(agencyId, entry.localId);
        Record storage stored = _record(recordId);
        RecordState before = stored.state;
        if (before.status() != RecordStates.NONE) revert RecordRegistryAlreadyRegistered(recordId);
        // A record that was held before it came on chain keeps its holds, and its trace begins with them.
        RecordState next = _enrolledState(agencyId, entry, sealedAt).withHoldCount(before.holdCount());
        stored.commitment = entry.commitment;
        _writeAct(recordId, stored, next, stored.traceHead, ActKind.Enrolled, agencyId, argument);
    }

    /// @dev A function of its own for the stack's sake.
    function _emitEnrolled(
        bytes32 recordId,
        EntryPlace calldata place,
        bytes32 commitment,
        bytes32 leafHash,
        uint64 size
    ) private {
        emit Enrolled(
            _nextSequence(),
            recordId,
            place.agencyId,
            msg.sender,
            _record(recordId).state,
            commitment,
            leafHash,
            place.journal,
            place.index,
            size
        );
    }

    /// @dev Retention counts from the seal: the entry's own time is the agency's word.
    function _enrolledState(
        uint32 agencyId,
        Entry calldata entry,
        uint48 sealedAt
    ) private view returns (RecordState) {
        uint24 retention = _retentionOf(agencyId, entry.typeId, entry.typeVersion);
        return RecordStates.create(
            agencyId,
            entry.typeId,
            entry.typeVersion,
            entry.algorithm,
            RecordStates.retentionEnd(sealedAt, retention)
        );
    }

    function _knownJournalHead(uint32 agencyId, uint32 journal) private view returns (JournalHead memory head) {
        head = _journalHead(agencyId, journal);
        if (!head.opened) revert RecordRegistryUnknownJournal(agencyId, journal);
    }

    function _openJournalHead(uint32 agencyId, uint32 journal) private view returns (JournalHead memory head) {
        head = _knownJournalHead(agencyId, journal);
        if (head.closed) revert RecordRegistryJournalClosed(agencyId, journal);
    }

    /// @dev The seal that the caller spells out is the one whose hash is stored.
    function _requireSeal(uint32 agencyId, uint32 journal, Seal calldata named) private view {
        if (_journalsStorage().seals[_sealKey(agencyId, journal, named.size)] != keccak256(abi.encode(named))) {
            revert RecordRegistryUnknownSeal(agencyId, journal, named.size);
        }
    }

    /// @dev The 78 bytes of the entry, hashed as a leaf.
    function _leafHash(Entry calldata entry) private pure returns (bytes32) {
        // In one piece with its prefix: `MerkleLog.hashLeaf` would copy it once more.
        return sha256(
            abi.encodePacked(
                MerkleLog.LEAF_PREFIX,
                entry.kind,
                entry.algorithm,
                entry.typeId,
                entry.typeVersion,
                entry.time,
                entry.localId,
                entry.commitment
            )
        );
    }

    function _sealKey(uint32 agencyId, uint32 journal, uint64 size) private pure returns (uint256) {
        return (uint256(agencyId) << 96) | (uint256(journal) << 64) | size;
    }

    function _journalsStorage() private pure returns (JournalsStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _JOURNALS_STORAGE
        }
    }
}
