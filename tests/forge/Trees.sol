// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MerkleLog} from "../../contracts/libraries/MerkleLog.sol";

/// @title RFC 9162 § 2.1 by its recursive definitions, which the contracts' loops are measured against.
library Trees {
    /// @dev The largest power of two below `count`.
    function split(uint256 count) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < count) k *= 2;
    }

    /// @dev MTH(D[start:end]).
    function root(bytes32[] memory leaves, uint256 start, uint256 end) internal pure returns (bytes32) {
        if (end - start == 1) return leaves[start];
        uint256 middle = start + split(end - start);
        return MerkleLog.hashChildren(root(leaves, start, middle), root(leaves, middle, end));
    }

    /// @dev PATH(index - start, D[start:end]).
    function path(
        bytes32[] memory leaves,
        uint256 index,
        uint256 start,
        uint256 end
    ) internal pure returns (bytes32[] memory) {
        if (end - start == 1) return new bytes32[](0);
        uint256 middle = start + split(end - start);
        if (index < middle) return longer(path(leaves, index, start, middle), root(leaves, middle, end));
        return longer(path(leaves, index, middle, end), root(leaves, start, middle));
    }

    /// @dev PROOF(size, D[0:end]).
    function consistency(
        bytes32[] memory leaves,
        uint256 size,
        uint256 end
    ) internal pure returns (bytes32[] memory) {
        return _subproof(leaves, size, 0, end, true);
    }

    /// @dev Whether some tree of `size2` leaves has `root2`, begins with the tree (`size1`, `root1`), and gives the
    /// proof. A root says nothing of its tree's size: for some other sizes the same nodes are a true proof.
    function extends(
        uint256 size1,
        bytes32 root1,
        uint256 size2,
        bytes32 root2,
        bytes32[] memory proof
    ) internal pure returns (bool) {
        if (size1 == 0 || size1 > size2) return false;
        (bool fits, bytes32 first, bytes32 second) = _rebuild(size1, root1, size2, true, proof, proof.length);
        return fits && first == root1 && second == root2;
    }

    function longer(bytes32[] memory list, bytes32 last) internal pure returns (bytes32[] memory result) {
        result = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) result[i] = list[i];
        result[list.length] = last;
    }

    function _subproof(
        bytes32[] memory leaves,
        uint256 size,
        uint256 start,
        uint256 end,
        bool whole
    ) private pure returns (bytes32[] memory) {
        if (size == end - start) {
            bytes32[] memory none = new bytes32[](0);
            return whole ? none : longer(none, root(leaves, start, end));
        }
        uint256 k = split(end - start);
        if (size <= k) {
            return longer(_subproof(leaves, size, start, start + k, whole), root(leaves, start + k, end));
        }
        return longer(_subproof(leaves, size - k, start + k, end, false), root(leaves, start, start + k));
    }

    /// @dev SUBPROOF read backwards: both trees' heads from the proof's first `length` nodes.
    function _rebuild(
        uint256 size1,
        bytes32 root1,
        uint256 size2,
        bool whole,
        bytes32[] memory proof,
        uint256 length
    ) private pure returns (bool fits, bytes32 first, bytes32 second) {
        if (size1 == size2) {
            if (whole) return (length == 0, root1, root1);
            return length == 1 ? (true, proof[0], proof[0]) : (false, bytes32(0), bytes32(0));
        }
        if (length == 0) return (false, 0, 0);
        uint256 k = split(size2);
        bytes32 node = proof[length - 1];
        if (size1 <= k) {
            (fits, first, second) = _rebuild(size1, root1, k, whole, proof, length - 1);
            return (fits, first, MerkleLog.hashChildren(second, node));
        }
        (fits, first, second) = _rebuild(size1 - k, root1, size2 - k, false, proof, length - 1);
        return (fits, MerkleLog.hashChildren(node, first), MerkleLog.hashChildren(node, second));
    }
}
