// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RecordState, RecordStates} from "../../contracts/libraries/RecordState.sol";

interface StateVm {
    function warp(uint256 time) external;
    function assume(bool condition) external pure;
}

/// @title The packed state: every setter writes its own bits and no others; every getter reads back what was written.
contract RecordStateTest {
    StateVm private constant vm = StateVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_create(
        uint32 agency,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm,
        uint24 retain,
        uint40 time
    ) public {
        typeVersion &= 0xFFF;
        retain &= 0xFFFFF;
        uint256 now_ = uint256(time) % (1 << 36);
        vm.warp(now_);
        RecordState state = RecordStates.create(agency, typeId, typeVersion, algorithm, retain);
        require(state.issuer() == agency && state.custodian() == agency, "agency");
        require(state.typeId() == typeId && state.typeVersion() == typeVersion, "type");
        require(state.algorithm() == algorithm && state.version() == 1, "content");
        require(state.status() == RecordStates.IN_FORCE && state.holdCount() == 0, "status");
        require(state.retainUntil() == retain && state.offeredTo() == 0, "retention");
        require((RecordState.unwrap(state) >> 200) & ((1 << 36) - 1) == now_, "time");
        require(!state.isEmpty(), "empty");
    }

    function testFuzz_setters_touch_their_own_bits_alone(uint256 word, uint256 value, uint40 time) public {
        vm.warp(uint256(time) % (1 << 36));
        RecordState state = RecordState.wrap(word);
        uint48 until = uint48(value >> 64) & uint48((1 << 36) - 1);
        RecordState next = state.withOffer(uint32(value), until);
        require(next.offeredTo() == uint32(value) && next.offerExpiresAt() == until, "offer");
        _same(state, next, ((1 << 68) - 1) << 64);
        next = state.withoutOffer();
        require(next.offeredTo() == 0 && next.offerExpiresAt() == 0, "no offer");
        _same(state, next, ((1 << 68) - 1) << 64);
        next = state.withStatus(uint8(value) & 0xF);
        require(next.status() == uint8(value) & 0xF, "status");
        _same(state, next, 0xF << 184);
        next = state.withCustodian(uint32(value));
        require(next.custodian() == uint32(value), "custodian");
        _same(state, next, 0xFFFFFFFF << 32);
        next = state.withHoldCount(uint16(value) & 0xFFF);
        require(next.holdCount() == uint16(value) & 0xFFF, "holds");
        _same(state, next, 0xFFF << 188);
        next = state.withContent(uint16(value) & 0xFFF, uint16(value >> 16), uint8(value >> 32));
        require(
            next.typeVersion() == uint16(value) & 0xFFF && next.version() == uint16(value >> 16)
                && next.algorithm() == uint8(value >> 32),
            "content"
        );
        _same(state, next, ((1 << 36) - 1) << 148);
        next = state.withRetainUntil(uint24(value) & 0xFFFFF);
        require(next.retainUntil() == uint24(value) & 0xFFFFF, "retention");
        _same(state, next, uint256(0xFFFFF) << 236);
        next = state.touched();
        require((RecordState.unwrap(next) >> 200) & ((1 << 36) - 1) == block.timestamp, "time");
        require(next.offeredTo() == 0, "an act that leaves an offer");
        _same(state, next, (((1 << 36) - 1) << 200) | (((1 << 68) - 1) << 64));
    }

    function testFuzz_retention_ends_never_early_and_saturates(uint40 time, uint24 days_) public pure {
        days_ &= 0xFFFFF;
        uint256 start = uint256(time) % (1 << 36);
        uint24 end = RecordStates.retentionEnd(start, days_);
        // The day after the last one begins at least `days_` whole days after the start.
        if (end != RecordStates.RETAIN_FOREVER) {
            require((uint256(end) + 1) * 1 days > start + uint256(days_) * 1 days, "too early");
        } else {
            require(start / 1 days + days_ >= RecordStates.RETAIN_FOREVER, "for ever without need");
        }
    }

    function _same(RecordState before, RecordState next, uint256 mask) private pure {
        require((RecordState.unwrap(before) ^ RecordState.unwrap(next)) & ~mask == 0, "a neighbour was touched");
    }
}
