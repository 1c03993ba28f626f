// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Share registry: who may read what of another agency's records, for which purpose, until when.
/// @notice This interface is the manual. A share is requested, then granted or denied; a grant ends by revocation, by
/// expiry, or with the granter's custody of the record. Its scope is one record, of which only a salted commitment is
/// on chain, or a whole record type of the granter, an *agreement*. Terms (purpose, legal basis, fields, onward
/// sharing) stay private: only their salted commitment is on chain.
///
/// The contract asks the agency registry for officers and the record registry for custody and the pause: it reverts
/// with their errors. Every event carries `sequence`, this contract's number of that event, from 1 without gaps. Times
/// are Unix seconds.
///
/// WARNING: that agency A asked agency B, when, and of which record type, is public.
interface IShareRegistry {
    /// @notice Where a share stands. Expiry and custody are not statuses: ask `isInForce` or `covers`.
    enum ShareStatus {
        None,
        Requested,
        Granted,
        Denied,
        Revoked
    }

    /// @notice One share.
    /// @param requester Agency that asks.
    /// @param granter Agency that is asked.
    /// @param typeId Record type of the granter in an agreement, 0 for a share of one record.
    /// @param status Where it stands.
    /// @param respondBy Last second at which the request can be decided.
    /// @param expiresAt Last second of the grant; before it is granted, the one asked for.
    /// @param scope keccak256(abi.encode(recordId, salt)) for a share of one record, 0 in an agreement.
    /// @param terms Salted commitment of the terms, as asked for or as granted.
    struct Share {
        uint32 requester;
        uint32 granter;
        uint16 typeId;
        ShareStatus status;
        uint48 respondBy;
        uint48 expiresAt;
        bytes32 scope;
        bytes32 terms;
    }

    /// @notice A share was asked for.
    event ShareRequested(
        uint64 sequence,
        bytes32 indexed shareId,
        uint32 indexed requester,
        uint32 indexed granter,
        address account,
        uint16 typeId,
        bytes32 scope,
        bytes32 terms,
        uint48 respondBy,
        uint48 expiresAt
    );
    /// @notice A share was granted; by the type's sharing attribute when `account` is the requester's officer.
    event ShareGranted(
        uint64 sequence, bytes32 indexed shareId, address account, bytes32 terms, uint48 expiresAt
    );
    /// @notice A request was denied.
    event ShareDenied(uint64 sequence, bytes32 indexed shareId, address account, uint16 reason);
    /// @notice A grant was revoked.
    event ShareRevoked(uint64 sequence, bytes32 indexed shareId, address account, uint16 reason);
    /// @notice A delivery arrived: the receipt.
    event DeliveryAcknowledged(
        uint64 sequence, bytes32 indexed shareId, bytes32 indexed deliveryDigest, address account
    );

    /// @notice Thrown when no share has the id.
    error ShareRegistryUnknownShare(bytes32 shareId);
    /// @notice Thrown when the share's status does not allow the step.
    error ShareRegistryWrongStatus(bytes32 shareId, ShareStatus status);
    /// @notice Thrown when a scope names neither or both of a record and a record type.
    error ShareRegistryInvalidScope(uint16 typeId, bytes32 scope);
    /// @notice Thrown when the granter has no such record type.
    error ShareRegistryUnknownRecordType(uint32 granter, uint16 typeId);
    /// @notice Thrown when the record type is closed to sharing.
    error ShareRegistryClosedType(uint32 granter, uint16 typeId);
    /// @notice Thrown when the granter does not exist or is the requester.
    error ShareRegistryInvalidGranter(uint32 granter);
    /// @notice Thrown when terms are zero.
    error ShareRegistryInvalidTerms();
    /// @notice Thrown when a time lies in the past.
    error ShareRegistryInvalidExpiry(uint48 given, uint48 earliest);
    /// @notice Thrown when the time to decide is over.
    error ShareRegistryRequestExpired(bytes32 shareId, uint48 respondBy);
    /// @notice Thrown when a delivery's digest is zero or acknowledged already.
    error ShareRegistryInvalidDelivery(bytes32 shareId, bytes32 deliveryDigest);

    /// @notice Asks for a share. Of an open record type it is granted at once, of a closed one refused.
    /// @dev STEWARD of the requester.
    /// @param requester The asking agency.
    /// @param granter The agency asked.
    /// @param typeId Record type of the granter for an agreement, 0 for one record.
    /// @param scope keccak256(abi.encode(recordId, salt)) for one record, 0 for an agreement.
    /// @param terms Salted commitment of purpose, legal basis, fields and onward sharing.
    /// @param respondBy Last second at which the granter can decide.
    /// @param expiresAt Last second of the grant asked for.
    /// @return shareId Derived from chain, contract and the event's sequence number.
    function requestShare(
        uint32 requester,
        uint32 granter,
        uint16 typeId,
        bytes32 scope,
        bytes32 terms,
        uint48 respondBy,
        uint48 expiresAt
    ) external returns (bytes32 shareId);

    /// @notice Grants a request, on the terms and until the time named here.
    /// @dev STEWARD of the granter.
    function grantShare(bytes32 shareId, bytes32 terms, uint48 expiresAt) external;

    /// @notice Denies a request.
    /// @dev STEWARD of the granter.
    /// @param reason Code of the reason (docs/SPEC.md).
    function denyShare(bytes32 shareId, uint16 reason) external;

    /// @notice Ends a grant.
    /// @dev STEWARD of the granter.
    /// @param reason Code of the reason (docs/SPEC.md).
    function revokeShare(bytes32 shareId, uint16 reason) external;

    /// @notice Acknowledges that a delivery arrived, also after the grant has ended.
    /// @dev STEWARD of the requester.
    /// @param deliveryDigest The delivery's envelope digest: SHA-256 of the signed statement and its signature
    /// (docs/spec/exchange.md).
    function acknowledgeDelivery(bytes32 shareId, bytes32 deliveryDigest) external;

    /// @notice The record registry that is asked for custody.
    function recordRegistry() external view returns (address);

    /// @notice The number of the last event.
    function sequence() external view returns (uint64);

    /// @notice One share; zeros when there is none.
    function share(bytes32 shareId) external view returns (Share memory);

    /// @notice When a delivery was acknowledged; 0 when it was not.
    function acknowledgedAt(bytes32 shareId, bytes32 deliveryDigest) external view returns (uint48);

    /// @notice Whether the share is granted and has not expired. Custody is not checked: see `covers`.
    function isInForce(bytes32 shareId) external view returns (bool);

    /// @notice Whether the share lets the requester read the record now: in force, the record within its scope, and in
    /// the granter's custody.
    /// @param salt Opens the scope of a share of one record; ignored in an agreement.
    function covers(bytes32 shareId, bytes32 recordId, bytes32 salt) external view returns (bool);
}
