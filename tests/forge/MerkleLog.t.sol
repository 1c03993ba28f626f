// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MerkleLog} from "../../contracts/libraries/MerkleLog.sol";
import {Trees} from "./Trees.sol";

interface MerkleVm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonBool(string calldata json, string calldata key) external pure returns (bool);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function toString(uint256 value) external pure returns (string memory);
    function assume(bool condition) external pure;
}

/// @dev The library takes calldata proofs: an external door to it.
contract MerkleLogDoor {
    function inclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleLog.verifyInclusion(leaf, index, size, root, proof);
    }

    function consistency(uint64 size1, bytes32 root1, uint64 size2, bytes32 root2, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return MerkleLog.verifyConsistency(size1, root1, size2, root2, proof);
    }
}

/// @title MerkleLog against the vectors that Python reads too, and against RFC 9162's recursive definitions.
contract MerkleLogTest {
    MerkleVm private constant vm = MerkleVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    MerkleLogDoor private _door;

    function setUp() public {
        _door = new MerkleLogDoor();
    }

    function test_inclusion_vectors() public view {
        string memory json = vm.readFile("tests/vectors/merkle.json");
        uint256 count = 0;
        for (; vm.keyExistsJson(json, string.concat(".inclusion[", vm.toString(count), "]")); ++count) {
            string memory at = string.concat(".inclusion[", vm.toString(count), "]");
            bytes32 leaf = vm.parseJsonBytes32(json, string.concat(at, ".leafHash"));
            uint64 index = uint64(vm.parseJsonUint(json, string.concat(at, ".index")));
            uint64 size = uint64(vm.parseJsonUint(json, string.concat(at, ".size")));
            bytes32 root = vm.parseJsonBytes32(json, string.concat(at, ".root"));
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, string.concat(at, ".proof"));
            _expect(json, at, _door.inclusion(leaf, index, size, root, proof));
        }
        require(count > 0 && count == vm.parseJsonUint(json, ".counts.inclusion"), "not every case was read");
    }

    function test_consistency_vectors() public view {
        string memory json = vm.readFile("tests/vectors/merkle.json");
        uint256 count = 0;
        for (; vm.keyExistsJson(json, string.concat(".consistency[", vm.toString(count), "]")); ++count) {
            string memory at = string.concat(".consistency[", vm.toString(count), "]");
            uint64 size1 = uint64(vm.parseJsonUint(json, string.concat(at, ".size1")));
            bytes32 root1 = vm.parseJsonBytes32(json, string.concat(at, ".root1"));
            uint64 size2 = uint64(vm.parseJsonUint(json, string.concat(at, ".size2")));
            bytes32 root2 = vm.parseJsonBytes32(json, string.concat(at, ".root2"));
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, string.concat(at, ".proof"));
            _expect(json, at, _door.consistency(size1, root1, size2, root2, proof));
        }
        require(count > 0 && count == vm.parseJsonUint(json, ".counts.consistency"), "not every case was read");
    }

    function testFuzz_inclusion(uint256 seed, uint8 sizeSeed, uint8 indexSeed, uint8 part, uint8 bit) public view {
        uint64 size = uint64(sizeSeed) % 80 + 1;
        uint64 index = uint64(indexSeed) % size;
        bytes32[] memory leaves = _leaves(seed, size);
        bytes32[] memory proof = Trees.path(leaves, index, 0, size);
        _tryInclusion(leaves[index], index, size, Trees.root(leaves, 0, size), proof, part, bit);
    }

    function _tryInclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32 root,
        bytes32[] memory proof,
        uint8 part,
        uint8 bit
    ) private view {
        require(_door.inclusion(leaf, index, size, root, proof), "a true proof is refused");
        bytes32 flip = bytes32(uint256(1) << bit);
        require(!_door.inclusion(leaf ^ flip, index, size, root, proof), "another leaf");
        require(!_door.inclusion(leaf, index, size, root ^ flip, proof), "another root");
        if (proof.length != 0) {
            proof[part % proof.length] ^= flip;
            require(!_door.inclusion(leaf, index, size, root, proof), "another path");
            proof[part % proof.length] ^= flip;
        }
        uint64 other = (index + 1 + uint64(part) % size) % size;
        if (other != index) require(!_door.inclusion(leaf, other, size, root, proof), "another index");
        require(!_door.inclusion(leaf, index, size, root, Trees.longer(proof, root)), "a longer path");
    }

    function testFuzz_consistency(uint256 seed, uint8 size1Seed, uint8 size2Seed, uint8 part, uint8 bit) public view {
        uint64 size2 = uint64(size2Seed) % 80 + 2;
        uint64 size1 = uint64(size1Seed) % (size2 - 1) + 1;
        bytes32[] memory leaves = _leaves(seed, size2);
        _tryConsistency(leaves, size1, size2, part, bytes32(uint256(1) << bit));
        _tryOtherSizes(leaves, size1, size2, uint64(seed));
    }

    /// @dev A root does not say its tree's size: other sizes are taken exactly where RFC 9162's definition takes them.
    function _tryOtherSizes(bytes32[] memory leaves, uint64 size1, uint64 size2, uint64 other) private view {
        bytes32 root1 = Trees.root(leaves, 0, size1);
        bytes32 root2 = Trees.root(leaves, 0, size2);
        bytes32[] memory proof = Trees.consistency(leaves, size1, size2);
        for (uint256 i = 0; i < 3; ++i) {
            bool due = Trees.extends(size1, root1, other, root2, proof);
            require(_door.consistency(size1, root1, other, root2, proof) == due, "another second size");
            due = Trees.extends(other, root1, size2, root2, proof);
            require(_door.consistency(other, root1, size2, root2, proof) == due, "another first size");
            other = i == 0 ? other % 200 : size2 + 1;
        }
    }

    function _tryConsistency(bytes32[] memory leaves, uint64 size1, uint64 size2, uint8 part, bytes32 flip)
        private
        view
    {
        bytes32 root1 = Trees.root(leaves, 0, size1);
        bytes32 root2 = Trees.root(leaves, 0, size2);
        bytes32[] memory proof = Trees.consistency(leaves, size1, size2);
        require(_door.consistency(size1, root1, size2, root2, proof), "a true proof is refused");
        require(Trees.extends(size1, root1, size2, root2, proof), "a true proof, read backwards");
        require(!_door.consistency(size1, root1 ^ flip, size2, root2, proof), "another first root");
        require(!_door.consistency(size1, root1, size2, root2 ^ flip, proof), "another second root");
        proof[part % proof.length] ^= flip;
        require(!_door.consistency(size1, root1, size2, root2, proof), "another path");
        proof[part % proof.length] ^= flip;
        // A fork: the second tree with one leaf of the first replaced.
        leaves[part % size1] ^= flip;
        root2 = Trees.root(leaves, 0, size2);
        require(!_door.consistency(size1, root1, size2, root2, proof), "a fork with the old proof");
        proof = Trees.consistency(leaves, size1, size2);
        require(!_door.consistency(size1, root1, size2, root2, proof), "a fork with its own proof");
    }

    function testFuzz_garbage_is_never_accepted(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32 root,
        bytes32[] memory proof
    ) public view {
        vm.assume(leaf != root);
        require(!_door.inclusion(leaf, index, size, root, proof), "inclusion");
        require(!_door.consistency(index, leaf, size, root, proof), "consistency");
    }

    function _expect(string memory json, string memory at, bool holds) private pure {
        bool valid = vm.parseJsonBool(json, string.concat(at, ".valid"));
        require(holds == valid, vm.parseJsonString(json, string.concat(at, ".name")));
    }

    function _leaves(uint256 seed, uint64 size) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = MerkleLog.hashLeaf(abi.encode(seed, i));
    }
}
