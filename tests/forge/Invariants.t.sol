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
    uint256 private constant _OFFICERS = 1 << 1 | 1 << 2 | 1 << 3;

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

    /// @dev Both registries' word for who is who is the model's, account by account and bit by bit.
    function invariant_the_copy_of_the_roles_is_the_agency_registrys() public view {
        uint256 count = _handler.accountCount();
        for (uint32 agency = 0; agency <= AGENCIES; ++agency) {
            for (uint256 i = 0; i < count; ++i) {
                address account = _handler.accounts(i);
                require(_copied(account, agency) == _handler.roles(account, agency), "the copy of the roles");
            }
            if (agency == 0) continue;
            bytes32[] memory officers = _agencies.officers(agency);
            require(officers.length == _handler.memberships(agency), "how many officers");
            for (uint256 i = 0; i < officers.length; ++i) {
                uint256 membership = uint256(officers[i]);
                require(uint32(membership >> 168) == agency, "another agency's officer");
                require(_handler.has(address(uint160(membership)), agency, uint8(membership >> 160)), "an officer");
            }
        }
    }

    function invariant_every_agency_has_an_admin_and_the_registry_admin_stays_out() public view {
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            bytes32[] memory officers = _agencies.officers(agency);
            uint256 admins;
            for (uint256 i = 0; i < officers.length; ++i) {
                uint256 membership = uint256(officers[i]);
                if (uint8(membership >> 160) == ADMIN_KIND) ++admins;
                require(
                    address(uint160(membership)) != ADMIN || _handler.adminEntered(agency),
                    "the registry admin came in without a replacement"
                );
            }
            require(admins != 0, "an agency without an admin");
        }
        require(_agencies.hasRole(_agencies.GUARDIAN(), GUARDIAN), "the guardian is gone");
    }

    function invariant_no_operator_has_another_role() public view {
        uint256 count = _handler.accountCount();
        for (uint256 i = 0; i < count; ++i) {
            address account = _handler.accounts(i);
            uint256 kinds;
            for (uint32 agency = 0; agency <= AGENCIES; ++agency) kinds |= _copied(account, agency);
            require(kinds & (1 << OPERATOR) == 0 || kinds == 1 << OPERATOR, "an operator with another role");
        }
    }

    function invariant_events_are_numbered_without_gaps() public view {
        require(_records.sequence() == _handler.events(address(_records)), "events of the record registry");
        require(_agencies.sequence() == _handler.events(address(_agencies)), "events of the agency registry");
        require(_shares.sequence() == _handler.events(address(_shares)), "events of the share registry");
        require(_records.pausedSince() == _handler.pausedAt(), "paused since");
    }

    /// @dev At the end of every run: the agency registry's answers themselves, each of some hundreds.
    function afterInvariant() public view {
        uint256 count = _handler.accountCount();
        bytes32 holdAuthority = _agencies.HOLD_AUTHORITY();
        for (uint256 i = 0; i < count; ++i) {
            address account = _handler.accounts(i);
            require(_agencies.hasRole(holdAuthority, account) == (_copied(account, 0) != 0), "hold authority");
            for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
                uint256 kinds;
                for (uint8 kind = ADMIN_KIND; kind <= OPERATOR; ++kind) {
                    if (_agencies.hasRole(_agencies.roleOfKind(kind, agency), account)) kinds |= 1 << kind;
                }
                require(_copied(account, agency) == kinds, "the copy of the roles");
            }
        }
    }

    function _copied(address account, uint32 agency) private view returns (uint256) {
        uint256 key = uint256(agency) << 160 | uint160(account);
        return uint256(vm.load(address(_records), keccak256(abi.encode(key, _ROLES_SLOT))));
    }
}
