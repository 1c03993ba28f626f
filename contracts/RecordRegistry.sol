// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {Ledger} from "./records/Ledger.sol";
import {Succession} from "./records/Succession.sol";

/// @title The record registry as deployed. Its manual is `IRecordRegistry`.
/// @dev Immutable, no proxy. WARNING: Multicall keeps the sender by delegatecall; never add ERC-2771.
contract RecordRegistry is Succession, Multicall {
    /// @param registryAdmin Creates agencies and announces what is delayed; should be a multi-signature account.
    /// @param adminDelay Seconds before a handing over of that role can be accepted.
    /// @param guardian First GUARDIAN of the agency registry; not the registry admin.
    /// @param origin_ All zero for a first registry; lineage, predecessor and final states for a successor.
    constructor(
        address registryAdmin,
        uint48 adminDelay,
        address guardian,
        Origin memory origin_
    ) Ledger(origin_.lineage, registryAdmin, adminDelay, guardian) Succession(origin_) {}
}
