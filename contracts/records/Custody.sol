// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {RecordState} from "../libraries/RecordState.sol";
import {Records} from "./Records.sol";

/// @title Custody: offered by one agency, accepted by another, never taken.
abstract contract Custody is Records {
    /// @inheritdoc IRecordRegistry
    function offerCustody(
        bytes32 recordId,
        uint16 expectedVersion,
        uint32 toAgency,
        uint48 expiresAt
    ) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 custodian = state.custodian();
        _requireOfficer(custodian, STEWARD);
        _requireNotDisposed(recordId, state);
        _requireNoOpenOffer(recordId, state);
        if (toAgency == custodian) revert RecordRegistryOfferToCustodian(recordId, toAgency);
        _requireAgency(toAgency);
        _requireExpiry(expiresAt);

        stored.state = state.withOffer(toAgency, expiresAt);
        emit CustodyOffered(_nextSequence(), recordId, custodian, toAgency, msg.sender, expiresAt);
    }

    /// @inheritdoc IRecordRegistry
    function acceptCustody(
        bytes32 recordId,
        uint16 expectedVersion,
        bytes32 expectedCommitment,
        bytes32 expectedTraceHead
    ) external whenOpen {
        (Record storage stored, RecordState state) = _recordForChange(recordId, expectedVersion);
        uint32 toAgency = _requireOffer(recordId, state);
        _requireOfficer(toAgency, STEWARD);
        if (block.timestamp > state.offerExpiresAt()) {
            revert RecordRegistryOfferExpired(recordId, state.offerExpiresAt());
        }
        bytes32 commitment = stored.commitment;
        bytes32 traceHead = _traceHead(recordId, stored, state);
        if (commitment != expectedCommitment || traceHead != expectedTraceHead) {
            revert RecordRegistryStaleTrace(recordId, commitment, traceHead);
        }
        _requireUnheld(recordId, state);

        uint32 fromAgency = state.custodian();
        RecordState next = state.touched().withCustodian(toAgency);
        _writeAct(
            recordId, stored, next, traceHead, ActKind.Transferred, toAgency, bytes32(uint256(fromAgency))
        );
        emit Transferred(_nextSequence(), recordId, toAgency, msg.sender, next, fromAgency);
    }

    /// @inheritdoc IRecordRegistry
    function declineCustody(bytes32 recordId) external whenOpen {
        (Record storage stored, RecordState state) = _knownRecord(recordId);
        _closeOffer(recordId, stored, state, _requireOffer(recordId, state));
    }

    /// @inheritdoc IRecordRegistry
    function withdrawCustody(bytes32 recordId) external whenOpen {
        (Record storage stored, RecordState state) = _knownRecord(recordId);
        _requireOffer(recordId, state);
        _closeOffer(recordId, stored, state, state.custodian());
    }

    /// @dev An offer that has expired stands in nobody's way.
    function _requireNoOpenOffer(bytes32 recordId, RecordState state) internal view {
        uint32 offeredTo = state.offeredTo();
        if (offeredTo != 0 && block.timestamp <= state.offerExpiresAt()) {
            revert RecordRegistryOfferOpen(recordId, offeredTo);
        }
    }

    function _closeOffer(bytes32 recordId, Record storage stored, RecordState state, uint32 agencyId) private {
        _requireOfficer(agencyId, STEWARD);
        stored.state = state.withoutOffer();
        emit CustodyOfferClosed(_nextSequence(), recordId, agencyId, msg.sender);
    }

    function _requireOffer(bytes32 recordId, RecordState state) private pure returns (uint32 offeredTo) {
        offeredTo = state.offeredTo();
        if (offeredTo == 0) revert RecordRegistryNoOffer(recordId);
    }
}
