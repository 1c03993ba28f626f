// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";
import {ADMIN, AGENCIES, OUTSIDER, REGISTRAR, STEWARD, Stage, TWO_ROLES, Vm, officer, vm} from "./Stage.sol";

/// @title How a test of one function asks: a call, and exactly what must come of it.
abstract contract FunctionStage is Stage {
    uint24 internal constant FOREVER = 0xFFFFF;

    /// @dev docs/SPEC.md § 4.
    bytes32 private constant _RECORDS_STORAGE =
        keccak256(abi.encode(uint256(keccak256("muniment.storage.Records")) - 1)) & ~bytes32(uint256(0xff));
    bytes32 private constant _ACT_TAG = keccak256("muniment.trace.act.v1");
    bytes32 private constant _REGISTERED_TAG = keccak256("muniment.trace.registered.v1");

    /// @dev Calls the record registry. `refusal` is the whole error that must come, or empty: it must go through.
    function _try(address actor, bytes memory call_, bytes memory refusal) internal returns (bytes memory) {
        vm.recordLogs();
        vm.prank(actor);
        (bool done, bytes memory answer) = address(records).call(call_);
        if (refusal.length != 0) {
            require(!done, "what must be refused went through");
            require(keccak256(answer) == keccak256(refusal), "refused with another error");
        } else if (!done) {
            // The contract's own words say most.
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    /// @dev The record's three slots, its derived trace head included.
    function _stands(bytes32 id, bytes32 commitment, uint256 state, bytes32 traceHead) internal view {
        IRecordRegistry.Record memory stored = records.record(id);
        require(stored.commitment == commitment, "commitment");
        require(RecordState.unwrap(stored.state) == state, "state");
        require(stored.traceHead == traceHead, "trace head");
        bytes32 derived =
            traceHead == 0 ? keccak256(abi.encode(_REGISTERED_TAG, id, commitment, state)) : traceHead;
        require(records.traceHeadOf(id) == derived, "derived trace head");
    }

    function _same(bytes32 id, IRecordRegistry.Record memory before) internal view {
        require(
            keccak256(abi.encode(records.record(id))) == keccak256(abi.encode(before)),
            "a refused call changed a record"
        );
    }

    /// @dev Exactly one event came of the last call.
    function _logged(bytes32 topic, bytes32 id, bytes memory data) internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == 1 && logs[0].emitter == address(records), "one event");
        require(logs[0].topics[0] == topic && logs[0].topics[1] == id, "topics");
        require(keccak256(logs[0].data) == keccak256(data), "what the event says");
    }

    /// @dev docs/SPEC.md § 5, 2.
    function _act(
        bytes32 head,
        bytes32 id,
        IRecordRegistry.ActKind kind,
        uint32 agency,
        address actor,
        uint256 state,
        bytes32 argument
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(_ACT_TAG, head, id, kind, agency, actor, state, argument));
    }

    /// @dev docs/SPEC.md § 3, 1 and 2.
    function _idOf(uint32 agency, bytes32 localId) internal view returns (bytes32) {
        bytes32 lineage = keccak256(abi.encode(keccak256("muniment.lineage.v1"), block.chainid, address(records)));
        return keccak256(abi.encode(lineage, agency, localId));
    }

    /// @dev A record of type 1 in its latest version.
    function _record(uint32 agency, bytes32 localId) internal returns (bytes32) {
        uint16 latest = records.recordTypeHead(agency, 1).latestVersion;
        vm.prank(officer(agency, REGISTRAR));
        return records.register(agency, 1, latest, 1, localId, keccak256("content"));
    }

    /// @dev Writes a version of the content into the record's slot: thousands of amendments at once.
    function _setVersion(bytes32 id, uint16 version) internal {
        bytes32 slot = bytes32(uint256(keccak256(abi.encode(id, _RECORDS_STORAGE))) + 1);
        uint256 state = uint256(vm.load(address(records), slot));
        state = (state & ~(uint256(type(uint16).max) << 160)) | uint256(version) << 160;
        vm.store(address(records), slot, bytes32(state));
        require(records.record(id).state.version() == version, "not the record's slot");
    }

    function _exists(uint32 agency) internal pure returns (bool) {
        return agency != 0 && agency <= AGENCIES;
    }

    /// @dev Whether the account was given the role by `_deploy`.
    function _holds(address actor, uint32 agency, uint8 kind) internal pure returns (bool) {
        if (!_exists(agency)) return false;
        return actor == officer(agency, kind)
            || (actor == officer(agency, TWO_ROLES) && (kind == REGISTRAR || kind == STEWARD));
    }

    /// @dev Forge likes small numbers; choices are made by bits, all of which shall differ.
    function _spread(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    /// @dev Mostly an officer, half of the times of the agency that the call is about.
    function _somebody(uint256 seed, uint32 agency) internal pure returns (address) {
        if (seed % 16 == 15) return (seed >> 4) % 2 == 0 ? ADMIN : OUTSIDER;
        uint256 of_ = seed % 2 == 0 && _exists(agency) ? agency : (seed >> 4) % AGENCIES + 1;
        return officer(of_, (seed >> 8) % TWO_ROLES + 1);
    }

    function _unauthorized(address actor, uint8 kind, uint32 agency) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector, actor, agencies.roleOfKind(kind, agency)
        );
    }

    function _invalidCommitment(bytes32 commitment, uint8 algorithm) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IRecordRegistry.RecordRegistryInvalidCommitment.selector, commitment, algorithm
        );
    }
}
