// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ADMIN, ADMIN_KIND, OPERATOR, REGISTRAR, STEWARD, TWO_ROLES, officer, vm} from "../Stage.sol";
import {Walk} from "./Walk.sol";

/// @title Roles are given, taken and given up, all of it while paused too.
abstract contract RoleActs is Walk {
    /// @dev Whether the registry admin came into the agency by an executed replacement, the only way there is.
    mapping(uint32 agency => bool yes) public adminEntered;

    function grant(uint256 agencySeed, uint256 bySeed, uint256 kindSeed, uint256 accountSeed) external step {
        uint32 agency = _agency(agencySeed);
        address by = _administrator(agency, bySeed);
        address account = _anybody(accountSeed);
        // The walk's agencies do not invite the registry admin, so that how it came in can be told.
        if (account == ADMIN && !adminEntered[agency] && has(by, agency, ADMIN_KIND)) return;
        _grantRole(by, agency, uint8(kindSeed % 4 + 1), account);
    }

    /// @dev The agency's admin fills the seats again.
    function staff(uint256 agencySeed, uint256 bySeed) external step {
        uint32 agency = _agency(agencySeed);
        address by = _holder(agency, ADMIN_KIND, bySeed);
        for (uint8 kind = REGISTRAR; kind <= OPERATOR; ++kind) _grantRole(by, agency, kind, officer(agency, kind));
        _grantRole(by, agency, REGISTRAR, officer(agency, TWO_ROLES));
        _grantRole(by, agency, STEWARD, officer(agency, TWO_ROLES));
    }

    function revokeRole(uint256 agencySeed, uint256 bySeed, uint256 kindSeed, uint256 accountSeed) external step {
        uint32 agency = _agency(agencySeed);
        uint8 kind = uint8(kindSeed % 4 + 1);
        address by = _administrator(agency, bySeed);
        address account = kindSeed / 4 % 2 == 0 ? _holder(agency, kind, accountSeed) : _anybody(accountSeed);
        bool due = has(by, agency, ADMIN_KIND) && !_isLast(account, agency, kind);
        bytes32 role = agencies.roleOfKind(kind, agency);
        vm.prank(by);
        try agencies.revokeRole(role, account) {
            _went(due, "revoke a role");
            if (has(account, agency, kind)) _taken(account, agency, kind);
        } catch {
            _refused(due, "revoke a role");
        }
    }

    /// @dev Anybody gives up its own role but the last admin of an agency. Seldom, or seats stay empty.
    function renounce(uint256 agencySeed, uint256 kindSeed, uint256 accountSeed) external step {
        uint32 agency = _agency(agencySeed / 4);
        uint8 kind = uint8(kindSeed % 4 + 1);
        if (agencySeed % 4 != 0 && kind != ADMIN_KIND) return;
        address account = _holder(agency, kind, accountSeed);
        bool due = !_isLast(account, agency, kind);
        bytes32 role = agencies.roleOfKind(kind, agency);
        vm.prank(account);
        try agencies.renounceRole(role, account) {
            _went(due, "renounce a role");
            if (has(account, agency, kind)) _taken(account, agency, kind);
        } catch {
            _refused(due, "renounce a role");
            _reach("the last admin stays");
        }
    }

    function _grantRole(address by, uint32 agency, uint8 kind, address account) private {
        bool had = has(account, agency, kind);
        bool due = has(by, agency, ADMIN_KIND) && (had || _mayHave(account, kind));
        bytes32 role = agencies.roleOfKind(kind, agency);
        vm.prank(by);
        (bool done,) = address(agencies).call(abi.encodeCall(agencies.grantRole, (role, account)));
        if (!done) return _refused(due, "grant a role");
        _went(due, "grant a role");
        if (!had) _given(account, agency, kind);
        // Now: the logs of the next grant, if that is refused, are dropped.
        _number();
    }

    function _administrator(uint32 agency, uint256 seed) private view returns (address) {
        return seed % 3 == 0 ? _anybody(seed / 3) : _holder(agency, ADMIN_KIND, seed / 3);
    }

    function _isLast(address account, uint32 agency, uint8 kind) private view returns (bool) {
        return kind == ADMIN_KIND && has(account, agency, kind) && _admins[agency] == 1;
    }
}
