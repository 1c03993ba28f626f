// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../../contracts/libraries/RecordState.sol";
import {OPERATOR, REGISTRAR, STEWARD, TWO_ROLES, officer, vm} from "../Stage.sol";
import {Walk} from "./Walk.sol";

/// @title Records come to be, change and end.
abstract contract RecordActs is Walk {
    /// @dev So few that ids are tried again.
    uint256 private constant _LOCAL_IDS = 60;

    struct Proposal {
        bytes32 head;
        address proposer;
        uint256 expiresAt;
    }

    mapping(bytes32 id => Proposal proposal) private _proposals;
    bytes32 private _lastProposed;

    function register(uint256 agencySeed, uint256 actorSeed, uint256 salt) external step {
        uint32 agency = _agency(agencySeed);
        bytes32 local = _local(salt);
        bytes32 id = records.recordIdOf(agency, local);
        (address actor, bool may) = _actor(agency, actorSeed, REGISTRAR, OPERATOR);
        uint16 latest = records.recordTypeHead(agency, 1).latestVersion;
        bool stale = salt % 11 == 0;
        bool due = may && !models[id].known && !stale;
        bytes32 commitment = keccak256(abi.encode("content", salt));
        vm.prank(actor);
        try records.register(agency, 1, stale ? latest - 1 : latest, 1, local, commitment) {
            _went(due, "register");
            _registered(id, agency, actor, commitment);
        } catch {
            _refused(due, "register");
        }
    }

    function registerMany(uint256 agencySeed, uint256 actorSeed, uint256 salt, uint256 count) external step {
        uint32 agency = _agency(agencySeed);
        bytes32[] memory locals = new bytes32[](count % 4 + 1);
        bytes32[] memory commitments = new bytes32[](locals.length);
        (address actor, bool due) = _actor(agency, actorSeed, REGISTRAR, OPERATOR);
        for (uint256 i = 0; i < locals.length; ++i) {
            // The second pair of four repeats the first, now and then.
            locals[i] = _local(salt / 4 + (salt % 4 == 0 ? i % 2 : i));
            commitments[i] = keccak256(abi.encode("content", salt, i));
            if (models[records.recordIdOf(agency, locals[i])].known || (salt % 4 == 0 && i > 1)) due = false;
        }
        uint16 latest = records.recordTypeHead(agency, 1).latestVersion;
        vm.prank(actor);
        try records.registerMany(agency, 1, latest, 1, locals, commitments) {
            _went(due, "registerMany");
            for (uint256 i = 0; i < locals.length; ++i) {
                _registered(records.recordIdOf(agency, locals[i]), agency, actor, commitments[i]);
            }
        } catch {
            _refused(due, "registerMany");
        }
    }

    function amend(uint256 idSeed, uint256 actorSeed, uint256 salt, bool stale) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        (address actor, bool may) = _actor(state.custodian(), actorSeed, REGISTRAR, REGISTRAR);
        stale = stale && salt % 4 == 0;
        bool due = may && _changes(id, model, state) && !stale;
        bytes32 commitment = keccak256(abi.encode("amended", salt));
        uint16 latest = records.recordTypeHead(state.issuer(), 1).latestVersion;
        uint16 expected = stale ? state.version() + 1 : state.version();
        vm.prank(actor);
        try records.amend(id, expected, latest, 1, commitment) {
            _went(due, "amend");
            _acted(id, model, state, IRecordRegistry.ActKind.Amended, state.custodian(), actor, commitment);
            _expect(model.last.version() == state.version() + 1, "a version that does not grow by one");
        } catch {
            _refused(due, "amend");
        }
    }

    /// @dev Seldom, or nothing stays in force.
    function revoke(uint256 idSeed, uint256 actorSeed, uint16 reason) external step {
        if (actorSeed % 4 != 0) return;
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        (address actor, bool may) = _actor(custodian, actorSeed / 4, REGISTRAR, REGISTRAR);
        bool due = may && _changes(id, model, state);
        vm.prank(actor);
        try records.revoke(id, state.version(), reason) {
            _went(due, "revoke");
            _acted(id, model, state, IRecordRegistry.ActKind.Revoked, custodian, actor, bytes32(uint256(reason)));
        } catch {
            _refused(due, "revoke");
        }
    }

    function supersede(uint256 idSeed, uint256 otherSeed, uint256 actorSeed) external step {
        if (actorSeed % 2 != 0) return;
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        (bytes32 other,) = _pick(otherSeed);
        // From this place in the list on: the next one of the same custodian.
        for (uint256 i = 0; i < ids.length && records.record(other).state.custodian() != custodian; ++i) {
            (other,) = _pick(otherSeed % ids.length + i);
        }
        RecordState replacement = records.record(other).state;
        (address actor, bool may) = _actor(custodian, actorSeed / 2, REGISTRAR, REGISTRAR);
        bool due = may && _changes(id, model, state) && other != id && replacement.status() == 1
            && replacement.custodian() == custodian;
        vm.prank(actor);
        try records.supersede(id, state.version(), other) {
            _went(due, "supersede");
            _acted(id, model, state, IRecordRegistry.ActKind.Superseded, custodian, actor, other);
        } catch {
            _refused(due, "supersede");
        }
    }

    /// @dev By an officer with two roles, as often as by another.
    function propose(uint256 idSeed, uint256 actorSeed, uint256 period) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        (address actor, bool may) = _actor(custodian, actorSeed, REGISTRAR, REGISTRAR);
        if (actorSeed % 2 == 0) {
            actor = officer(custodian, TWO_ROLES);
            may = pausedAt == 0 && has(actor, custodian, REGISTRAR);
        }
        uint48 expiresAt = uint48(time + 1 + period % 10 days);
        bool due = may && _disposable(id, model, state);
        vm.prank(actor);
        try records.proposeDisposition(id, state.version(), keccak256("mandate"), expiresAt) {
            _went(due, "propose");
            _expect(records.traceHeadOf(id) == model.head, "a proposal that changed the trace");
            _proposals[id] = Proposal(model.head, actor, expiresAt);
            _lastProposed = id;
        } catch {
            _refused(due, "propose");
        }
    }

    function confirm(uint256 idSeed, uint256 actorSeed, uint256 how) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (how % 4 != 0) (id, model) = (_lastProposed, models[_lastProposed]);
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        (address actor, bool may) = _actor(custodian, actorSeed, STEWARD, STEWARD);
        Proposal memory proposal = _proposals[id];
        if (how / 4 % 3 == 0) {
            actor = proposal.proposer;
            may = pausedAt == 0 && has(actor, custodian, STEWARD);
        }
        bool due = may && proposal.proposer != address(0) && proposal.head == model.head && time <= proposal.expiresAt
            && _disposable(id, model, state);
        if (due && actor == proposal.proposer) {
            due = false;
            _reach("confirmed by the proposer");
        }
        vm.prank(actor);
        try records.confirmDisposition(id, state.version()) {
            _went(due, "confirm");
            delete _proposals[id];
            bytes32 argument = keccak256(abi.encode(proposal.proposer, keccak256("mandate")));
            _acted(id, model, state, IRecordRegistry.ActKind.Disposed, custodian, actor, argument);
        } catch {
            _refused(due, "confirm");
        }
    }

    function _local(uint256 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode("local", salt % _LOCAL_IDS));
    }

    function _registered(bytes32 id, uint32 agency, address actor, bytes32 commitment) private {
        Model storage model = models[id];
        RecordState state = records.record(id).state;
        if (model.acts == 0) {
            ids.push(id);
            model.head = keccak256(abi.encode(REGISTERED_TAG, id, commitment, state.withoutOffer()));
        } else {
            model.head = keccak256(
                abi.encode(
                    ACT_TAG, model.head, id, IRecordRegistry.ActKind.Registered, agency, actor, state, commitment
                )
            );
        }
        model.known = true;
        model.last = state;
        ++model.acts;
    }

    function _changes(bytes32 id, Model storage model, RecordState state) private view returns (bool) {
        return model.known && state.status() == 1 && !_isHeld(id);
    }

    function _disposable(bytes32 id, Model storage model, RecordState state) private view returns (bool) {
        return model.known && state.status() != 4 && !_isHeld(id) && !_isOffered(state)
            && time / 1 days > state.retainUntil();
    }
}
