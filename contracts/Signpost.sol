// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "./interfaces/IRecordRegistry.sol";
import {ISignpost} from "./interfaces/ISignpost.sol";

/// @title The signpost to a successor on another chain, as deployed. Its manual is `ISignpost`.
/// @dev Immutable, no proxy, no storage.
contract Signpost is ISignpost {
    /// @inheritdoc ISignpost
    uint256 public immutable successorChainId;
    /// @inheritdoc ISignpost
    address public immutable successorRegistry;

    bytes32 private immutable _lineage;
    address private immutable _predecessor;
    bytes32 private immutable _finalStatesRoot;
    uint64 private immutable _finalStatesCount;

    /// @param predecessor The registry on this chain that ends.
    /// @param finalStatesRoot RFC 9162 tree head over its final states.
    /// @param finalStatesCount Leaves under that root.
    /// @param chainId The successor's chain.
    /// @param registry The successor's address there.
    constructor(
        IRecordRegistry predecessor,
        bytes32 finalStatesRoot,
        uint64 finalStatesCount,
        uint256 chainId,
        address registry
    ) {
        if (chainId == 0 || chainId == block.chainid || registry == address(0)) {
            revert SignpostInvalidSuccessor(chainId, registry);
        }
        if (finalStatesRoot == 0) revert SignpostInvalidFinalStates();
        successorChainId = chainId;
        successorRegistry = registry;
        _lineage = predecessor.origin().lineage;
        _predecessor = address(predecessor);
        _finalStatesRoot = finalStatesRoot;
        _finalStatesCount = finalStatesCount;
    }

    /// @inheritdoc ISignpost
    function origin() external view returns (IRecordRegistry.Origin memory) {
        return IRecordRegistry.Origin(_lineage, _predecessor, _finalStatesRoot, _finalStatesCount);
    }
}
