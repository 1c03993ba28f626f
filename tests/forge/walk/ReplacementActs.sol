// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ADMIN, ADMIN_KIND, GUARDIAN, OPERATOR, newcomer, officer, vm} from "../Stage.sol";
import {RoleActs} from "./RoleActs.sol";

/// @title The delayed replacement of an agency's officers: announced, cancelled, executed early, in time and late.
abstract contract ReplacementActs is RoleActs {
    uint256 private constant _DELAY = 7 days;
    uint256 private constant _WINDOW = 30 days;

    struct Replacement {
        address newAdmin;
        uint256 readyAt;
    }

    mapping(uint32 agency => Replacement replacement) public replacements;

    function schedule(uint256 agencySeed, uint256 actorSeed, uint256 newSeed) external step {
        uint32 agency = _agency(agencySeed);
        Replacement storage pending = replacements[agency];
        address actor = actorSeed % 3 == 0 ? _anybody(actorSeed / 3) : ADMIN;
        address newAdmin = _candidate(agency, newSeed);
        bool free = pending.readyAt == 0 || time > pending.readyAt + _WINDOW;
        bool due = actor == ADMIN && pausedAt == 0 && free && newAdmin != address(0);
        vm.prank(actor);
        try agencies.scheduleAdminReplacement(agency, newAdmin) {
            _went(due, "schedule");
            if (pending.readyAt != 0) _reach("scheduled over a lapsed one");
            replacements[agency] = Replacement(newAdmin, time + _DELAY);
        } catch {
            _refused(due, "schedule");
        }
    }

    /// @dev Seldom, or none is ever executed. Goes on while paused.
    function cancel(uint256 agencySeed, uint256 actorSeed) external step {
        if (actorSeed % 3 != 0) return;
        actorSeed /= 3;
        uint32 agency = _agency(agencySeed);
        address actor = _anybody(actorSeed / 4);
        if (actorSeed % 4 == 1) actor = GUARDIAN;
        if (actorSeed % 4 == 2) actor = ADMIN;
        if (actorSeed % 4 == 3) actor = _holder(agency, ADMIN_KIND, actorSeed / 4);
        bool due = replacements[agency].readyAt != 0
            && (actor == GUARDIAN || actor == ADMIN || has(actor, agency, ADMIN_KIND));
        vm.prank(actor);
        try agencies.cancelAdminReplacement(agency) {
            _went(due, "cancel");
            if (actor == GUARDIAN) _reach("cancelled by the guardian");
            else if (actor != ADMIN) _reach("cancelled by the agency");
            if (pausedAt != 0) _reach("cancelled while paused");
            delete replacements[agency];
        } catch {
            _refused(due, "cancel");
        }
    }

    /// @dev In the last second before it is ready, the first when it is, the last before it lapses, the next, or now.
    function execute(uint256 agencySeed, uint256 actorSeed, uint256 when) external step {
        uint32 agency = _agency(agencySeed);
        Replacement memory pending = replacements[agency];
        uint256[4] memory edges = [
            pending.readyAt - (pending.readyAt == 0 ? 0 : 1), pending.readyAt, pending.readyAt + _WINDOW,
            pending.readyAt + _WINDOW + 1
        ];
        uint256 edge = when % 16 < 9 ? edges[when % 3] : when % 16 < 11 ? edges[3] : 0;
        if (pending.readyAt != 0 && edge > time) {
            time = edge;
            vm.warp(time);
        }
        address actor = actorSeed % 5 == 0 ? _anybody(actorSeed / 5) : ADMIN;
        bool due = actor == ADMIN && pausedAt == 0 && pending.readyAt != 0;
        if (due && time < pending.readyAt) _reach("executed too early");
        if (due && time > pending.readyAt + _WINDOW) _reach("executed too late");
        due = due && time >= pending.readyAt && time <= pending.readyAt + _WINDOW;
        due = due && _canEnter(pending.newAdmin, agency);
        vm.prank(actor);
        try agencies.executeAdminReplacement(agency) {
            _went(due, "execute");
            delete replacements[agency];
            _replaced(agency, pending.newAdmin);
        } catch {
            _refused(due, "execute");
        }
    }

    /// @dev All officers go; the new admin is alone.
    function _replaced(uint32 agency, address newAdmin) private {
        for (uint256 i = 0; i < accounts.length; ++i) {
            for (uint8 kind = ADMIN_KIND; kind <= OPERATOR; ++kind) {
                if (has(accounts[i], agency, kind)) _taken(accounts[i], agency, kind);
            }
        }
        _given(newAdmin, agency, ADMIN_KIND);
        adminEntered[agency] = newAdmin == ADMIN;
        if (newAdmin == ADMIN) _reach("the registry admin enters");
    }

    /// @dev Whoever is an OPERATOR of another agency cannot; of this one it stops being one.
    function _canEnter(address account, uint32 agency) private view returns (bool) {
        return _operatorRoles[account] == (has(account, agency, OPERATOR) ? 1 : 0);
    }

    function _candidate(uint32 agency, uint256 seed) private view returns (address) {
        uint256 choice = seed % 6;
        if (choice == 0) return ADMIN;
        if (choice == 1) return newcomer(agency);
        if (choice == 2) return seed / 6 % 4 == 0 ? address(0) : _anybody(seed / 24);
        return officer(agency, ADMIN_KIND);
    }
}
