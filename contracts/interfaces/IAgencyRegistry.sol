// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Agency registry: who is who. Agencies, their officers and keys, and the types of records they keep.
/// @notice This interface is the manual. Roles are OpenZeppelin's AccessControl with its rules for one default admin,
/// the *registry admin*. An agency's role id is `keccak256(abi.encode(ROLE, agencyId))` and its AGENCY_ADMIN
/// administers all of its agency's roles: the registry admin cannot enter an agency but by the delayed replacement
/// below.
///
/// The record registry creates this contract in its own constructor and is told of every change of an agency's role
/// and record type in the same transaction: it checks officers in its own storage.
///
/// Every event carries `sequence`, this contract's number of that event, from 1 without gaps. Functions that write
/// revert with the record registry's `RecordRegistryPaused` or `RecordRegistryRetired`; granting, revoking and
/// cancelling go on while paused, so that a stolen key can be shut out. Times are Unix seconds.
///
/// WARNING: Calls may be batched with `multicall`. Never add ERC-2771 forwarding: together they let a forwarder forge
/// the sender.
interface IAgencyRegistry {
    // ------------------------------------------------------------------ types

    /// @notice How a record type may be shared with other agencies: at once, by a steward's decision, or not at all.
    enum Sharing {
        Open,
        Conditional,
        Closed
    }

    /// @notice What an agency's public key is for.
    enum KeyPurpose {
        /// X25519, to which deliveries are encrypted.
        Encryption,
        /// Ed25519, which signs messages and deliveries.
        Messages,
        /// Ed25519, which signs journal checkpoints.
        Checkpoints
    }

    /// @notice A change of the registry admin (OpenZeppelin's AccessControlDefaultAdminRules).
    enum AdminChange {
        TransferBegun,
        TransferCancelled,
        DelayChanged,
        DelayChangeCancelled
    }

    /// @notice One version of a record type.
    /// @param schemaDigest SHA-256 of the canonical schema.
    /// @param retentionDays Days that a record must be kept, from registration or seal; `RETAIN_FOREVER` for ever.
    /// @param sharing How records of the type may be shared.
    /// @param publishedAt When the version was published.
    struct RecordTypeVersion {
        bytes32 schemaDigest;
        uint24 retentionDays;
        Sharing sharing;
        uint48 publishedAt;
    }

    /// @notice A scheduled replacement of an agency's officers by one new admin.
    /// @param newAdmin The account that becomes the only officer.
    /// @param readyAt First second at which it can be executed.
    struct AdminReplacement {
        address newAdmin;
        uint48 readyAt;
    }

    /// @notice One epoch of an agency key.
    /// @param key The 32-byte public key.
    /// @param validFrom When it was set.
    /// @param retiredAt When it was retired, 0 while it is not.
    struct AgencyKey {
        bytes32 key;
        uint48 validFrom;
        uint48 retiredAt;
    }

    // ------------------------------------------------------------------ events

    /// @notice An agency was created.
    event AgencyCreated(uint64 sequence, uint32 indexed agencyId, string name, address admin);
    /// @notice An account was given a role; `agencyId` is 0 for roles of the whole registry.
    event RoleAssigned(
        uint64 sequence, uint32 indexed agencyId, bytes32 indexed role, address indexed account, address by
    );
    /// @notice A role was taken from an account or renounced by it.
    event RoleRemoved(
        uint64 sequence, uint32 indexed agencyId, bytes32 indexed role, address indexed account, address by
    );
    /// @notice The registry admin announced that an agency's officers will be replaced.
    event AdminReplacementScheduled(uint64 sequence, uint32 indexed agencyId, address newAdmin, uint48 readyAt);
    /// @notice An announced replacement was cancelled.
    event AdminReplacementCancelled(uint64 sequence, uint32 indexed agencyId, address newAdmin, address by);
    /// @notice All officers of an agency were removed; `newAdmin` is now the only one.
    event AdminReplaced(uint64 sequence, uint32 indexed agencyId, address newAdmin);
    /// @notice The registry admin began, cancelled or delayed a handing over of its own role.
    event RegistryAdminChanged(uint64 sequence, AdminChange change, address account, uint48 value);
    /// @notice An agency key entered a new epoch.
    event AgencyKeySet(uint64 sequence, uint32 indexed agencyId, KeyPurpose indexed purpose, uint32 epoch, bytes32 key);
    /// @notice An epoch of an agency key is no longer to be used.
    event AgencyKeyRetired(uint64 sequence, uint32 indexed agencyId, KeyPurpose indexed purpose, uint32 epoch);
    /// @notice Writing stopped.
    event RegistryPaused(uint64 sequence, address account, string reason);
    /// @notice Writing goes on.
    event RegistryUnpaused(uint64 sequence, address account);

    /// @notice The registry admin announced that a successor will come.
    event SuccessionScheduled(uint64 sequence, uint48 readyAt);
    /// @notice The successor is named; its root is open to everybody's recomputation until `finalAt`.
    event SuccessorNamed(uint64 sequence, address indexed successor, bytes32 finalStatesRoot, uint48 finalAt);
    /// @notice The succession was called off.
    event SuccessionCancelled(uint64 sequence, address by);
    /// @notice A record type's version was published; version 1 creates the type.
    event RecordTypePublished(
        uint64 sequence,
        uint32 indexed agencyId,
        uint16 indexed typeId,
        uint16 version,
        bytes32 schemaDigest,
        uint24 retentionDays,
        Sharing sharing,
        string name
    );

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a role is granted that no agency and not the registry has.
    error AgencyRegistryUnknownRole(bytes32 role);
    /// @notice Thrown when an account would hold OPERATOR together with another role.
    error AgencyRegistryOperatorExclusive(address account, bytes32 role);
    /// @notice Thrown when the last holder of AGENCY_ADMIN or GUARDIAN would lose it.
    error AgencyRegistryLastHolder(bytes32 role, address account);
    /// @notice Thrown when an agency would have more than `limit` role memberships.
    error AgencyRegistryTooManyOfficers(uint32 agencyId, uint256 limit);
    /// @notice Thrown when an account is zero or otherwise impossible in its place.
    error AgencyRegistryInvalidAccount(address account);
    /// @notice Thrown when no agency has the id.
    error AgencyRegistryUnknownAgency(uint32 agencyId);
    /// @notice Thrown when a name is empty or longer than `limit` bytes.
    error AgencyRegistryInvalidName(uint256 length, uint256 limit);
    /// @notice Thrown when a replacement of the agency's admin is already announced.
    error AgencyRegistryReplacementPending(uint32 agencyId, uint48 readyAt);
    /// @notice Thrown when no replacement of the agency's admin is announced.
    error AgencyRegistryNoReplacement(uint32 agencyId);
    /// @notice Thrown when a public delay still runs.
    error AgencyRegistryNotReady(uint48 readyAt);
    /// @notice Thrown when what was announced was not carried out in time.
    error AgencyRegistryLapsed(uint48 lapsedAt);
    /// @notice Thrown when a key is zero.
    error AgencyRegistryInvalidKey(uint32 agencyId, KeyPurpose purpose);
    /// @notice Thrown when the agency has no such epoch of a key, or it is retired already.
    error AgencyRegistryUnknownKey(uint32 agencyId, KeyPurpose purpose, uint32 epoch);

    /// @notice Thrown when unpausing, or naming a successor, while the registry is not paused.
    error AgencyRegistryNotPaused();
    /// @notice Thrown when a succession is under way.
    error AgencyRegistrySuccessionPending(uint48 readyAt);
    /// @notice Thrown when no succession is under way, or no successor is named.
    error AgencyRegistryNoSuccession();
    /// @notice Thrown when the named contract does not succeed this registry.
    error AgencyRegistryNotASuccessor(address successor);
    /// @notice Thrown when the agency has no such record type.
    error AgencyRegistryUnknownRecordType(uint32 agencyId, uint16 typeId);
    /// @notice Thrown when a retention period is longer than can be stored.
    error AgencyRegistryInvalidRetention(uint24 retentionDays, uint24 limit);
    /// @notice Thrown when a schema digest is zero.
    error AgencyRegistryInvalidSchemaDigest();
    /// @notice Thrown when an agency has as many record types, or a type as many versions, as can be counted.
    error AgencyRegistryLimitReached(string what, uint256 limit);

    // ------------------------------------------------------------------ agencies and roles

    /// @notice Creates the next agency, with its first admin.
    /// @dev Only the registry admin. The agency's roles are administered by its AGENCY_ADMIN alone.
    /// @param name Public name, 1 to 64 bytes of UTF-8.
    /// @param admin First AGENCY_ADMIN.
    /// @return agencyId From 1, without gaps.
    function createAgency(string calldata name, address admin) external returns (uint32 agencyId);

    /// @notice Announces that, after `AGENCY_REPLACEMENT_DELAY`, all officers of the agency give way to `newAdmin`.
    /// The way back from lost keys.
    /// @dev Only the registry admin. WARNING: the only way into an agency from outside. An agency that has not asked
    /// for it must cancel within the delay; watch `AdminReplacementScheduled`.
    function scheduleAdminReplacement(uint32 agencyId, address newAdmin) external;

    /// @notice Calls off an announced replacement. Works while paused.
    /// @dev An AGENCY_ADMIN of the agency, a GUARDIAN, or the registry admin.
    function cancelAdminReplacement(uint32 agencyId) external;

    /// @notice Removes every officer of the agency and makes the announced account its only AGENCY_ADMIN.
    /// @dev Only the registry admin, from `readyAt` for `AGENCY_REPLACEMENT_WINDOW`.
    function executeAdminReplacement(uint32 agencyId) external;

    /// @notice Sets the agency's next key for a purpose.
    /// @dev Only AGENCY_ADMIN. Earlier epochs stay valid for what was made under them until retired.
    /// @return epoch From 1, without gaps, per purpose.
    function setAgencyKey(uint32 agencyId, KeyPurpose purpose, bytes32 key) external returns (uint32 epoch);

    /// @notice Says that an epoch of a key is no longer to be used.
    /// @dev Only AGENCY_ADMIN. Cannot be undone.
    function retireAgencyKey(uint32 agencyId, KeyPurpose purpose, uint32 epoch) external;

    // ------------------------------------------------------------------ record types

    /// @notice Creates the agency's next record type, with its version 1.
    /// @dev Only AGENCY_ADMIN.
    /// @param name Public name, 1 to 64 bytes of UTF-8.
    /// @param schemaDigest SHA-256 of the canonical schema.
    /// @param retentionDays Days that a record must be kept; `RETAIN_FOREVER` for ever.
    /// @return typeId From 1, without gaps, per agency.
    function createRecordType(
        uint32 agencyId,
        string calldata name,
        bytes32 schemaDigest,
        uint24 retentionDays,
        Sharing sharing
    ) external returns (uint16 typeId);

    /// @notice Publishes the next version of a record type. Versions are immutable; new records name the latest.
    /// @dev Only AGENCY_ADMIN.
    /// @return version The new version.
    function publishRecordType(
        uint32 agencyId,
        uint16 typeId,
        string calldata name,
        bytes32 schemaDigest,
        uint24 retentionDays,
        Sharing sharing
    ) external returns (uint16 version);

    // ------------------------------------------------------------------ pausing

    /// @notice Stops all writing, for a public reason. Reading, granting, revoking and cancelling go on, so that a
    /// stolen key can be shut out while nothing else happens.
    /// @dev Only PAUSER.
    function pause(string calldata reason) external;

    /// @notice Lets writing go on, and forgets a successor that was named but is not final.
    /// @dev Only UNPAUSER.
    function unpause() external;

    // ------------------------------------------------------------------ succession

    /// @notice Announces a successor, to be named after `SUCCESSION_DELAY`.
    /// @dev Only the registry admin.
    function scheduleSuccession() external;

    /// @notice Names the successor, which must be deployed with this registry's lineage and the tree head over its
    /// final states; everybody can recompute it for `SUCCESSION_REVIEW`.
    /// @dev Only the registry admin, while paused, within `SUCCESSION_WINDOW` after the delay. Unpausing forgets the
    /// name.
    function nameSuccessor(address successor) external;

    /// @notice Calls a succession off. Works while paused.
    /// @dev A GUARDIAN or the registry admin.
    function cancelSuccession() external;

    /// @notice Retires the registry for ever.
    /// @dev Only the registry admin, after the review, still paused. WARNING: cannot be undone.
    function finaliseSuccession() external;

    // ------------------------------------------------------------------ reading

    /// @notice The record registry that created this contract and is told of its changes.
    function recordRegistry() external view returns (address);

    /// @notice The number of the last event.
    function sequence() external view returns (uint64);

    /// @notice Reverts with `AccessControlUnauthorizedAccount` unless the account has the role.
    function checkRole(bytes32 role, address account) external view;

    /// @notice The role id that `role` (for example AGENCY_ADMIN) has for one agency.
    function agencyRole(bytes32 role, uint32 agencyId) external pure returns (bytes32);

    /// @notice The role id that the record registry's role number stands for: 1 AGENCY_ADMIN, 2 REGISTRAR, 3 STEWARD,
    /// 4 OPERATOR of the agency, else HOLD_AUTHORITY.
    function roleOfKind(uint8 kind, uint32 agencyId) external pure returns (bytes32);

    /// @notice An agency's name; reverts when there is no such agency.
    function agencyName(uint32 agencyId) external view returns (string memory);

    /// @notice How many agencies there are; ids run from 1 to this.
    function agencyCount() external view returns (uint32);

    /// @notice The agency's role memberships, in no order. Bits 0-159 of each hold the account, bits 160-167 the role
    /// (1 AGENCY_ADMIN, 2 REGISTRAR, 3 STEWARD, 4 OPERATOR), bits 168-199 the agency.
    function officers(uint32 agencyId) external view returns (bytes32[] memory);

    /// @notice The announced replacement of an agency's admin; zeros when there is none.
    function adminReplacement(uint32 agencyId) external view returns (AdminReplacement memory);

    /// @notice The current epoch of an agency key; 0 when it has none.
    function agencyKeyEpoch(uint32 agencyId, KeyPurpose purpose) external view returns (uint32);

    /// @notice One epoch of an agency key; zeros when there is none.
    function agencyKey(uint32 agencyId, KeyPurpose purpose, uint32 epoch) external view returns (AgencyKey memory);

    /// @notice How many record types the agency has.
    function recordTypeCount(uint32 agencyId) external view returns (uint16);

    /// @notice The latest version of a record type; 0 when there is none.
    function latestTypeVersion(uint32 agencyId, uint16 typeId) external view returns (uint16);

    /// @notice A version of a record type; zeros when there is none.
    function recordType(
        uint32 agencyId,
        uint16 typeId,
        uint16 version
    ) external view returns (RecordTypeVersion memory);

    /// @notice The succession under way: when a successor can be named, the one named, and when it becomes final.
    function succession() external view returns (uint48 readyAt, address candidate, uint48 finalAt);
}
