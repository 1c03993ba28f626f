// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {RecordState, RecordStates} from "../libraries/RecordState.sol";
import {Custody} from "./Custody.sol";

/// @title Disposition: destruction after retention, decided by two officers, never under a hold.
abstract contract Disposition is Custody {
    mapping(bytes32 recordId => DispositionProposal proposal) private _proposals;

    /// @inheritdoc IRecordRegistry
    function proposeDisposition(
        bytes32 recordId,
        uint16 expectedVersion,
        bytes32 mandate,
        uint48 expiresAt
    ) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, REGISTRAR);
        _requireDisposable(recordId, state);
        _requireExpiry(expiresAt);

        bytes32 traceHead = _traceHead(recordId, stored, state);
        _proposals[recordId] = DispositionProposal(traceHead, mandate, msg.sender, expiresAt);
        emit DispositionProposed(_nextSequence(), recordId, custodian, msg.sender, traceHead, mandate, expiresAt);
    }

    /// @inheritdoc IRecordRegistry
    function confirmDisposition(bytes32 recordId, uint16 expectedVersion) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, STEWARD);
        DispositionProposal memory proposal = _proposals[recordId];
        bytes32 traceHead = _traceHead(recordId, stored, state);
        // Any act since then, a hold placed and released included, has changed what the proposer saw.
        if (proposal.proposer == address(0) || proposal.traceHead != traceHead) {
            revert RecordRegistryNoProposal(recordId);
        }
        if (block.timestamp > proposal.expiresAt) revert RecordRegistryProposalExpired(recordId, proposal.expiresAt);
        if (proposal.proposer == msg.sender) revert RecordRegistrySameOfficer(recordId, msg.sender);
        _requireDisposable(recordId, state);

        delete _proposals[recordId];
        RecordState next = state.touched().withStatus(RecordStates.DISPOSED);
        _writeAct(
            recordId,
            stored,
            next,
            traceHead,
            ActKind.Disposed,
            custodian,
            keccak256(abi.encode(proposal.proposer, proposal.mandate))
        );
        emit Disposed(_nextSequence(), recordId, custodian, msg.sender, next, proposal.proposer, proposal.mandate);
    }

    /// @inheritdoc IRecordRegistry
    function dispositionProposal(bytes32 recordId) external view returns (DispositionProposal memory) {
        return _proposals[recordId];
    }

    function _requireDisposable(bytes32 recordId, RecordState state) private view {
        _requireNotDisposed(recordId, state);
        _requireUnheld(recordId, state);
        _requireNoOpenOffer(recordId, state);
        uint24 retainUntil = state.retainUntil();
        if (retainUntil == RecordStates.RETAIN_FOREVER || block.timestamp / 1 days <= retainUntil) {
            revert RecordRegistryRetained(recordId, retainUntil);
        }
    }
}
