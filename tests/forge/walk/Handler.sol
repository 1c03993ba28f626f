// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../../contracts/interfaces/IRecordRegistry.sol";
import {ADMIN, ADMIN_KIND, AGENCIES, GUARDIAN, PAUSER, UNPAUSER, vm} from "../Stage.sol";
import {CustodyActs} from "./CustodyActs.sol";
import {JournalActs} from "./JournalActs.sol";
import {ReplacementActs} from "./ReplacementActs.sol";
import {ShareActs} from "./ShareActs.sol";

/// @title The whole walk: all acts, the pause, the time, and intruders who try every other way in.
contract Handler is CustodyActs, JournalActs, ReplacementActs, ShareActs {
    bytes32 private _fingerprintAtPause;

    /// @dev Seldom, or nothing else is ever done.
    function pause(uint256 actorSeed) external step {
        if (actorSeed % 5 != 0) return;
        address actor = actorSeed / 5 % 4 == 0 ? _anybody(actorSeed / 20) : PAUSER;
        bool due = actor == PAUSER && pausedAt == 0;
        vm.prank(actor);
        try agencies.pause("reason") {
            _went(due, "pause");
            pausedAt = uint48(time);
            _fingerprintAtPause = _fingerprint();
        } catch {
            _refused(due, "pause");
        }
    }

    function unpause(uint256 actorSeed) external step {
        address actor = actorSeed % 6 == 0 ? _anybody(actorSeed / 6) : UNPAUSER;
        bool due = actor == UNPAUSER && pausedAt != 0;
        if (pausedAt != 0) _expect(_fingerprint() == _fingerprintAtPause, "changed while paused");
        vm.prank(actor);
        try agencies.unpause() {
            _went(due, "unpause");
            pausedAt = 0;
        } catch {
            _refused(due, "unpause");
        }
    }

    /// @dev What the other acts leave out. While paused those who may are told since when; no other error will do.
    function write(uint256 agencySeed, uint256 actorSeed, uint256 how) external step {
        uint32 agency = _agency(agencySeed);
        (address actor, bool due) = _actor(agency, actorSeed, ADMIN_KIND, ADMIN_KIND);
        how %= pausedAt == 0 ? 3 : 10;
        if (how > 5) actor = how < 8 ? _holder(0, HOLD_AUTHORITY, actorSeed) : ADMIN;
        (address target, bytes memory call_) = _writing(agency, how);
        bool may = how < 6 ? has(actor, agency, ADMIN_KIND) : how > 7 || has(actor, 0, HOLD_AUTHORITY);
        vm.prank(actor);
        (bool done, bytes memory answer) = target.call(call_);
        if (done) return _went(due, "write");
        _refused(due, "write");
        if (pausedAt == 0 || !may) return;
        bytes memory refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryPaused.selector, pausedAt);
        _expect(keccak256(answer) == keccak256(refusal), "refused while paused, but not for it");
        _reach("refused while paused");
    }

    function pass(uint256 seconds_) external step {
        time += seconds_ % 3 days + 1;
        vm.warp(time);
    }

    /// @dev Somebody who is no admin of the agency tries to change who its officers are, or to act for it.
    function intrude(uint256 agencySeed, uint256 actorSeed, uint256 how, uint256 accountSeed) external step {
        uint32 agency = _agency(agencySeed);
        address actor = actorSeed % 2 == 0 ? ADMIN : _anybody(actorSeed / 2);
        if (has(actor, agency, ADMIN_KIND)) return;
        (address target, bytes memory call_) = _intrusion(agency, actor, how, accountSeed);
        vm.prank(actor);
        (bool done,) = target.call(call_);
        if (done) _went(false, "intrude");
        else _refused(false, "intrude");
        _reach("intrude");
    }

    function _intrusion(
        uint32 agency,
        address actor,
        uint256 how,
        uint256 accountSeed
    ) private view returns (address target, bytes memory call_) {
        uint8 kind = uint8(how / 16 % 4 + 1);
        bytes32 role = agencies.roleOfKind(kind, agency);
        address account = accountSeed % 2 == 0 ? actor : _anybody(accountSeed / 2);
        address holder = _holder(agency, kind, accountSeed);
        target = address(agencies);
        how %= 16;
        bytes memory granting = abi.encodeCall(agencies.grantRole, (role, account));
        if (how == 0) return (target, granting);
        if (how == 1) return (target, abi.encodeCall(agencies.revokeRole, (role, holder)));
        if (how == 2 && holder != actor) return (target, abi.encodeCall(agencies.renounceRole, (role, holder)));
        if (how == 3) return (target, abi.encodeCall(agencies.multicall, (_one(granting))));
        if (how == 4) return (target, abi.encodeCall(agencies.grantRole, (agencies.DEFAULT_ADMIN_ROLE(), account)));
        if (how == 5) return (target, abi.encodeCall(agencies.revokeRole, (agencies.GUARDIAN(), GUARDIAN)));
        if (how == 6) return (target, abi.encodeCall(agencies.grantRole, (agencies.roleOfKind(kind, 99), account)));
        // A key, a record type.
        if (how == 7 || how == 8) return _writing(agency, how - 7);
        target = address(records);
        if (how == 9) return (target, abi.encodeCall(records.onRoleChanged, (agency, kind, account, true)));
        if (how == 10) return (target, abi.encodeCall(records.onAgencyCreated, (agency)));
        if (how == 11) return (target, abi.encodeCall(records.onPaused, (pausedAt == 0 ? uint48(time) : 0)));
        if (how == 12) return (target, abi.encodeCall(records.onSucceeded, (actor)));
        if (how == 13) return (target, abi.encodeCall(records.onRecordTypePublished, (agency, 1, 1, 0)));
        if (how == 14) return (target, abi.encodeCall(records.closeJournal, (agency, 1)));
        return (target, abi.encodeCall(records.openJournal, (agency)));
    }

    function _writing(uint32 agency, uint256 how) private view returns (address target, bytes memory call_) {
        target = address(agencies);
        IAgencyRegistry.KeyPurpose purpose = IAgencyRegistry.KeyPurpose.Messages;
        if (how == 0) return (target, abi.encodeCall(agencies.setAgencyKey, (agency, purpose, "key")));
        if (how == 1) {
            return (
                target,
                abi.encodeCall(agencies.createRecordType, (agency, "type", "schema", 1, IAgencyRegistry.Sharing.Open))
            );
        }
        if (how == 3) return (target, abi.encodeCall(agencies.retireAgencyKey, (agency, purpose, 1)));
        if (how == 8) return (target, abi.encodeCall(agencies.createAgency, ("Agency", ADMIN)));
        if (how == 9) return (target, abi.encodeCall(agencies.scheduleSuccession, ()));
        target = address(records);
        if (how == 2) return (target, abi.encodeCall(records.openJournal, (agency)));
        if (how == 4) return (target, abi.encodeCall(records.closeJournal, (agency, 1)));
        if (how == 5) return (target, abi.encodeCall(records.repudiateJournal, (agency, 1, 0, 1)));
        if (how == 6) return (target, abi.encodeCall(records.holdType, (agency, 1, "case")));
        return (target, abi.encodeCall(records.releaseType, (agency, 1, "case")));
    }

    function _one(bytes memory call_) private pure returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = call_;
    }

    /// @dev All that the record registry and the share registry keep and the walk can change.
    function _fingerprint() private view returns (bytes32 hash) {
        hash = keccak256(abi.encode(records.sequence(), shares.sequence(), records.journalHead(1, 1)));
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            hash = keccak256(abi.encode(hash, records.recordTypeHead(agency, 1)));
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            hash = keccak256(abi.encode(hash, records.record(ids[i]), records.dispositionProposal(ids[i])));
        }
        for (uint256 i = 0; i < shareIds.length; ++i) hash = keccak256(abi.encode(hash, shares.share(shareIds[i])));
    }
}
