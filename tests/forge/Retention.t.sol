// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";
import {FunctionStage} from "./FunctionStage.sol";
import {REGISTRAR, START, STEWARD, TWO_ROLES, authority, officer, vm} from "./Stage.sol";

/// @title Retention: no act moves the last day back, and nothing is destroyed before it is over.
contract RetentionTest is FunctionStage {
    function setUp() public {
        _deploy(5);
    }

    /// @dev Sixteen acts in any order, refused or not, while the type's retention goes up and down.
    function testFuzz_no_act_moves_the_last_day_back(uint256 seed) public {
        bytes32 id = _record(1, "kept");
        bytes32 other = _record(1, "other");
        uint24 last = records.record(id).state.retainUntil();
        require(last == START / 1 days + 5, "registered");
        for (uint256 i = 0; i < 16; ++i) {
            seed = _spread(seed);
            _anyAct(seed, id, other);
            RecordState state = records.record(id).state;
            require(state.retainUntil() >= last, "the last day moved back");
            require(state.status() != 4 || block.timestamp / 1 days > last, "destroyed within retention");
            last = state.retainUntil();
        }
    }

    /// @dev The difference between the two versions is what an amendment adds, once, and never less than nothing.
    function testFuzz_amendments_add_up(uint24[4] memory days_, uint32 later) public {
        bytes32 id = _record(1, "amended");
        uint256 due = START / 1 days + 5;
        uint24 before = 5;
        for (uint16 i = 0; i < 4; ++i) {
            days_[i] %= 1 << 18;
            _publish(1, 1, days_[i]);
            vm.warp(block.timestamp + later);
            vm.prank(officer(1, REGISTRAR));
            records.amend(id, i + 1, i + 2, 1, "content");
            if (days_[i] > before) due += days_[i] - before;
            before = days_[i];
            require(records.record(id).state.retainUntil() == (due > FOREVER ? FOREVER : due), "last day");
        }
    }

    /// @dev Proposal and confirmation are refused to the last second of the last day, and for ever means for ever.
    function testFuzz_disposition_waits_for_the_day_after(uint24 days_, uint48 later, bool proposed) public {
        days_ = days_ % 4 == 0 ? FOREVER : days_ % 10_000;
        _publish(1, 1, days_);
        bytes32 id = _record(1, "disposed");
        uint24 last = records.record(id).state.retainUntil();
        uint256 end = (uint256(last) + 1) * 1 days;
        vm.warp(later % 2 == 0 ? end + later % 5 - 2 : START + later % (1 << 35));
        bool over = days_ != FOREVER && block.timestamp >= end;
        bytes memory refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryRetained.selector, id, last);
        uint48 expiresAt = uint48(block.timestamp + 1);
        bytes memory call_ = abi.encodeCall(IRecordRegistry.proposeDisposition, (id, 1, "mandate", expiresAt));
        _try(officer(1, TWO_ROLES), call_, over ? bytes("") : refusal);
        if (!over) return;
        // Whoever proposed does not confirm, though it has both roles.
        call_ = abi.encodeCall(IRecordRegistry.confirmDisposition, (id, 1));
        refusal = abi.encodeWithSelector(
            IRecordRegistry.RecordRegistrySameOfficer.selector, id, officer(1, TWO_ROLES)
        );
        _try(officer(1, TWO_ROLES), call_, refusal);
        if (proposed) vm.warp(expiresAt + 1);
        refusal = abi.encodeWithSelector(
            IRecordRegistry.RecordRegistryProposalExpired.selector, id, expiresAt
        );
        _try(officer(1, STEWARD), call_, proposed ? refusal : bytes(""));
        require(records.record(id).state.status() == (proposed ? 1 : 4), "status");
    }

    /// @dev Who may, in ways that mostly go through: a refusal must leave the last day alone as well.
    function _anyAct(uint256 seed, bytes32 id, bytes32 other) private {
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        uint16 version = state.version();
        uint16 latest = records.recordTypeHead(1, 1).latestVersion;
        uint48 soon = uint48(block.timestamp + 1 days);
        uint256 act = seed % 10;
        if (act == 0) {
            _publish(1, 1, uint24((seed >> 8) % 30));
        } else if (act == 1) {
            vm.warp(block.timestamp + (seed >> 8) % 4 days);
        } else if (act < 5) {
            _do(officer(custodian, REGISTRAR), abi.encodeCall(IRecordRegistry.amend, (id, version, latest, 1, "new")));
        } else if (act == 5) {
            _do(authority(0), abi.encodeCall(IRecordRegistry.placeHold, (id, "case")));
        } else if (act == 6) {
            _do(authority(0), abi.encodeCall(IRecordRegistry.releaseHold, (id, "case")));
        } else if (act == 7) {
            uint32 to = custodian == 1 ? 2 : 1;
            bytes32 head = records.traceHeadOf(id);
            bytes32 commitment = records.record(id).commitment;
            _do(officer(custodian, STEWARD), abi.encodeCall(IRecordRegistry.offerCustody, (id, version, to, soon)));
            _do(officer(to, STEWARD), abi.encodeCall(IRecordRegistry.acceptCustody, (id, version, commitment, head)));
        } else if (act == 8 && (seed >> 8) % 4 == 0) {
            bytes memory revoke = abi.encodeCall(IRecordRegistry.revoke, (id, version, 1));
            bytes memory supersede = abi.encodeCall(IRecordRegistry.supersede, (id, version, other));
            _do(officer(custodian, REGISTRAR), (seed >> 16) % 2 == 0 ? revoke : supersede);
        } else {
            bytes memory propose = abi.encodeCall(IRecordRegistry.proposeDisposition, (id, version, "mandate", soon));
            _do(officer(custodian, REGISTRAR), propose);
            _do(officer(custodian, STEWARD), abi.encodeCall(IRecordRegistry.confirmDisposition, (id, version)));
        }
    }

    function _do(address actor, bytes memory call_) private {
        vm.prank(actor);
        (bool done,) = address(records).call(call_);
        // Refused or not: the last day is what counts.
        done;
    }
}
