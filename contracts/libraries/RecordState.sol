// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice The packed facts of a record, one storage slot. From the least significant bit:
///
/// | bits | field | meaning |
/// | --- | --- | --- |
/// | 0-31 | issuer | agency that registered the record; its id space and record types govern it |
/// | 32-63 | custodian | agency that may act on it |
/// | 64-95 | offeredTo | agency to which custody is offered, 0 for none |
/// | 96-131 | offerExpiresAt | last second of the offer |
/// | 132-147 | typeId | record type of the issuer |
/// | 148-159 | typeVersion | version of the type that the content was checked against |
/// | 160-175 | version | version of the content, from 1 |
/// | 176-183 | algorithm | of the commitment: 1 SHA-256, 2 SM3 |
/// | 184-187 | status | 0 none, 1 in force, 2 superseded, 3 revoked, 4 disposed |
/// | 188-199 | holdCount | holds that stand |
/// | 200-235 | updatedAt | block time of the last act |
/// | 236-255 | retainUntil | last day (since 1970) on which it must be kept; all ones for ever |
type RecordState is uint256;

using RecordStates for RecordState global;

/// @title Reading and changing a `RecordState`.
/// @dev Shifts rather than a packed struct: one load and one store an act, and the layout is a format of its own
/// that evidence proves.
library RecordStates {
    uint8 internal constant NONE = 0;
    uint8 internal constant IN_FORCE = 1;
    uint8 internal constant SUPERSEDED = 2;
    uint8 internal constant REVOKED = 3;
    uint8 internal constant DISPOSED = 4;

    uint24 internal constant RETAIN_FOREVER = 0xFFFFF;
    /// @dev Fewer than the field can count: a successor adopts a record with all its holds in one transaction.
    uint16 internal constant MAX_HOLDS = 255;
    uint16 internal constant MAX_TYPE_VERSION = 0xFFF;

    uint256 private constant _OFFER_MASK = ((1 << 68) - 1) << 64;
    uint256 private constant _CUSTODIAN_MASK = 0xFFFFFFFF << 32;
    uint256 private constant _CONTENT_MASK = ((1 << 36) - 1) << 148;
    uint256 private constant _STATUS_MASK = 0xF << 184;
    uint256 private constant _HOLD_MASK = 0xFFF << 188;
    uint256 private constant _UPDATED_MASK = ((1 << 36) - 1) << 200;
    uint256 private constant _RETAIN_MASK = uint256(0xFFFFF) << 236;

    /// @dev The state of a record of version 1 in force; the callers have checked `typeVersion_` <= MAX_TYPE_VERSION.
    function create(
        uint32 agencyId,
        uint16 typeId_,
        uint16 typeVersion_,
        uint8 algorithm_,
        uint24 retainUntil_
    ) internal view returns (RecordState) {
        return RecordState.wrap(
            uint256(agencyId) | (uint256(agencyId) << 32) | (uint256(typeId_) << 132) | (uint256(typeVersion_) << 148)
                | (1 << 160) | (uint256(algorithm_) << 176) | (uint256(IN_FORCE) << 184) | (block.timestamp << 200)
                | (uint256(retainUntil_) << 236)
        );
    }

    function issuer(RecordState self) internal pure returns (uint32) {
        return uint32(RecordState.unwrap(self));
    }

    function custodian(RecordState self) internal pure returns (uint32) {
        return uint32(RecordState.unwrap(self) >> 32);
    }

    function offeredTo(RecordState self) internal pure returns (uint32) {
        return uint32(RecordState.unwrap(self) >> 64);
    }

    function offerExpiresAt(RecordState self) internal pure returns (uint48) {
        return uint48((RecordState.unwrap(self) >> 96) & ((1 << 36) - 1));
    }

    function typeId(RecordState self) internal pure returns (uint16) {
        return uint16(RecordState.unwrap(self) >> 132);
    }

    function typeVersion(RecordState self) internal pure returns (uint16) {
        return uint16((RecordState.unwrap(self) >> 148) & 0xFFF);
    }

    function version(RecordState self) internal pure returns (uint16) {
        return uint16(RecordState.unwrap(self) >> 160);
    }

    function algorithm(RecordState self) internal pure returns (uint8) {
        return uint8(RecordState.unwrap(self) >> 176);
    }

    function status(RecordState self) internal pure returns (uint8) {
        return uint8((RecordState.unwrap(self) >> 184) & 0xF);
    }

    function holdCount(RecordState self) internal pure returns (uint16) {
        return uint16((RecordState.unwrap(self) >> 188) & 0xFFF);
    }

    function retainUntil(RecordState self) internal pure returns (uint24) {
        return uint24(RecordState.unwrap(self) >> 236);
    }

    /// @dev No act has ever touched the record, not even a hold.
    function isEmpty(RecordState self) internal pure returns (bool) {
        return RecordState.unwrap(self) == 0;
    }

    /// @dev What every hash contains: offers are no acts.
    function withoutOffer(RecordState self) internal pure returns (RecordState) {
        return RecordState.wrap(RecordState.unwrap(self) & ~_OFFER_MASK);
    }

    function withOffer(RecordState self, uint32 toAgency, uint48 expiresAt) internal pure returns (RecordState) {
        return RecordState.wrap(
            (RecordState.unwrap(self) & ~_OFFER_MASK) | (uint256(toAgency) << 64) | (uint256(expiresAt) << 96)
        );
    }

    /// @dev Every act closes an open offer and takes the block's time.
    function touched(RecordState self) internal view returns (RecordState) {
        return RecordState.wrap(
            (RecordState.unwrap(self) & ~(_OFFER_MASK | _UPDATED_MASK)) | (block.timestamp << 200)
        );
    }

    function withStatus(RecordState self, uint8 status_) internal pure returns (RecordState) {
        return RecordState.wrap((RecordState.unwrap(self) & ~_STATUS_MASK) | (uint256(status_) << 184));
    }

    function withCustodian(RecordState self, uint32 agencyId) internal pure returns (RecordState) {
        return RecordState.wrap((RecordState.unwrap(self) & ~_CUSTODIAN_MASK) | (uint256(agencyId) << 32));
    }

    function withHoldCount(RecordState self, uint16 count) internal pure returns (RecordState) {
        return RecordState.wrap((RecordState.unwrap(self) & ~_HOLD_MASK) | (uint256(count) << 188));
    }

    /// @dev Type version, content version and algorithm lie side by side and change together.
    function withContent(
        RecordState self,
        uint16 typeVersion_,
        uint16 version_,
        uint8 algorithm_
    ) internal pure returns (RecordState) {
        return RecordState.wrap(
            (RecordState.unwrap(self) & ~_CONTENT_MASK) | (uint256(typeVersion_) << 148) | (uint256(version_) << 160)
                | (uint256(algorithm_) << 176)
        );
    }

    function withRetainUntil(RecordState self, uint24 day) internal pure returns (RecordState) {
        return RecordState.wrap((RecordState.unwrap(self) & ~_RETAIN_MASK) | (uint256(day) << 236));
    }

    /// @dev The last day of a retention that starts at `time`; saturates at RETAIN_FOREVER.
    function retentionEnd(uint256 time, uint24 retentionDays) internal pure returns (uint24) {
        uint256 day = time / 1 days + retentionDays;
        return day > RETAIN_FOREVER ? RETAIN_FOREVER : uint24(day);
    }
}
