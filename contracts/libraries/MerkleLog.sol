// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Proofs of an append-only log: RFC 9162 § 2.1 with SHA-256.
/// @notice The same proofs verify in Python (`muniment.journal.merkle`) and in every public tool.
/// WARNING: leaf hashes are made from whole entries by `hashLeaf`, never taken from a caller as they are: an interior
/// node would otherwise pass for a leaf.
library MerkleLog {
    /// @dev First byte of a leaf's preimage, for callers that build it in one piece.
    uint8 internal constant LEAF_PREFIX = 0;

    /// @dev SHA-256(0x00 || entry).
    function hashLeaf(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(LEAF_PREFIX, entry));
    }

    /// @dev SHA-256(0x01 || left || right).
    function hashChildren(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(1), left, right));
    }

    /// @notice Whether the leaf is at `index` of the tree of `size` leaves under `root` (RFC 9162 § 2.1.3.2).
    /// @dev False, never a revert, for an index outside of the tree and for proofs too long or too short.
    function verifyInclusion(
        bytes32 leafHash,
        uint64 index,
        uint64 size,
        bytes32 root,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        if (index >= size) return false;
        uint256 node = index;
        uint256 last = size - 1;
        bytes32 hash = leafHash;
        uint256 buffer = _nodeBuffer();
        uint256 length = proof.length;
        for (uint256 i = 0; i < length; i = _next(i)) {
            if (last == 0) return false;
            if (node & 1 == 1 || node == last) {
                hash = _hash(buffer, proof[i], hash);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = _hash(buffer, hash, proof[i]);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }

    /// @notice Whether the tree (`size2`, `root2`) extends the tree (`size1`, `root1`) (RFC 9162 § 2.1.4.2).
    /// @dev False for `size1` = 0: an empty tree proves nothing. Equal sizes need equal roots and an empty proof.
    function verifyConsistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        if (size1 == 0 || size1 > size2) return false;
        if (size1 == size2) return root1 == root2 && proof.length == 0;
        if (proof.length == 0) return false;

        uint256 node = size1 - 1;
        uint256 last = size2 - 1;
        while (node & 1 == 1) {
            node >>= 1;
            last >>= 1;
        }
        // A complete first tree is a node of the second: the proof leaves it out.
        uint256 i = node == 0 ? 0 : 1;
        bytes32 hash1 = node == 0 ? root1 : proof[0];
        bytes32 hash2 = hash1;
        uint256 buffer = _nodeBuffer();
        for (; i < proof.length; i = _next(i)) {
            if (last == 0) return false;
            bytes32 sibling = proof[i];
            if (node & 1 == 1 || node == last) {
                hash1 = _hash(buffer, sibling, hash1);
                hash2 = _hash(buffer, sibling, hash2);
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash2 = _hash(buffer, hash2, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash1 == root1 && hash2 == root2;
    }

    /// @dev A place in a list cannot overflow.
    function _next(uint256 i) private pure returns (uint256) {
        unchecked {
            return i + 1;
        }
    }

    /// @dev Memory for one node's preimage, 0x01 already in place: 65 bytes of three reserved words.
    function _nodeBuffer() private pure returns (uint256 buffer) {
        // Assembly: one buffer for all nodes of a proof. `abi.encodePacked` would take new memory and copy for
        // each of up to 64 nodes, which costs as much again as the hashing (docs/adr/0004).
        assembly ("memory-safe") {
            buffer := mload(0x40)
            mstore8(buffer, 1)
            mstore(0x40, add(buffer, 0x60))
        }
    }

    function _hash(uint256 buffer, bytes32 left, bytes32 right) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(add(buffer, 1), left)
            mstore(add(buffer, 33), right)
            // SHA-256 is the precompile at address 2. It fails only for lack of gas: then everything must.
            if iszero(staticcall(gas(), 2, buffer, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
