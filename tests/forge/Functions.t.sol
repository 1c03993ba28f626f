// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";
import {FunctionStage} from "./FunctionStage.sol";
import {AGENCIES, OPERATOR, REGISTRAR, START, authority, officer, vm} from "./Stage.sol";

/// @title Registration and amendment with whatever arguments: the exact error, or exactly the state of the SPEC.
contract FunctionsTest is FunctionStage {
    /// @dev Of type 1 by version; type 2 has one version, for ever.
    uint24[4] private _days = [0, 3, 10, 7];

    struct Registration {
        uint32 agency;
        uint16 typeId;
        uint16 typeVersion;
        uint8 algorithm;
        bytes32 commitment;
    }

    function setUp() public {
        _deploy(_days[1]);
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            _publish(agency, 1, _days[2]);
            _publish(agency, 1, _days[3]);
            vm.prank(officer(agency, 1));
            agencies.createRecordType(agency, "kept", keccak256("kept"), FOREVER, IAgencyRegistry.Sharing.Open);
        }
    }

    // ------------------------------------------------------------- register

    function testFuzz_register(uint256 seed, Registration memory named, bytes32 localId, uint32 later) public {
        seed = _spread(seed);
        _bring(seed, named);
        address actor = _somebody(seed >> 128, named.agency);
        // Taken already, by somebody who may: then it is a duplicate.
        bool taken = (seed >> 64) % 4 == 0 && _exists(named.agency);
        if (taken) _record(named.agency, localId);
        vm.warp(START + later);
        bytes32 id = _idOf(named.agency, localId);
        bytes memory refusal = _refusal(actor, named);
        if (refusal.length == 0 && named.commitment == 0) refusal = _invalidCommitment(0, named.algorithm);
        if (refusal.length == 0 && taken) {
            refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryAlreadyRegistered.selector, id);
        }
        IRecordRegistry.Record memory before = records.record(id);
        bytes memory answer = _try(actor, _registerCall(named, localId), refusal);
        if (refusal.length != 0) {
            _same(id, before);
            return;
        }
        require(abi.decode(answer, (bytes32)) == id, "another id is returned");
        uint256 state = _registered(named);
        _stands(id, named.commitment, state, 0);
        bytes memory data = abi.encode(records.sequence(), actor, state, named.commitment);
        _logged(IRecordRegistry.Registered.selector, id, data);
    }

    // ------------------------------------------------------------- registerMany

    /// @dev All or none: one bad item, wherever it lies, and nothing is registered.
    function testFuzz_registerMany(uint256 seed, Registration memory named, bytes32 first, uint32 later) public {
        seed = _spread(seed);
        _bring(seed, named);
        address actor = _somebody(seed >> 128, named.agency);
        if (named.commitment == 0) named.commitment = keccak256("content");
        vm.warp(START + later);
        bytes32[] memory localIds = _localIds(seed >> 32, first);
        bytes32[] memory commitments = new bytes32[](localIds.length + ((seed >> 48) % 8 == 0 ? 1 : 0));
        for (uint256 i = 0; i < commitments.length; ++i) commitments[i] = keccak256(abi.encode(named.commitment, i));
        if (commitments.length != 0 && (seed >> 56) % 4 == 0) commitments[(seed >> 60) % commitments.length] = 0;

        bytes memory refusal = _batchRefusal(actor, named, localIds, commitments);
        uint64 sequence = records.sequence();
        _try(actor, _registerManyCall(named, localIds, commitments), refusal);
        require(refusal.length == 0 || records.sequence() == sequence, "a number is used up");
        require(refusal.length != 0 || records.sequence() == sequence + localIds.length, "a number a record");
        uint256 state = _registered(named);
        for (uint256 i = 0; i < localIds.length; ++i) {
            bytes32 id = _idOf(named.agency, localIds[i]);
            if (refusal.length == 0) _stands(id, commitments[i], state, 0);
            else require(records.record(id).state.isEmpty(), "a part of a refused batch stands");
        }
    }

    function test_registerMany_takes_256_and_no_more() public {
        Registration memory named = Registration(1, 1, 3, 1, keccak256("content"));
        bytes32[] memory localIds = new bytes32[](257);
        for (uint256 i = 0; i < 257; ++i) localIds[i] = bytes32(i + 1);
        bytes memory refusal = _batchRefusal(officer(1, REGISTRAR), named, localIds, localIds);
        require(refusal.length != 0, "the limit is 256");
        _try(officer(1, REGISTRAR), _registerManyCall(named, localIds, localIds), refusal);
        assembly ("memory-safe") {
            mstore(localIds, 256)
        }
        _try(officer(1, REGISTRAR), _registerManyCall(named, localIds, localIds), "");
        require(!records.record(_idOf(1, localIds[255])).state.isEmpty(), "the last one");
    }

    // ------------------------------------------------------------- amend

    struct Amendment {
        uint16 version;
        uint16 expectedVersion;
        uint16 typeVersion;
        uint8 algorithm;
        bytes32 commitment;
        uint24 firstDays;
        uint24 lastDays;
    }

    /// @dev A record in any version and status, held or not, under a type whose retention was changed since.
    function testFuzz_amend(uint256 seed, Amendment memory named, uint32 later) public {
        seed = _spread(seed);
        _bringAmendment(seed, named);
        _publish(1, 1, named.firstDays);
        bytes32 id = _record(1, "amended");
        // As after so many amendments.
        _setVersion(id, named.version);
        if ((seed >> 20) % 2 == 0) _publish(1, 1, named.lastDays);
        _bringInto(seed >> 32, id, named.version);
        vm.warp(block.timestamp + later);
        address actor = _somebody(seed >> 128, 1);

        IRecordRegistry.Record memory before = records.record(id);
        bytes32 head = records.traceHeadOf(id);
        bytes memory refusal = _amendRefusal(actor, id, named);
        _try(
            actor,
            abi.encodeCall(
                IRecordRegistry.amend,
                (id, named.expectedVersion, named.typeVersion, named.algorithm, named.commitment)
            ),
            refusal
        );
        if (refusal.length != 0) {
            _same(id, before);
            return;
        }
        uint256 state = _amended(RecordState.unwrap(before.state), named);
        head = _act(head, id, IRecordRegistry.ActKind.Amended, 1, actor, state, named.commitment);
        _stands(id, named.commitment, state, head);
        _logged(
            IRecordRegistry.Amended.selector, id, abi.encode(records.sequence(), actor, state, named.commitment)
        );
    }

    function testFuzz_amend_of_an_id_that_has_no_record(bytes32 id, uint16 expectedVersion, bool held) public {
        // A hold alone makes no record.
        if (held) {
            vm.prank(authority(0));
            records.placeHold(id, "case");
        }
        bytes memory refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryUnknownRecord.selector, id);
        bytes memory call_ = abi.encodeCall(IRecordRegistry.amend, (id, expectedVersion, 3, 1, "content"));
        _try(officer(1, REGISTRAR), call_, refusal);
    }

    // ------------------------------------------------------------- what is due

    /// @dev Three in four times each argument is one that can be, so that every error, and none, comes up.
    function _bring(uint256 seed, Registration memory named) private pure {
        if (seed % 4 != 0) named.agency = uint32((seed >> 2) % AGENCIES + 1);
        if ((seed >> 4) % 4 != 0) named.typeId = uint16((seed >> 6) % 2 + 1);
        if ((seed >> 8) % 4 != 0) named.typeVersion = named.typeId == 2 ? 1 : 3;
        else named.typeVersion %= 6;
        if ((seed >> 12) % 8 == 0) named.algorithm = 0;
        if ((seed >> 16) % 8 == 0) named.commitment = 0;
    }

    function _localIds(uint256 seed, bytes32 first) private pure returns (bytes32[] memory localIds) {
        localIds = new bytes32[](seed % 6);
        for (uint256 i = 0; i < localIds.length; ++i) localIds[i] = keccak256(abi.encode(first, i));
        // One in four batches names a local id twice.
        if (localIds.length > 1 && (seed >> 4) % 4 == 0) {
            localIds[(seed >> 6) % localIds.length] = localIds[(seed >> 9) % localIds.length];
        }
    }

    /// @dev What registration refuses before it looks at a single record; empty when nothing.
    function _refusal(address actor, Registration memory named) private view returns (bytes memory) {
        if (!_holds(actor, named.agency, REGISTRAR) && !_holds(actor, named.agency, OPERATOR)) {
            return _unauthorized(actor, REGISTRAR, named.agency);
        }
        if (named.algorithm == 0) return _invalidCommitment(0, 0);
        uint16 latest = named.typeId == 1 ? 3 : named.typeId == 2 ? 1 : 0;
        if (latest == 0) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryUnknownRecordType.selector, named.agency, named.typeId
            );
        }
        if (named.typeVersion != latest) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryStaleTypeVersion.selector,
                named.agency,
                named.typeId,
                latest,
                named.typeVersion
            );
        }
        return "";
    }

    function _batchRefusal(
        address actor,
        Registration memory named,
        bytes32[] memory localIds,
        bytes32[] memory commitments
    ) private view returns (bytes memory refusal) {
        if (localIds.length == 0 || localIds.length > 256 || localIds.length != commitments.length) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryInvalidBatch.selector, localIds.length, commitments.length, 256
            );
        }
        refusal = _refusal(actor, named);
        for (uint256 i = 0; i < localIds.length && refusal.length == 0; ++i) {
            if (commitments[i] == 0) return _invalidCommitment(0, named.algorithm);
            for (uint256 j = 0; j < i; ++j) {
                if (localIds[i] == localIds[j]) {
                    return abi.encodeWithSelector(
                        IRecordRegistry.RecordRegistryAlreadyRegistered.selector, _idOf(named.agency, localIds[i])
                    );
                }
            }
        }
    }

    /// @dev The state word of docs/SPEC.md § 4 after a registration now.
    function _registered(Registration memory named) private view returns (uint256) {
        uint256 day = named.typeId == 2 ? FOREVER : block.timestamp / 1 days + _days[3];
        return uint256(named.agency) | uint256(named.agency) << 32 | uint256(named.typeId) << 132
            | uint256(named.typeVersion) << 148 | 1 << 160 | uint256(named.algorithm) << 176 | 1 << 184
            | block.timestamp << 200 | day << 236;
    }

    function _bringAmendment(uint256 seed, Amendment memory named) private pure {
        if (named.version == 0) named.version = 1;
        if ((seed >> 2) % 16 == 0) named.version = type(uint16).max;
        if ((seed >> 6) % 4 != 0) named.expectedVersion = named.version;
        // 4 is the version at registration, 5 the one that was published since, half of the times.
        if ((seed >> 8) % 4 != 0) named.typeVersion = (seed >> 20) % 2 == 0 ? 5 : 4;
        else named.typeVersion %= 7;
        if ((seed >> 12) % 8 == 0) named.algorithm = 0;
        if ((seed >> 16) % 8 == 0) named.commitment = 0;
        named.firstDays = _days20(named.firstDays, seed >> 22);
        named.lastDays = _days20(named.lastDays, seed >> 26);
    }

    /// @dev For ever, some days, or any number that the registry takes.
    function _days20(uint24 days_, uint256 seed) private pure returns (uint24) {
        if (seed % 4 == 0) return FOREVER;
        return seed % 4 == 1 ? days_ % 100 : days_ % (FOREVER + 1);
    }

    /// @dev Into one of the statuses, under a hold or under a hold of its type, or as it is.
    function _bringInto(uint256 seed, bytes32 id, uint16 version) private {
        if (seed % 8 == 0) {
            vm.prank(officer(1, REGISTRAR));
            records.revoke(id, version, 1);
        } else if (seed % 8 == 1) {
            bytes32 other = _record(1, "other");
            vm.prank(officer(1, REGISTRAR));
            records.supersede(id, version, other);
        } else if (seed % 8 == 2) {
            vm.prank(authority(0));
            records.placeHold(id, "case");
        } else if (seed % 8 == 3) {
            vm.prank(authority(1));
            records.holdType(1, 1, "case");
        }
    }

    function _amendRefusal(
        address actor,
        bytes32 id,
        Amendment memory named
    ) private view returns (bytes memory) {
        RecordState state = records.record(id).state;
        uint16 latest = records.recordTypeHead(1, 1).latestVersion;
        if (named.expectedVersion != named.version) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryStaleVersion.selector, id, named.version, named.expectedVersion
            );
        }
        if (!_holds(actor, 1, REGISTRAR)) return _unauthorized(actor, REGISTRAR, 1);
        if (state.status() != 1) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryWrongStatus.selector, id, state.status());
        }
        if (state.holdCount() != 0) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryHeld.selector, id, 1);
        }
        if (records.recordTypeHead(1, 1).holdCount != 0) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryTypeHeld.selector, 1, 1, 1);
        }
        if (named.commitment == 0 || named.algorithm == 0) {
            return _invalidCommitment(named.commitment, named.algorithm);
        }
        if (named.version == type(uint16).max) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryLimitReached.selector, "versions", type(uint16).max
            );
        }
        if (named.typeVersion != latest) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryStaleTypeVersion.selector, 1, 1, latest, named.typeVersion
            );
        }
        return "";
    }

    /// @dev The state word after an amendment now: content, time, and a last day that moved by the difference, if on.
    function _amended(uint256 state, Amendment memory named) private view returns (uint256) {
        uint256 day = state >> 236;
        if (named.typeVersion == 5 && named.lastDays > named.firstDays) {
            day = named.lastDays == FOREVER ? FOREVER : day + named.lastDays - named.firstDays;
            if (day > FOREVER) day = FOREVER;
        }
        return (state & ((1 << 148) - 1)) | uint256(named.typeVersion) << 148 | (uint256(named.version) + 1) << 160
            | uint256(named.algorithm) << 176 | 1 << 184 | block.timestamp << 200 | day << 236;
    }

    function _registerCall(Registration memory named, bytes32 localId) private pure returns (bytes memory) {
        return abi.encodeCall(
            IRecordRegistry.register,
            (named.agency, named.typeId, named.typeVersion, named.algorithm, localId, named.commitment)
        );
    }

    function _registerManyCall(
        Registration memory named,
        bytes32[] memory localIds,
        bytes32[] memory commitments
    ) private pure returns (bytes memory) {
        return abi.encodeCall(
            IRecordRegistry.registerMany,
            (named.agency, named.typeId, named.typeVersion, named.algorithm, localIds, commitments)
        );
    }
}
