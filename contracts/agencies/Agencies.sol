// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../interfaces/IAgencyRegistry.sol";
import {Roles} from "./Roles.sol";

/// @title Agencies: how they come to be, and the way back from lost keys.
abstract contract Agencies is Roles {
    /// @notice Public delay before an agency's officers can be replaced from outside.
    uint48 public constant AGENCY_REPLACEMENT_DELAY = 7 days;
    /// @notice Time within which a replacement must be executed once it is ready.
    uint48 public constant AGENCY_REPLACEMENT_WINDOW = 30 days;

    uint32 private _agencyCount;
    mapping(uint32 agencyId => string name) private _names;
    mapping(uint32 agencyId => AdminReplacement replacement) private _replacements;

    /// @inheritdoc IAgencyRegistry
    function createAgency(
        string calldata name,
        address admin
    ) external onlyRole(DEFAULT_ADMIN_ROLE) whenOpen returns (uint32 agencyId) {
        _requireName(name);
        agencyId = ++_agencyCount;
        _names[agencyId] = name;
        bytes32 adminRole = agencyRole(AGENCY_ADMIN, agencyId);
        _createRole(adminRole, adminRole, agencyId, KIND_AGENCY_ADMIN);
        _createRole(agencyRole(REGISTRAR, agencyId), adminRole, agencyId, KIND_REGISTRAR);
        _createRole(agencyRole(STEWARD, agencyId), adminRole, agencyId, KIND_STEWARD);
        _createRole(agencyRole(OPERATOR, agencyId), adminRole, agencyId, KIND_OPERATOR);
        _records.onAgencyCreated(agencyId);
        emit AgencyCreated(_nextSequence(), agencyId, name, admin);
        _grantRole(adminRole, admin);
    }

    /// @inheritdoc IAgencyRegistry
    function scheduleAdminReplacement(
        uint32 agencyId,
        address newAdmin
    ) external onlyRole(DEFAULT_ADMIN_ROLE) whenOpen {
        _requireAgency(agencyId);
        if (newAdmin == address(0)) revert AgencyRegistryInvalidAccount(newAdmin);
        uint48 pending = _replacements[agencyId].readyAt;
        // A lapsed announcement stands in nobody's way.
        if (pending != 0 && block.timestamp <= pending + AGENCY_REPLACEMENT_WINDOW) {
            revert AgencyRegistryReplacementPending(agencyId, pending);
        }
        uint48 readyAt = uint48(block.timestamp) + AGENCY_REPLACEMENT_DELAY;
        _replacements[agencyId] = AdminReplacement(newAdmin, readyAt);
        emit AdminReplacementScheduled(_nextSequence(), agencyId, newAdmin, readyAt);
    }

    /// @inheritdoc IAgencyRegistry
    function cancelAdminReplacement(uint32 agencyId) external {
        if (!hasRole(GUARDIAN, msg.sender) && !hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) {
            _checkRole(agencyRole(AGENCY_ADMIN, agencyId));
        }
        AdminReplacement memory replacement = _pendingReplacement(agencyId);
        delete _replacements[agencyId];
        emit AdminReplacementCancelled(_nextSequence(), agencyId, replacement.newAdmin, msg.sender);
    }

    /// @inheritdoc IAgencyRegistry
    function executeAdminReplacement(uint32 agencyId) external onlyRole(DEFAULT_ADMIN_ROLE) whenOpen {
        AdminReplacement memory replacement = _pendingReplacement(agencyId);
        if (block.timestamp < replacement.readyAt) revert AgencyRegistryNotReady(replacement.readyAt);
        uint48 lapsesAt = replacement.readyAt + AGENCY_REPLACEMENT_WINDOW;
        if (block.timestamp > lapsesAt) revert AgencyRegistryLapsed(lapsesAt);
        delete _replacements[agencyId];

        _removeOfficers(agencyId);
        emit AdminReplaced(_nextSequence(), agencyId, replacement.newAdmin);
        _grantRole(agencyRole(AGENCY_ADMIN, agencyId), replacement.newAdmin);
    }

    /// @inheritdoc IAgencyRegistry
    function agencyName(uint32 agencyId) external view returns (string memory) {
        _requireAgency(agencyId);
        return _names[agencyId];
    }

    /// @inheritdoc IAgencyRegistry
    function agencyCount() external view returns (uint32) {
        return _agencyCount;
    }

    /// @inheritdoc IAgencyRegistry
    function adminReplacement(uint32 agencyId) external view returns (AdminReplacement memory) {
        return _replacements[agencyId];
    }

    function _requireAgency(uint32 agencyId) internal view {
        if (agencyId == 0 || agencyId > _agencyCount) revert AgencyRegistryUnknownAgency(agencyId);
    }

    function _pendingReplacement(uint32 agencyId) private view returns (AdminReplacement memory replacement) {
        replacement = _replacements[agencyId];
        if (replacement.readyAt == 0) revert AgencyRegistryNoReplacement(agencyId);
    }
}
