// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../interfaces/IAgencyRegistry.sol";
import {Agencies} from "./Agencies.sol";

/// @title Agencies' public keys, each purpose with epochs.
abstract contract AgencyKeys is Agencies {
    /// @custom:storage-location erc7201:muniment.storage.AgencyKeys
    struct AgencyKeysStorage {
        /// @dev Key: agency id << 8 | purpose.
        mapping(uint256 agencyPurpose => uint32 epoch) epochs;
        /// @dev Key: agency id << 40 | purpose << 32 | epoch.
        mapping(uint256 agencyPurposeEpoch => AgencyKey key) keys;
    }

    /// @dev erc7201("muniment.storage.AgencyKeys")
    bytes32 private constant _AGENCY_KEYS_STORAGE = 0xe8e10d2e4aecf90c7f2f573144cb39de14a35e275e0b057589edc33bb4faa500;

    /// @inheritdoc IAgencyRegistry
    function setAgencyKey(
        uint32 agencyId,
        KeyPurpose purpose,
        bytes32 key
    ) external onlyRole(agencyRole(AGENCY_ADMIN, agencyId)) whenOpen returns (uint32 epoch) {
        if (key == 0) revert AgencyRegistryInvalidKey(agencyId, purpose);
        AgencyKeysStorage storage $ = _agencyKeysStorage();
        epoch = ++$.epochs[_purposeKey(agencyId, purpose)];
        $.keys[_epochKey(agencyId, purpose, epoch)] = AgencyKey(key, uint48(block.timestamp), 0);
        emit AgencyKeySet(_nextSequence(), agencyId, purpose, epoch, key);
    }

    /// @inheritdoc IAgencyRegistry
    function retireAgencyKey(
        uint32 agencyId,
        KeyPurpose purpose,
        uint32 epoch
    ) external onlyRole(agencyRole(AGENCY_ADMIN, agencyId)) whenOpen {
        AgencyKey storage key = _agencyKeysStorage().keys[_epochKey(agencyId, purpose, epoch)];
        if (key.validFrom == 0 || key.retiredAt != 0) revert AgencyRegistryUnknownKey(agencyId, purpose, epoch);
        key.retiredAt = uint48(block.timestamp);
        emit AgencyKeyRetired(_nextSequence(), agencyId, purpose, epoch);
    }

    /// @inheritdoc IAgencyRegistry
    function agencyKeyEpoch(uint32 agencyId, KeyPurpose purpose) external view returns (uint32) {
        return _agencyKeysStorage().epochs[_purposeKey(agencyId, purpose)];
    }

    /// @inheritdoc IAgencyRegistry
    function agencyKey(uint32 agencyId, KeyPurpose purpose, uint32 epoch) external view returns (AgencyKey memory) {
        return _agencyKeysStorage().keys[_epochKey(agencyId, purpose, epoch)];
    }

    function _purposeKey(uint32 agencyId, KeyPurpose purpose) private pure returns (uint256) {
        return (uint256(agencyId) << 8) | uint8(purpose);
    }

    function _epochKey(uint32 agencyId, KeyPurpose purpose, uint32 epoch) private pure returns (uint256) {
        return (uint256(agencyId) << 40) | (uint256(uint8(purpose)) << 32) | epoch;
    }

    function _agencyKeysStorage() private pure returns (AgencyKeysStorage storage $) {
        // Assembly: the only way to place a struct at an ERC-7201 slot.
        assembly ("memory-safe") {
            $.slot := _AGENCY_KEYS_STORAGE
        }
    }
}
