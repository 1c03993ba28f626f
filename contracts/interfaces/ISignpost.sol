// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "./IRecordRegistry.sol";

/// @title Signpost: stands on a registry's chain for its successor on another.
/// @notice A registry names one address of its own chain as its successor and asks it for its origin. Of a registry on
/// another chain it cannot ask, so a signpost is named: it answers with that registry's origin and says where it is.
/// It is immutable, has no owner, and is of use only as the named successor of the registry that it was made for.
///
/// WARNING: it says what its deployer said. Whether the registry that it points to has this origin is seen on that
/// chain, in the review before the succession is final (`muniment succession check`).
interface ISignpost {
    /// @notice The successor must be a registry on another chain.
    error SignpostInvalidSuccessor(uint256 chainId, address registry);
    /// @notice The root of the final states must not be zero.
    error SignpostInvalidFinalStates();

    /// @notice The origin of the successor: lineage and address of the registry that names this, and its final states.
    function origin() external view returns (IRecordRegistry.Origin memory);

    /// @notice The chain that the successor is on.
    function successorChainId() external view returns (uint256);

    /// @notice The record registry on that chain that takes over.
    function successorRegistry() external view returns (address);
}
