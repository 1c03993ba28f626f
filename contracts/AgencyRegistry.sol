// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {Governance} from "./agencies/Governance.sol";
import {Roles} from "./agencies/Roles.sol";

/// @title The agency registry as deployed, by the record registry's constructor. Its manual is `IAgencyRegistry`.
/// @dev Immutable, no proxy. WARNING: Multicall keeps the sender by delegatecall; never add ERC-2771.
contract AgencyRegistry is Governance, Multicall {
    /// @param registryAdmin Creates agencies and announces what is delayed; should be a multi-signature account.
    /// @param adminDelay Seconds before a handing over of that role can be accepted.
    /// @param guardian First GUARDIAN; not the registry admin.
    constructor(
        address registryAdmin,
        uint48 adminDelay,
        address guardian
    ) AccessControlDefaultAdminRules(adminDelay, registryAdmin) Roles(guardian) {}
}
