// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";
import {FunctionStage} from "./FunctionStage.sol";
import {AGENCIES, REGISTRAR, START, STEWARD, authority, officer, vm} from "./Stage.sol";

/// @title Offers of custody: only the offered agency accepts, never after the last second, exactly what was offered.
contract OffersTest is FunctionStage {
    uint256 private constant _OFFER_BITS = ((1 << 68) - 1) << 64;
    uint256 private constant _CUSTODIAN_BITS = 0xFFFFFFFF << 32;
    uint256 private constant _TIME_BITS = ((1 << 36) - 1) << 200;
    bytes32 private constant _CONTENT = keccak256("content");

    function setUp() public {
        _deploy(3);
    }

    function testFuzz_offer(uint256 seed, uint32 toAgency, uint48 expiresAt) public {
        seed = _spread(seed);
        if (seed % 4 != 0) toAgency = uint32((seed >> 2) % (AGENCIES + 2));
        if ((seed >> 8) % 4 != 0) expiresAt = _near(START, expiresAt, (seed >> 10) % 2 == 0 ? 0 : 366 days);
        bytes32 id = _record(1, "offered");
        // Half of the times to 2 already, and half of those offers have expired.
        bool open = (seed >> 16) % 2 == 0;
        if (open) {
            _offer(id, 2, uint48(START + 100));
            open = (seed >> 17) % 2 == 0;
            vm.warp(open ? START + 100 : START + 101);
            expiresAt = uint48((uint256(expiresAt) + block.timestamp - START) % (1 << 48));
        }
        address actor = _somebody(seed >> 128, 1);
        uint256 before = RecordState.unwrap(records.record(id).state);
        bytes memory refusal = _offerRefusal(actor, id, open, toAgency, expiresAt);
        _try(actor, abi.encodeCall(IRecordRegistry.offerCustody, (id, 1, toAgency, expiresAt)), refusal);
        // No act: neither the time nor the trace changes.
        uint256 state = (before & ~_OFFER_BITS) | uint256(toAgency) << 64 | uint256(expiresAt) << 96;
        bytes32 head = keccak256(
            abi.encode(keccak256("muniment.trace.registered.v1"), id, _CONTENT, before & ~_OFFER_BITS)
        );
        require(RecordState.unwrap(records.record(id).state) == (refusal.length == 0 ? state : before), "state");
        require(records.traceHeadOf(id) == head && records.record(id).traceHead == 0, "an offer is no act");
    }

    struct Acceptance {
        uint16 expectedVersion;
        bytes32 commitment;
        bytes32 traceHead;
        uint48 period;
        uint48 later;
    }

    /// @dev By whomever, whenever, whatever was done between offer and acceptance.
    function testFuzz_accept(uint256 seed, Acceptance memory named) public {
        seed = _spread(seed);
        bytes32 id = _record(1, "offered");
        uint48 until = uint48(START + 1 + named.period % 366 days);
        bool offered = (seed >> 4) % 8 != 0;
        if (offered) _offer(id, 2, until);
        if ((seed >> 8) % 4 != 0) named.expectedVersion = 1;
        if ((seed >> 10) % 4 != 0) named.commitment = _CONTENT;
        if ((seed >> 12) % 4 != 0) named.traceHead = records.traceHeadOf(id);
        // The second around the last one, or any.
        uint256 now_ = (seed >> 16) % 2 == 0 ? _near(until, named.later, 0) : START + named.later;
        vm.warp(now_ < START ? START : now_);
        bool typeHeld = (seed >> 20) % 8 == 0;
        if (typeHeld) {
            vm.prank(authority(1));
            records.holdType(1, 1, "case");
        }
        address actor = _somebody(seed >> 128, 2);
        bytes memory refusal = _acceptRefusal(actor, id, named);
        if (refusal.length == 0 && typeHeld) {
            refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryTypeHeld.selector, 1, 1, 1);
        }
        IRecordRegistry.Record memory before = records.record(id);
        bytes memory call_ = abi.encodeCall(
            IRecordRegistry.acceptCustody, (id, named.expectedVersion, named.commitment, named.traceHead)
        );
        _try(actor, call_, refusal);
        if (refusal.length != 0) {
            _same(id, before);
            return;
        }
        require(block.timestamp <= until && offered, "after its last second");
        uint256 state = RecordState.unwrap(before.state) & ~(_OFFER_BITS | _CUSTODIAN_BITS | _TIME_BITS);
        state |= 2 << 32 | block.timestamp << 200;
        bytes32 head =
            _act(named.traceHead, id, IRecordRegistry.ActKind.Transferred, 2, actor, state, bytes32(uint256(1)));
        _stands(id, _CONTENT, state, head);
        _logged(IRecordRegistry.Transferred.selector, id, abi.encode(records.sequence(), actor, state, uint32(1)));
    }

    function test_offer_stands_to_its_last_second_and_no_longer() public {
        bytes32 id = _record(1, "offered");
        _offer(id, 2, uint48(START + 100));
        bytes memory call_ = abi.encodeCall(IRecordRegistry.acceptCustody, (id, 1, _CONTENT, records.traceHeadOf(id)));
        bytes memory refusal =
            abi.encodeWithSelector(IRecordRegistry.RecordRegistryOfferExpired.selector, id, START + 100);
        vm.warp(START + 101);
        _try(officer(2, STEWARD), call_, refusal);
        vm.warp(START + 100);
        _try(officer(2, STEWARD), call_, "");
        require(records.record(id).state.custodian() == 2, "custodian");
    }

    /// @dev An amendment, a hold placed and released: any act between closes the offer for good.
    function testFuzz_accept_after_an_act(uint256 seed) public {
        seed = _spread(seed);
        bytes32 id = _record(1, "offered");
        _offer(id, 2, uint48(START + 30 days));
        vm.warp(START + seed % 30 days);
        uint16 version = 1;
        if ((seed >> 32) % 2 == 0) {
            vm.prank(officer(1, REGISTRAR));
            records.amend(id, 1, 1, 1, _CONTENT);
            version = 2;
        } else {
            vm.prank(authority(0));
            records.placeHold(id, "case");
            vm.prank(authority(0));
            records.releaseHold(id, "case");
        }
        bytes32 head = records.traceHeadOf(id);
        bytes memory call_ = abi.encodeCall(IRecordRegistry.acceptCustody, (id, version, _CONTENT, head));
        _try(officer(2, STEWARD), call_, abi.encodeWithSelector(IRecordRegistry.RecordRegistryNoOffer.selector, id));
    }

    /// @dev The receiver declines, the giver withdraws; nobody else does either, and nothing is left of the offer.
    function testFuzz_decline_and_withdraw(uint256 seed, bool decline, uint48 later) public {
        seed = _spread(seed);
        bytes32 id = _record(1, "offered");
        uint256 before = RecordState.unwrap(records.record(id).state);
        _offer(id, 2, uint48(START + 100));
        vm.warp(START + later);
        uint32 agency = decline ? 2 : 1;
        address actor = _somebody(seed, agency);
        bytes memory call_ = decline
            ? abi.encodeCall(IRecordRegistry.declineCustody, (id))
            : abi.encodeCall(IRecordRegistry.withdrawCustody, (id));
        bool due = _holds(actor, agency, STEWARD);
        _try(actor, call_, due ? bytes("") : _unauthorized(actor, STEWARD, agency));
        require((RecordState.unwrap(records.record(id).state) == before) == due, "the offer");
        if (!due) return;
        _logged(IRecordRegistry.CustodyOfferClosed.selector, id, abi.encode(records.sequence(), actor));
        _try(actor, call_, abi.encodeWithSelector(IRecordRegistry.RecordRegistryNoOffer.selector, id));
    }

    // ------------------------------------------------------------- what is due

    /// @dev One of the five seconds around `middle` + `more`.
    function _near(uint256 middle, uint48 choice, uint256 more) private pure returns (uint48) {
        return uint48(middle + more + choice % 5 - 2);
    }

    function _offer(bytes32 id, uint32 toAgency, uint48 until) private {
        vm.prank(officer(1, STEWARD));
        records.offerCustody(id, 1, toAgency, until);
    }

    function _offerRefusal(
        address actor,
        bytes32 id,
        bool open,
        uint32 toAgency,
        uint48 expiresAt
    ) private view returns (bytes memory) {
        if (!_holds(actor, 1, STEWARD)) return _unauthorized(actor, STEWARD, 1);
        if (open) return abi.encodeWithSelector(IRecordRegistry.RecordRegistryOfferOpen.selector, id, 2);
        if (toAgency == 1) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryOfferToCustodian.selector, id, 1);
        }
        if (!_exists(toAgency)) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryUnknownAgency.selector, toAgency);
        }
        if (expiresAt <= block.timestamp || expiresAt > block.timestamp + 366 days) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryInvalidExpiry.selector,
                expiresAt,
                block.timestamp + 1,
                block.timestamp + 366 days
            );
        }
        return "";
    }

    function _acceptRefusal(
        address actor,
        bytes32 id,
        Acceptance memory named
    ) private view returns (bytes memory) {
        RecordState state = records.record(id).state;
        if (named.expectedVersion != 1) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryStaleVersion.selector, id, 1, named.expectedVersion
            );
        }
        if (state.offeredTo() == 0) return abi.encodeWithSelector(IRecordRegistry.RecordRegistryNoOffer.selector, id);
        if (!_holds(actor, 2, STEWARD)) return _unauthorized(actor, STEWARD, 2);
        if (block.timestamp > state.offerExpiresAt()) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryOfferExpired.selector, id, state.offerExpiresAt()
            );
        }
        bytes32 head = records.traceHeadOf(id);
        if (named.commitment != _CONTENT || named.traceHead != head) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryStaleTrace.selector, id, _CONTENT, head);
        }
        return "";
    }
}
