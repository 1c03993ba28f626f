// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AgencyRegistry} from "../../contracts/AgencyRegistry.sol";
import {RecordRegistry} from "../../contracts/RecordRegistry.sol";
import {ShareRegistry} from "../../contracts/ShareRegistry.sol";
import {IAgencyRegistry} from "../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";

/// @dev What the tests use of Forge's cheat codes: the project takes no forge-std.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function prank(address sender) external;
    function warp(uint256 time) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
    function assume(bool condition) external pure;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

uint256 constant START = 1_700_000_000;
uint32 constant AGENCIES = 3;

uint8 constant ADMIN_KIND = 1;
uint8 constant REGISTRAR = 2;
uint8 constant STEWARD = 3;
uint8 constant OPERATOR = 4;
/// @dev No kind of the contracts: the seat of the officer who is both REGISTRAR and STEWARD.
uint8 constant TWO_ROLES = 5;

address constant ADMIN = address(0xAD);
address constant GUARDIAN = address(0x60A2D);
address constant PAUSER = address(0x9A);
address constant UNPAUSER = address(0x9B);
address constant OUTSIDER = address(0x0057);

/// @dev The account in a seat of an agency: 1 admin, 2 registrar, 3 steward, 4 operator, 5 registrar and steward.
function officer(uint256 agency, uint256 seat) pure returns (address) {
    return address(uint160(0x10000 + agency * 16 + seat));
}

/// @dev An account that has no role until a replacement makes it an agency's admin.
function newcomer(uint256 agency) pure returns (address) {
    return address(uint160(0x30000 + agency));
}

function authority(uint256 which) pure returns (address) {
    return address(uint160(0x20000 + which));
}

/// @title Three registries, three agencies with officers in every seat, two hold authorities.
abstract contract Stage {
    RecordRegistry public records;
    AgencyRegistry public agencies;
    ShareRegistry public shares;

    /// @param retentionDays Of type 1 in version 1, which every agency gets.
    function _deploy(uint24 retentionDays) internal {
        vm.warp(START);
        records = new RecordRegistry(ADMIN, 1 days, GUARDIAN, IRecordRegistry.Origin(0, address(0), 0, 0));
        agencies = AgencyRegistry(records.agencyRegistry());
        shares = new ShareRegistry(records);
        _grant(ADMIN, agencies.PAUSER(), PAUSER);
        _grant(ADMIN, agencies.UNPAUSER(), UNPAUSER);
        for (uint256 i = 0; i < 2; ++i) _grant(ADMIN, agencies.HOLD_AUTHORITY(), authority(i));
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            address admin = officer(agency, ADMIN_KIND);
            vm.prank(ADMIN);
            agencies.createAgency("Agency", admin);
            for (uint8 kind = REGISTRAR; kind <= OPERATOR; ++kind) {
                _grant(admin, agencies.roleOfKind(kind, agency), officer(agency, kind));
            }
            _grant(admin, agencies.roleOfKind(REGISTRAR, agency), officer(agency, TWO_ROLES));
            _grant(admin, agencies.roleOfKind(STEWARD, agency), officer(agency, TWO_ROLES));
            vm.prank(admin);
            agencies.createRecordType(
                agency, "type", keccak256("schema"), retentionDays, IAgencyRegistry.Sharing.Open
            );
        }
    }

    function _grant(address by, bytes32 role, address account) internal {
        vm.prank(by);
        agencies.grantRole(role, account);
    }

    /// @dev The next version of a type.
    function _publish(uint32 agency, uint16 typeId, uint24 retentionDays) internal {
        vm.prank(officer(agency, ADMIN_KIND));
        agencies.publishRecordType(
            agency, typeId, "type", keccak256("schema"), retentionDays, IAgencyRegistry.Sharing.Open
        );
    }
}
