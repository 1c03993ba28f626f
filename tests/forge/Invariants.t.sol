// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AgencyRegistry} from "../../contracts/AgencyRegistry.sol";
import {RecordRegistry} from "../../contracts/RecordRegistry.sol";
import {ShareRegistry} from "../../contracts/ShareRegistry.sol";
import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {IShareRegistry} from "../../contracts/interfaces/IShareRegistry.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";
import {ADMIN, ADMIN_KIND, AGENCIES, GUARDIAN, OPERATOR, authority, vm} from "./Stage.sol";
import {Handler} from "./walk/Handler.sol";

/// @title What holds whatever anybody does.
contract InvariantsTest {
    /// @dev Of the record registry's `_roles`: its copy of who is who has no getter.
    uint256 private constant _ROLES_SLOT = 1;

    Handler private _handler;
    RecordRegistry private _records;
    AgencyRegistry private _agencies;
    ShareRegistry private _shares;

    function setUp() public {
        _handler = new Handler();
        _records = _handler.records();
        _agencies = _handler.agencies();
        _shares = _handler.shares();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev What must be refused was refused, what must go through went through, whoever tried: see the handler.
    function invariant_nothing_that_must_not_be() public view {
        require(bytes(_handler.fault()).length == 0, _handler.fault());
    }

    function invariant_records_are_the_models() public view {
        uint256 count = _handler.idCount();
        address first = authority(0);
        address second = authority(1);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = _handler.ids(i);
            (, bytes32 head, RecordState last, uint256 acts) = _handler.models(id);
            require(_records.traceHeadOf(id) == head, "trace head");
            IRecordRegistry.Record memory stored = _records.record(id);
            require(
                RecordState.unwrap(stored.state.withoutOffer()) == RecordState.unwrap(last.withoutOffer()), "state"
            );
            require(acts == 1 || stored.traceHead == head, "stored trace head");
            uint256 standing = (_handler.held(id, first) ? 1 : 0) + (_handler.held(id, second) ? 1 : 0);
            require(stored.state.holdCount() == standing, "hold count");
        }
    }

    function invariant_the_journal_is_the_models() public view {
        IRecordRegistry.JournalHead memory head = _records.journalHead(1, 1);
        require(head.size == _handler.leavesSealed() && !head.closed, "journal head");
        if (head.size == 0) return;
        (bytes32 root, uint64 size, uint64 previous, uint48 at) = _handler.lastSeal();
        require(root == _handler.rootSealed() && size == head.size, "journal root");
        require(
            _records.sealHashOf(1, 1, size) == keccak256(abi.encode(IRecordRegistry.Seal(root, size, previous, at))),
            "seal"
        );
    }

    function invariant_shares_are_the_models() public view {
        uint256 count = _handler.shareCount();
        for (uint256 i = 0; i < count; ++i) {
            bytes32 shareId = _handler.shareIds(i);
            (, uint32 granter, IShareRegistry.ShareStatus status,, uint48 expiresAt, bytes32 recordId) =
                _handler.shareModels(shareId);
            require(_shares.share(shareId).status == status, "status of a share");
            bool due = status == IShareRegistry.ShareStatus.Granted && block.timestamp <= expiresAt;
            require(_shares.isInForce(shareId) == due, "a share in force");
            if (recordId == 0) continue;
            RecordState state = _records.record(recordId).state;
            due = due && state.custodian() == granter && state.status() != 4;
            require(_shares.covers(shareId, recordId, _handler.SALT()) == due, "what a share covers");
        }
    }

    /// @dev Bit by bit what the agency registry told, for a quarter of the accounts each time, all of them in the end.
    function invariant_the_copy_of_the_roles_is_the_agency_registrys() public view {
        (address[] memory accounts, uint256[AGENCIES + 1][] memory kinds) = _handler.roster();
        for (uint256 i = _handler.steps() % 4; i < accounts.length; i += 4) {
            for (uint32 agency = 0; agency <= AGENCIES; ++agency) {
                require(_copied(accounts[i], agency) == kinds[i][agency], "the copy of the roles");
            }
        }
    }

    function invariant_every_agency_has_an_admin_and_the_registry_admin_stays_out() public view {
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            uint256 admins;
            bytes32[] memory officers = _agencies.officers(agency);
            for (uint256 i = 0; i < officers.length; ++i) {
                if (_kindOf(officers[i]) == ADMIN_KIND) ++admins;
                require(
                    _accountOf(officers[i]) != ADMIN || _handler.adminEntered(agency),
                    "the registry admin came in without a replacement"
                );
            }
            require(admins != 0, "an agency without an admin");
        }
        require(_agencies.hasRole(_agencies.GUARDIAN(), GUARDIAN), "the guardian is gone");
    }

    function invariant_no_operator_has_another_role() public view {
        bytes32[][] memory officers = new bytes32[][](AGENCIES);
        for (uint32 i = 0; i < AGENCIES; ++i) officers[i] = _agencies.officers(i + 1);
        for (uint256 i = 0; i < AGENCIES; ++i) {
            for (uint256 k = 0; k < officers[i].length; ++k) {
                if (_kindOf(officers[i][k]) != OPERATOR) continue;
                address operator = _accountOf(officers[i][k]);
                for (uint256 j = 0; j < AGENCIES; ++j) {
                    for (uint256 m = 0; m < officers[j].length; ++m) {
                        require(
                            _accountOf(officers[j][m]) != operator || _kindOf(officers[j][m]) == OPERATOR,
                            "an operator with another role"
                        );
                    }
                }
            }
        }
    }

    function invariant_events_are_numbered_without_gaps() public view {
        require(_records.sequence() == _handler.events(address(_records)), "events of the record registry");
        require(_agencies.sequence() == _handler.events(address(_agencies)), "events of the agency registry");
        require(_shares.sequence() == _handler.events(address(_shares)), "events of the share registry");
        require(_records.pausedSince() == _handler.pausedAt(), "paused since");
    }

    /// @dev At the end of every run: every role of every account, as the agency registry answers, as the record
    /// registry copied, as the agency's list of officers counts.
    function afterInvariant() public view {
        (address[] memory accounts,) = _handler.roster();
        bytes32 holdAuthority = _agencies.HOLD_AUTHORITY();
        uint256[AGENCIES + 1] memory counts;
        for (uint256 i = 0; i < accounts.length; ++i) {
            require(_agencies.hasRole(holdAuthority, accounts[i]) == (_copied(accounts[i], 0) != 0), "hold authority");
            for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
                uint256 kinds;
                for (uint8 kind = ADMIN_KIND; kind <= OPERATOR; ++kind) {
                    if (!_agencies.hasRole(_agencies.roleOfKind(kind, agency), accounts[i])) continue;
                    kinds |= 1 << kind;
                    ++counts[agency];
                }
                require(_copied(accounts[i], agency) == kinds, "the copy of the roles");
            }
        }
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            require(_agencies.officers(agency).length == counts[agency], "the list of officers");
        }
    }

    /// @dev A long deterministic walk in which everything comes up that the invariants are about, the rare included:
    /// without it they would prove nothing.
    function test_everything_comes_up_in_a_long_walk() public {
        uint256 seed = 7;
        for (uint256 i = 0; i < 8000; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            _step(seed % 30, seed >> 8, seed >> 72, seed >> 136, seed >> 200);
            if (i % 1000 == 999) _everything();
        }
        string[38] memory due = [
            "register", "registerMany", "amend", "revoke", "supersede", "propose", "confirm",
            "confirmed by the proposer", "offer", "accept", "close an offer", "hold", "release",
            "appoint an authority", "seal", "publish", "grant a role", "revoke a role", "renounce a role",
            "the last admin stays", "schedule", "scheduled over a lapsed one", "cancelled by the guardian",
            "cancelled by the agency", "cancelled while paused", "executed too early", "executed too late", "execute",
            "the registry admin enters", "intrude", "pause", "unpause", "request a share", "decide on a share",
            "revoke a share", "acknowledge a delivery", "write", "refused while paused"
        ];
        for (uint256 i = 0; i < due.length; ++i) {
            require(_handler.reached(keccak256(bytes(due[i]))) != 0, string.concat("never in the walk: ", due[i]));
        }
    }

    function _everything() private view {
        invariant_nothing_that_must_not_be();
        invariant_records_are_the_models();
        invariant_the_journal_is_the_models();
        invariant_shares_are_the_models();
        invariant_the_copy_of_the_roles_is_the_agency_registrys();
        invariant_every_agency_has_an_admin_and_the_registry_admin_stays_out();
        invariant_no_operator_has_another_role();
        invariant_events_are_numbered_without_gaps();
        afterInvariant();
    }

    function _step(uint256 action, uint256 a, uint256 b, uint256 c, uint256 d) private {
        if (action < 2) _handler.register(a, b, c);
        else if (action == 2) _handler.registerMany(a, b, c, d);
        else if (action == 3) _handler.amend(a, b, c, d % 2 == 0);
        else if (action == 4) _handler.revoke(a, b, uint16(c));
        else if (action == 5) _handler.supersede(a, b, c);
        else if (action == 6) _handler.propose(a, b, c);
        else if (action == 7) _handler.confirm(a, b, c);
        else if (action == 8) _handler.offer(a, b, c, d);
        else if (action == 9) _handler.accept(a, b);
        else if (action == 10) _handler.close(a, b, c % 2 == 0);
        else if (action == 11) _handler.hold(a, b, c, d);
        else if (action == 12) _handler.release(a, b);
        else if (action == 13) _handler.appoint(a, b, c % 2 == 0);
        else if (action == 14) _handler.seal(a, b, c, d);
        else if (action == 15) _handler.publish(a, b, c);
        else if (action == 16) _handler.grant(a, b, c, d);
        else if (action == 17) _handler.staff(a, b);
        else _stepOfGovernance(action, a, b, c, d);
    }

    /// @dev Apart for the stack's sake.
    function _stepOfGovernance(uint256 action, uint256 a, uint256 b, uint256 c, uint256 d) private {
        if (action == 18) _handler.revokeRole(a, b, c, d);
        else if (action == 19) _handler.renounce(a, b, c);
        else if (action == 20) _handler.schedule(a, b, c);
        else if (action == 21) _handler.cancel(a, b);
        else if (action == 22) _handler.execute(a, b, c);
        else if (action == 23) _handler.pause(a);
        else if (action == 24) _handler.unpause(a);
        else if (action == 25) _handler.intrude(a, b, c, d);
        else if (action == 26) _handler.request(a, b, c, d);
        else if (action == 28) _handler.write(a, b, c);
        else if (action == 27) _handler.decide(a, b, c, d % 2 == 0);
        else if (d % 4 == 0) _handler.endShare(a, b);
        else if (d % 4 == 1) _handler.acknowledge(a, b, c);
        else _handler.pass(a);
    }

    function _kindOf(bytes32 membership) private pure returns (uint8) {
        return uint8(uint256(membership) >> 160);
    }

    function _accountOf(bytes32 membership) private pure returns (address) {
        return address(uint160(uint256(membership)));
    }

    function _copied(address account, uint32 agency) private view returns (uint256) {
        uint256 key = uint256(agency) << 160 | uint160(account);
        return uint256(vm.load(address(_records), keccak256(abi.encode(key, _ROLES_SLOT))));
    }
}
