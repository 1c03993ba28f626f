// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../../contracts/libraries/RecordState.sol";
import {ADMIN, STEWARD, authority, vm} from "../Stage.sol";
import {RecordActs} from "./RecordActs.sol";

/// @title Custody goes from agency to agency; authorities hold and release.
abstract contract CustodyActs is RecordActs {
    bytes32 private constant _CASE = bytes32(uint256(0xCA5E));

    function offer(uint256 idSeed, uint256 actorSeed, uint256 toSeed, uint256 period) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        // Now and then to an agency that does not exist.
        uint32 to = toSeed % 16 == 0 ? 4 : _agency(toSeed);
        (address actor, bool may) = _actor(custodian, actorSeed, STEWARD, STEWARD);
        bool due = may && model.known && state.status() != 4 && !_isOffered(state) && to != custodian && to != 4;
        vm.prank(actor);
        try records.offerCustody(id, state.version(), to, uint48(time + 1 + period % 30 days)) {
            _went(due, "offer");
            _expect(records.traceHeadOf(id) == model.head, "an offer that changed the trace");
        } catch {
            _refused(due, "offer");
        }
    }

    function accept(uint256 idSeed, uint256 actorSeed) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        // From this place in the list on: the next record that is on offer at all.
        for (uint256 i = 0; i < ids.length && records.record(id).state.offeredTo() == 0; ++i) {
            (id, model) = _pick(idSeed % ids.length + i);
        }
        IRecordRegistry.Record memory stored = records.record(id);
        RecordState state = stored.state;
        uint32 to = state.offeredTo();
        (address actor, bool may) = _actor(to, actorSeed, STEWARD, STEWARD);
        bool due = may && to != 0 && time <= state.offerExpiresAt() && !_isHeld(id);
        vm.prank(actor);
        try records.acceptCustody(id, state.version(), stored.commitment, model.head) {
            _went(due, "accept");
            bytes32 argument = bytes32(uint256(state.custodian()));
            _acted(id, model, state, IRecordRegistry.ActKind.Transferred, to, actor, argument);
            _expect(model.last.custodian() == to, "custody with another than who accepted");
        } catch {
            _refused(due, "accept");
        }
    }

    /// @dev Declined by the receiver or withdrawn by the giver, also when it has expired.
    function close(uint256 idSeed, uint256 actorSeed, bool decline) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        RecordState state = records.record(id).state;
        uint32 agency = decline ? state.offeredTo() : state.custodian();
        (address actor, bool may) = _actor(agency, actorSeed, STEWARD, STEWARD);
        bool due = may && state.offeredTo() != 0;
        bytes memory call_ = decline
            ? abi.encodeCall(IRecordRegistry.declineCustody, (id))
            : abi.encodeCall(IRecordRegistry.withdrawCustody, (id));
        vm.prank(actor);
        (bool done,) = address(records).call(call_);
        if (!done) return _refused(due, "close an offer");
        _went(due, "close an offer");
        _expect(records.record(id).state.offeredTo() == 0, "an offer that stays");
        _expect(records.traceHeadOf(id) == model.head, "an offer's end that changed the trace");
    }

    function hold(uint256 idSeed, uint256 agencySeed, uint256 salt, uint256 who) external step {
        (bytes32 id,) = _pick(idSeed);
        // An id that may not be on chain yet.
        if (salt % 3 == 0) id = records.recordIdOf(_agency(agencySeed), _local(salt));
        if (id == 0) return;
        address actor = _authority(who);
        Model storage model = models[id];
        RecordState state = records.record(id).state;
        bool due = pausedAt == 0 && has(actor, 0, HOLD_AUTHORITY) && !held[id][actor] && state.status() != 4;
        vm.prank(actor);
        try records.placeHold(id, _CASE) {
            _went(due, "hold");
            held[id][actor] = true;
            if (model.acts == 0) ids.push(id);
            _acted(id, model, state, IRecordRegistry.ActKind.Held, 0, actor, _CASE);
        } catch {
            _refused(due, "hold");
        }
    }

    function release(uint256 idSeed, uint256 who) external step {
        (bytes32 id, Model storage model) = _pick(idSeed);
        address actor = _authority(who);
        // From this place in the list on: the next one that the authority holds.
        for (uint256 i = 0; i < ids.length && !held[id][actor] && who % 3 != 0; ++i) {
            (id, model) = _pick(idSeed % ids.length + i);
        }
        RecordState state = records.record(id).state;
        bool due = pausedAt == 0 && has(actor, 0, HOLD_AUTHORITY) && held[id][actor];
        vm.prank(actor);
        try records.releaseHold(id, _CASE) {
            _went(due, "release");
            held[id][actor] = false;
            _acted(id, model, state, IRecordRegistry.ActKind.Released, 0, actor, _CASE);
        } catch {
            _refused(due, "release");
        }
    }

    /// @dev The registry admin takes an authority's role and gives it back; nobody else does. It lifts no hold.
    function appoint(uint256 who, uint256 actorSeed, bool give) external step {
        address account = authority(who % 2);
        address actor = actorSeed % 4 == 0 ? _anybody(actorSeed / 4) : ADMIN;
        bytes32 role = agencies.HOLD_AUTHORITY();
        bool had = has(account, 0, HOLD_AUTHORITY);
        // Seldom taken, or nothing is held.
        give = give || who / 2 % 4 != 0;
        // Meanwhile an agency may have made it its operator.
        bool due = actor == ADMIN && (!give || had || _mayHave(account, HOLD_AUTHORITY));
        vm.prank(actor);
        (bool done,) = address(agencies).call(
            give
                ? abi.encodeCall(agencies.grantRole, (role, account))
                : abi.encodeCall(agencies.revokeRole, (role, account))
        );
        if (!done) return _refused(due, "appoint an authority");
        _went(due, "appoint an authority");
        if (give && !had) _given(account, 0, HOLD_AUTHORITY);
        if (!give && had) _taken(account, 0, HOLD_AUTHORITY);
    }

    function _authority(uint256 who) private view returns (address) {
        return who % 7 == 6 ? _anybody(who / 7) : authority(who % 2);
    }
}
