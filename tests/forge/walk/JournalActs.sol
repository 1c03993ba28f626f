// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../../contracts/interfaces/IRecordRegistry.sol";
import {ADMIN_KIND, OPERATOR, vm} from "../Stage.sol";
import {Trees} from "../Trees.sol";
import {Walk} from "./Walk.sol";

/// @title Agency 1's journal grows, or somebody tries to fork, shrink or repeat it; types get new versions.
abstract contract JournalActs is Walk {
    uint256 private constant _HONEST = 0;
    uint256 private constant _REWRITTEN = 1;
    uint256 private constant _REPEATED = 2;
    uint256 private constant _SHRUNK = 3;
    uint256 private constant _WRONG_PROOF = 4;
    uint256 private constant _FORGOTTEN = 5;

    bytes32[] private _leaves;
    IRecordRegistry.Seal public lastSeal;

    function seal(uint256 more, uint256 actorSeed, uint256 mischief, uint256 salt) external step {
        uint64 size = uint64(_leaves.length);
        bytes32[] memory leaves = new bytes32[](size + more % 5 + 1);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = i < size ? _leaves[i] : keccak256(abi.encode(salt, i));
        }
        uint64 next = uint64(leaves.length);
        // Half of the seals are honest, and the first can be nothing else.
        mischief = size == 0 ? _HONEST : mischief % 12;
        if (mischief == _REWRITTEN) leaves[salt % size] = keccak256(abi.encode("forged", salt));
        if (mischief == _REPEATED) next = size;
        if (mischief == _SHRUNK) next = uint64(salt % size);
        bytes32[] memory proof = new bytes32[](0);
        if (size != 0 && next > size) proof = Trees.consistency(leaves, size, next);
        if (mischief == _WRONG_PROOF) proof[salt % proof.length] ^= bytes32(1 << (salt % 256));
        IRecordRegistry.Seal memory previous = lastSeal;
        if (mischief == _FORGOTTEN) delete previous;
        bytes32 root = next == 0 ? bytes32(0) : Trees.root(leaves, 0, next);
        (address actor, bool due) = _actor(1, actorSeed, OPERATOR, OPERATOR);
        due = due && (mischief == _HONEST || mischief > _FORGOTTEN);
        vm.prank(actor);
        try records.sealJournal(1, 1, previous, next, root, proof) {
            _went(due, "seal");
            for (uint256 i = size; i < next; ++i) _leaves.push(leaves[i]);
            lastSeal = IRecordRegistry.Seal(root, next, size, uint48(time));
        } catch {
            _refused(due, "seal");
        }
    }

    function publish(uint256 agencySeed, uint256 actorSeed, uint256 days_) external step {
        uint32 agency = _agency(agencySeed);
        (address actor, bool due) = _actor(agency, actorSeed, ADMIN_KIND, ADMIN_KIND);
        IAgencyRegistry.Sharing sharing = IAgencyRegistry.Sharing(days_ / 20 % 3);
        vm.prank(actor);
        try agencies.publishRecordType(agency, 1, "type", keccak256("schema"), uint24(days_ % 20), sharing) {
            _went(due, "publish");
        } catch {
            _refused(due, "publish");
        }
    }

    function leavesSealed() external view returns (uint256) {
        return _leaves.length;
    }

    function rootSealed() external view returns (bytes32) {
        return _leaves.length == 0 ? bytes32(0) : Trees.root(_leaves, 0, _leaves.length);
    }
}
