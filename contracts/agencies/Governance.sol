// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";
import {RecordTypes} from "./RecordTypes.sol";

/// @title What concerns the registry as a whole: the pause, and the end in the open.
abstract contract Governance is RecordTypes {
    struct Plan {
        uint48 readyAt;
        uint48 finalAt;
        address candidate;
    }

    /// @notice Public delay before a successor can be named.
    uint48 public constant SUCCESSION_DELAY = 30 days;
    /// @notice Time within which a successor must be named once the delay is over.
    uint48 public constant SUCCESSION_WINDOW = 30 days;
    /// @notice Time in which everybody can recompute the named successor's root before it is final.
    uint48 public constant SUCCESSION_REVIEW = 3 days;

    Plan private _plan;

    /// @inheritdoc IAgencyRegistry
    function pause(string calldata reason) external onlyRole(PAUSER) whenOpen {
        _records.onPaused(uint48(block.timestamp));
        emit RegistryPaused(_nextSequence(), msg.sender, reason);
    }

    /// @inheritdoc IAgencyRegistry
    function unpause() external onlyRole(UNPAUSER) {
        _requirePaused();
        _requireNotRetired();
        // The final states under a named successor's root are final only while nobody writes.
        _plan.candidate = address(0);
        _records.onPaused(0);
        emit RegistryUnpaused(_nextSequence(), msg.sender);
    }

    /// @inheritdoc IAgencyRegistry
    function scheduleSuccession() external onlyRole(DEFAULT_ADMIN_ROLE) whenOpen {
        uint48 pending = _plan.readyAt;
        // A lapsed announcement stands in nobody's way.
        if (pending != 0 && block.timestamp <= pending + SUCCESSION_WINDOW) {
            revert AgencyRegistrySuccessionPending(pending);
        }
        uint48 readyAt = uint48(block.timestamp) + SUCCESSION_DELAY;
        _plan = Plan(readyAt, 0, address(0));
        emit SuccessionScheduled(_nextSequence(), readyAt);
    }

    /// @inheritdoc IAgencyRegistry
    function nameSuccessor(address successor) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _requirePaused();
        _requireNotRetired();
        uint48 readyAt = _plan.readyAt;
        if (readyAt == 0) revert AgencyRegistryNoSuccession();
        if (block.timestamp < readyAt) revert AgencyRegistryNotReady(readyAt);
        uint48 lapsesAt = readyAt + SUCCESSION_WINDOW;
        if (block.timestamp > lapsesAt) revert AgencyRegistryLapsed(lapsesAt);
        if (successor.code.length == 0) revert AgencyRegistryNotASuccessor(successor);
        IRecordRegistry.Origin memory origin = IRecordRegistry(successor).origin();
        if (origin.predecessor != address(_records) || origin.lineage != _records.origin().lineage) {
            revert AgencyRegistryNotASuccessor(successor);
        }
        uint48 finalAt = uint48(block.timestamp) + SUCCESSION_REVIEW;
        _plan = Plan(readyAt, finalAt, successor);
        emit SuccessorNamed(_nextSequence(), successor, origin.finalStatesRoot, finalAt);
    }

    /// @inheritdoc IAgencyRegistry
    function cancelSuccession() external {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN);
        _requireNotRetired();
        if (_plan.readyAt == 0) revert AgencyRegistryNoSuccession();
        delete _plan;
        emit SuccessionCancelled(_nextSequence(), msg.sender);
    }

    /// @inheritdoc IAgencyRegistry
    function finaliseSuccession() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _requireNotRetired();
        Plan memory plan = _plan;
        if (plan.candidate == address(0)) revert AgencyRegistryNoSuccession();
        if (block.timestamp < plan.finalAt) revert AgencyRegistryNotReady(plan.finalAt);
        _records.onSucceeded(plan.candidate);
    }

    /// @inheritdoc IAgencyRegistry
    function succession() external view returns (uint48 readyAt, address candidate, uint48 finalAt) {
        return (_plan.readyAt, _plan.candidate, _plan.finalAt);
    }

    function _requirePaused() private view {
        if (_records.pausedSince() == 0) revert AgencyRegistryNotPaused();
    }

    function _requireNotRetired() private view {
        address successor = _records.successor();
        if (successor != address(0)) revert IRecordRegistry.RecordRegistryRetired(successor);
    }
}
