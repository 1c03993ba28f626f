// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../interfaces/IAgencyRegistry.sol";
import {RecordStates} from "../libraries/RecordState.sol";
import {AgencyKeys} from "./AgencyKeys.sol";

/// @title Record types: what an agency keeps, how long, and how it may be shared.
abstract contract RecordTypes is AgencyKeys {
    /// @notice A retention period without end.
    uint24 public constant RETAIN_FOREVER = RecordStates.RETAIN_FOREVER;

    mapping(uint32 agencyId => uint16 count) private _typeCounts;
    /// @dev Key: agency id << 16 | type id.
    mapping(uint256 agencyType => uint16 version) private _latestVersions;
    /// @dev Key: agency id << 32 | type id << 16 | version.
    mapping(uint256 agencyTypeVersion => RecordTypeVersion version) private _versions;

    /// @inheritdoc IAgencyRegistry
    function createRecordType(
        uint32 agencyId,
        string calldata name,
        bytes32 schemaDigest,
        uint24 retentionDays,
        Sharing sharing
    ) external onlyRole(agencyRole(AGENCY_ADMIN, agencyId)) whenOpen returns (uint16 typeId) {
        uint16 count = _typeCounts[agencyId];
        if (count == type(uint16).max) revert AgencyRegistryLimitReached("types", count);
        typeId = count + 1;
        _typeCounts[agencyId] = typeId;
        _publish(agencyId, typeId, name, RecordTypeVersion(schemaDigest, retentionDays, sharing, 0));
    }

    /// @inheritdoc IAgencyRegistry
    function publishRecordType(
        uint32 agencyId,
        uint16 typeId,
        string calldata name,
        bytes32 schemaDigest,
        uint24 retentionDays,
        Sharing sharing
    ) external onlyRole(agencyRole(AGENCY_ADMIN, agencyId)) whenOpen returns (uint16 version) {
        if (typeId == 0 || typeId > _typeCounts[agencyId]) revert AgencyRegistryUnknownRecordType(agencyId, typeId);
        return _publish(agencyId, typeId, name, RecordTypeVersion(schemaDigest, retentionDays, sharing, 0));
    }

    /// @inheritdoc IAgencyRegistry
    function recordTypeCount(uint32 agencyId) external view returns (uint16) {
        return _typeCounts[agencyId];
    }

    /// @inheritdoc IAgencyRegistry
    function latestTypeVersion(uint32 agencyId, uint16 typeId) external view returns (uint16) {
        return _latestVersions[_typeKey(agencyId, typeId)];
    }

    /// @inheritdoc IAgencyRegistry
    function recordType(
        uint32 agencyId,
        uint16 typeId,
        uint16 version
    ) external view returns (RecordTypeVersion memory) {
        return _versions[_versionKey(agencyId, typeId, version)];
    }

    function _publish(
        uint32 agencyId,
        uint16 typeId,
        string calldata name,
        RecordTypeVersion memory published
    ) private returns (uint16 version) {
        _requireName(name);
        if (published.schemaDigest == 0) revert AgencyRegistryInvalidSchemaDigest();
        if (published.retentionDays > RETAIN_FOREVER) {
            revert AgencyRegistryInvalidRetention(published.retentionDays, RETAIN_FOREVER);
        }
        version = _latestVersions[_typeKey(agencyId, typeId)];
        if (version == RecordStates.MAX_TYPE_VERSION) revert AgencyRegistryLimitReached("versions", version);
        ++version;
        _latestVersions[_typeKey(agencyId, typeId)] = version;
        published.publishedAt = uint48(block.timestamp);
        _versions[_versionKey(agencyId, typeId, version)] = published;
        _records.onRecordTypePublished(agencyId, typeId, version, published.retentionDays);
        emit RecordTypePublished(
            _nextSequence(),
            agencyId,
            typeId,
            version,
            published.schemaDigest,
            published.retentionDays,
            published.sharing,
            name
        );
    }

    function _typeKey(uint32 agencyId, uint16 typeId) private pure returns (uint256) {
        return (uint256(agencyId) << 16) | typeId;
    }

    function _versionKey(uint32 agencyId, uint16 typeId, uint16 version) private pure returns (uint256) {
        return (uint256(agencyId) << 32) | (uint256(typeId) << 16) | version;
    }
}
