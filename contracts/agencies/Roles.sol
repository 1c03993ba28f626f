// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

import {IAgencyRegistry} from "../interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../interfaces/IRecordRegistry.sol";

/// @title Roles: who holds which, of an agency or of the whole registry; every change numbered.
abstract contract Roles is IAgencyRegistry, AccessControlDefaultAdminRules {
    /// @dev What a role id means. `kind` 0 is no role at all.
    struct RoleFacts {
        uint32 agencyId;
        uint8 kind;
        uint32 members;
    }

    /// @dev How many roles an account has, of either sort, anywhere.
    struct AccountRoles {
        uint32 operator;
        uint32 other;
    }

    /// @notice May place and release holds.
    bytes32 public constant HOLD_AUTHORITY = keccak256("HOLD_AUTHORITY");
    /// @notice May stop all writing.
    bytes32 public constant PAUSER = keccak256("PAUSER");
    /// @notice May let writing go on.
    bytes32 public constant UNPAUSER = keccak256("UNPAUSER");
    /// @notice May cancel what is delayed. Administers itself, so that the registry admin cannot do away with it.
    bytes32 public constant GUARDIAN = keccak256("GUARDIAN");
    /// @notice Administers its agency's roles, record types, keys and journals.
    bytes32 public constant AGENCY_ADMIN = keccak256("AGENCY_ADMIN");
    /// @notice Registers, amends, supersedes, revokes, proposes disposition.
    bytes32 public constant REGISTRAR = keccak256("REGISTRAR");
    /// @notice Decides on custody and shares, confirms disposition.
    bytes32 public constant STEWARD = keccak256("STEWARD");
    /// @notice A machine's key: registers and seals, nothing else.
    bytes32 public constant OPERATOR = keccak256("OPERATOR");

    /// @notice Greatest number of role memberships an agency can have, so that all can be removed in one transaction.
    uint256 public constant MAX_OFFICERS = 256;

    uint256 internal constant MAX_NAME = 64;

    uint8 internal constant KIND_AGENCY_ADMIN = 1;
    uint8 internal constant KIND_REGISTRAR = 2;
    uint8 internal constant KIND_STEWARD = 3;
    uint8 internal constant KIND_OPERATOR = 4;
    uint8 internal constant KIND_HOLD_AUTHORITY = 5;
    uint8 private constant _KIND_GUARDIAN = 6;
    uint8 private constant _KIND_GLOBAL = 7;

    IRecordRegistry internal immutable _records;

    uint64 private _sequence;
    mapping(bytes32 role => RoleFacts facts) private _roleFacts;
    mapping(address account => AccountRoles roles) private _accountRoles;
    /// @dev Written here since OpenZeppelin's EnumerableSet needs a newer EVM than london (its Arrays use mcopy).
    mapping(uint32 agencyId => bytes32[] members) private _officers;
    /// @dev Place of a membership in its agency's list, from 1.
    mapping(bytes32 membership => uint256 place) private _officerPlaces;

    constructor(address guardian) {
        _records = IRecordRegistry(msg.sender);
        _roleFacts[HOLD_AUTHORITY].kind = KIND_HOLD_AUTHORITY;
        _roleFacts[PAUSER].kind = _KIND_GLOBAL;
        _roleFacts[UNPAUSER].kind = _KIND_GLOBAL;
        _roleFacts[GUARDIAN].kind = _KIND_GUARDIAN;
        _setRoleAdmin(GUARDIAN, GUARDIAN);
        if (guardian == defaultAdmin()) revert AgencyRegistryInvalidAccount(guardian);
        _grantRole(GUARDIAN, guardian);
    }

    /// @dev Guards every write but those that shut a stolen key out.
    modifier whenOpen() {
        _records.requireOpen();
        _;
    }

    /// @inheritdoc IAgencyRegistry
    function recordRegistry() external view returns (address) {
        return address(_records);
    }

    /// @inheritdoc IAgencyRegistry
    function sequence() external view returns (uint64) {
        return _sequence;
    }

    /// @inheritdoc IAgencyRegistry
    function officers(uint32 agencyId) external view returns (bytes32[] memory) {
        return _officers[agencyId];
    }

    /// @inheritdoc IAgencyRegistry
    function checkRole(bytes32 role, address account) external view {
        _checkRole(role, account);
    }

    /// @inheritdoc IAgencyRegistry
    function agencyRole(bytes32 role, uint32 agencyId) public pure returns (bytes32) {
        return keccak256(abi.encode(role, agencyId));
    }

    /// @inheritdoc IAgencyRegistry
    function roleOfKind(uint8 kind, uint32 agencyId) public pure returns (bytes32) {
        if (kind == KIND_AGENCY_ADMIN) return agencyRole(AGENCY_ADMIN, agencyId);
        if (kind == KIND_REGISTRAR) return agencyRole(REGISTRAR, agencyId);
        if (kind == KIND_STEWARD) return agencyRole(STEWARD, agencyId);
        if (kind == KIND_OPERATOR) return agencyRole(OPERATOR, agencyId);
        return HOLD_AUTHORITY;
    }

    /// @dev The number of the next event.
    function _nextSequence() internal returns (uint64) {
        return ++_sequence;
    }

    /// @dev Numbers the event, keeps OPERATOR apart from officers, and knows only roles that exist.
    function _grantRole(
        bytes32 role,
        address account
    ) internal virtual override(AccessControlDefaultAdminRules) returns (bool) {
        RoleFacts storage facts = _roleFacts[role];
        uint8 kind = facts.kind;
        if (kind == 0 && role != DEFAULT_ADMIN_ROLE) revert AgencyRegistryUnknownRole(role);
        if (account == address(0)) revert AgencyRegistryInvalidAccount(account);
        if (!super._grantRole(role, account)) return false;

        AccountRoles storage roles = _accountRoles[account];
        if (kind == KIND_OPERATOR) ++roles.operator;
        else ++roles.other;
        if (roles.operator != 0 && roles.other != 0) revert AgencyRegistryOperatorExclusive(account, role);

        uint32 agencyId = facts.agencyId;
        ++facts.members;
        if (agencyId != 0) {
            bytes32[] storage members = _officers[agencyId];
            if (members.length == MAX_OFFICERS) revert AgencyRegistryTooManyOfficers(agencyId, MAX_OFFICERS);
            bytes32 membership = _membership(agencyId, kind, account);
            members.push(membership);
            _officerPlaces[membership] = members.length;
        }
        _tell(agencyId, kind, account, true);
        emit RoleAssigned(_nextSequence(), agencyId, role, account, msg.sender);
        return true;
    }

    /// @dev Refuses to take the last AGENCY_ADMIN or GUARDIAN away, whoever asks.
    function _revokeRole(
        bytes32 role,
        address account
    ) internal virtual override(AccessControlDefaultAdminRules) returns (bool) {
        RoleFacts storage facts = _roleFacts[role];
        if (
            (facts.kind == KIND_AGENCY_ADMIN || facts.kind == _KIND_GUARDIAN) && facts.members == 1
                && hasRole(role, account)
        ) revert AgencyRegistryLastHolder(role, account);
        return _removeRole(role, account);
    }

    /// @dev The registry always has an admin: it can hand its role over, not drop it.
    function _beginDefaultAdminTransfer(address newAdmin) internal virtual override {
        if (newAdmin == address(0)) revert AgencyRegistryInvalidAccount(newAdmin);
        super._beginDefaultAdminTransfer(newAdmin);
        (, uint48 schedule) = pendingDefaultAdmin();
        emit RegistryAdminChanged(_nextSequence(), AdminChange.TransferBegun, newAdmin, schedule);
    }

    function _cancelDefaultAdminTransfer() internal virtual override {
        super._cancelDefaultAdminTransfer();
        emit RegistryAdminChanged(_nextSequence(), AdminChange.TransferCancelled, address(0), 0);
    }

    function _changeDefaultAdminDelay(uint48 newDelay) internal virtual override {
        super._changeDefaultAdminDelay(newDelay);
        emit RegistryAdminChanged(_nextSequence(), AdminChange.DelayChanged, address(0), newDelay);
    }

    function _rollbackDefaultAdminDelay() internal virtual override {
        super._rollbackDefaultAdminDelay();
        emit RegistryAdminChanged(_nextSequence(), AdminChange.DelayChangeCancelled, address(0), 0);
    }

    function _createRole(bytes32 role, bytes32 adminRole, uint32 agencyId, uint8 kind) internal {
        _roleFacts[role] = RoleFacts(agencyId, kind, 0);
        _setRoleAdmin(role, adminRole);
    }

    function _requireName(string calldata name) internal pure {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME) revert AgencyRegistryInvalidName(length, MAX_NAME);
    }

    /// @dev Removes all officers. Bounded by MAX_OFFICERS: a hostile admin cannot make the list too long for it.
    function _removeOfficers(uint32 agencyId) internal {
        bytes32[] memory members = _officers[agencyId];
        for (uint256 i = 0; i < members.length; ++i) {
            uint256 membership = uint256(members[i]);
            _removeRole(roleOfKind(uint8(membership >> 160), agencyId), address(uint160(membership)));
        }
    }

    function _removeRole(bytes32 role, address account) private returns (bool) {
        if (!super._revokeRole(role, account)) return false;
        RoleFacts storage facts = _roleFacts[role];
        uint8 kind = facts.kind;
        uint32 agencyId = facts.agencyId;
        if (kind == KIND_OPERATOR) --_accountRoles[account].operator;
        else --_accountRoles[account].other;
        --facts.members;
        if (agencyId != 0) _removeOfficer(agencyId, _membership(agencyId, kind, account));
        _tell(agencyId, kind, account, false);
        emit RoleRemoved(_nextSequence(), agencyId, role, account, msg.sender);
        return true;
    }

    /// @dev The record registry keeps the roles that it checks in its own storage.
    function _tell(uint32 agencyId, uint8 kind, address account, bool granted) private {
        if (agencyId != 0 || kind == KIND_HOLD_AUTHORITY) {
            _records.onRoleChanged(agencyId, kind, account, granted);
        }
    }

    /// @dev The last membership takes the removed one's place.
    function _removeOfficer(uint32 agencyId, bytes32 membership) private {
        bytes32[] storage members = _officers[agencyId];
        uint256 place = _officerPlaces[membership];
        bytes32 last = members[members.length - 1];
        members[place - 1] = last;
        _officerPlaces[last] = place;
        members.pop();
        delete _officerPlaces[membership];
    }

    function _membership(uint32 agencyId, uint8 kind, address account) private pure returns (bytes32) {
        return bytes32((uint256(agencyId) << 168) | (uint256(kind) << 160) | uint160(account));
    }
}
