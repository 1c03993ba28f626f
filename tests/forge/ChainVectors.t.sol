// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AgencyRegistry} from "../../contracts/AgencyRegistry.sol";
import {RecordRegistry} from "../../contracts/RecordRegistry.sol";
import {IAgencyRegistry} from "../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {MerkleLog} from "../../contracts/libraries/MerkleLog.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";

interface VectorVm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function prank(address sender) external;
    function warp(uint256 time) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function toString(uint256 value) external pure returns (string memory);
}

/// @title The contracts against `tests/vectors/chain.json`, which the SPEC's generator makes and Python reads too.
contract ChainVectorsTest {
    VectorVm private constant vm = VectorVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address private constant ADMIN = address(0xAD);
    address private constant GUARDIAN = address(0x60A2D);
    address private constant AGENCY_ADMIN = address(0xAA);
    address private constant OPERATOR = address(0x09);

    string private _json;
    RecordRegistry private _registry;
    address private _registrar;
    address private _authority;

    function setUp() public {
        _json = vm.readFile("tests/vectors/chain.json");
        _registrar = _address(".accounts.registrar");
        _authority = _address(".accounts.holdAuthority");
        vm.warp(1_700_000_000);
        // A registry of the vectors' lineage: the address that Forge gives it does not matter then.
        _registry = new RecordRegistry(
            ADMIN, 1 days, GUARDIAN, IRecordRegistry.Origin(_bytes32(".lineage"), address(1), bytes32(uint256(1)), 0)
        );
        AgencyRegistry agencies = AgencyRegistry(_registry.agencyRegistry());
        vm.prank(ADMIN);
        agencies.createAgency("First", AGENCY_ADMIN);
        vm.prank(ADMIN);
        agencies.createAgency("Second", AGENCY_ADMIN);
        bytes32 holdAuthority = agencies.HOLD_AUTHORITY();
        vm.prank(ADMIN);
        agencies.grantRole(holdAuthority, _authority);
        _grant(agencies, agencies.REGISTRAR(), 1, _registrar);
        _grant(agencies, agencies.OPERATOR(), 1, OPERATOR);
        _grant(agencies, agencies.STEWARD(), 1, _address(".accounts.steward"));
        _grant(agencies, agencies.STEWARD(), 2, _address(".accounts.otherSteward"));
        vm.prank(AGENCY_ADMIN);
        agencies.createRecordType(
            1, "type", keccak256("schema"), uint24(_uint(".retentionDays")), IAgencyRegistry.Sharing.Conditional
        );
        require(
            agencies.agencyRole(agencies.REGISTRAR(), 1) == _bytes32(".registrarRoleOfAgency1"), "role of agency 1"
        );
    }

    function test_trace_of_direct_registration_amendment_and_transfer() public {
        bytes32 id = _registry.recordIdOf(1, _bytes32(".traces[0].localId"));
        require(id == _bytes32(".traces[0].recordId"), "record id");
        vm.warp(_uint(".traces[0].acts[0].time"));
        vm.prank(_registrar);
        _registry.register(1, 1, 1, 1, _bytes32(".traces[0].localId"), _bytes32(".traces[0].acts[0].commitment"));
        _check(0, 0, id);
        vm.warp(_uint(".traces[0].acts[1].time"));
        vm.prank(_registrar);
        _registry.amend(id, 1, 1, 1, _bytes32(".traces[0].acts[1].commitment"));
        _check(0, 1, id);
        uint48 until = uint48(block.timestamp + 1000);
        vm.prank(_address(".accounts.steward"));
        _registry.offerCustody(id, 2, 2, until);
        IRecordRegistry.Record memory stored = _registry.record(id);
        vm.warp(_uint(".traces[0].acts[2].time"));
        vm.prank(_address(".accounts.otherSteward"));
        _registry.acceptCustody(id, 2, stored.commitment, stored.traceHead);
        _check(0, 2, id);
        // The slots of the SPEC hold exactly this.
        uint256 slot = uint256(_bytes32(".storage.recordOfFirstTrace"));
        stored = _registry.record(id);
        require(vm.load(address(_registry), bytes32(slot)) == stored.commitment, "slot of the commitment");
        require(uint256(vm.load(address(_registry), bytes32(slot + 1))) == RecordState.unwrap(stored.state), "slot of the state");
        require(vm.load(address(_registry), bytes32(slot + 2)) == stored.traceHead, "slot of the trace head");
    }

    function test_trace_that_begins_with_a_hold() public {
        bytes32 id = _registry.recordIdOf(1, _bytes32(".traces[1].localId"));
        bytes32 caseCommitment = _bytes32(".traces[1].acts[0].caseCommitment");
        vm.warp(_uint(".traces[1].acts[0].time"));
        vm.prank(_authority);
        _registry.placeHold(id, caseCommitment);
        _check(1, 0, id);
        vm.warp(_uint(".traces[1].acts[1].time"));
        vm.prank(_registrar);
        _registry.register(1, 1, 1, 1, _bytes32(".traces[1].localId"), _bytes32(".traces[1].acts[1].commitment"));
        _check(1, 1, id);
        vm.warp(_uint(".traces[1].acts[2].time"));
        vm.prank(_authority);
        _registry.releaseHold(id, caseCommitment);
        _check(1, 2, id);
        vm.warp(_uint(".traces[1].acts[3].time"));
        vm.prank(_registrar);
        _registry.revoke(id, 1, uint16(_uint(".traces[1].acts[3].reason")));
        _check(1, 3, id);
    }

    function test_enrolment() public {
        vm.prank(AGENCY_ADMIN);
        _registry.openJournal(1);
        IRecordRegistry.Seal memory none;
        vm.warp(_uint(".enrolment.sealedAt"));
        vm.prank(OPERATOR);
        _registry.sealJournal(1, 1, none, 2, _bytes32(".enrolment.root"), new bytes32[](0));
        require(_registry.sealHashOf(1, 1, 2) == _bytes32(".enrolment.sealHash"), "seal hash");
        require(
            vm.load(address(_registry), _bytes32(".storage.seal_1_1_2")) == _bytes32(".enrolment.sealHash"),
            "slot of the seal"
        );
        require(vm.load(address(_registry), _bytes32(".storage.journalHead_1_1")) != 0, "slot of the journal head");
        require(vm.load(address(_registry), _bytes32(".storage.typeHead_1_1")) != 0, "slot of the type head");
        vm.warp(_uint(".enrolment.enrolledAt"));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _bytes32(".enrolment.sibling");
        vm.prank(_registrar);
        bytes32 id = _registry.enrol(
            IRecordRegistry.EntryPlace(1, 1, 1),
            IRecordRegistry.Entry(
                1, 1, 1, 1, uint64(_uint(".enrolment.entryTime")), _bytes32(".enrolment.localId"),
                _bytes32(".enrolment.commitment")
            ),
            IRecordRegistry.Seal(_bytes32(".enrolment.root"), 2, 0, uint48(_uint(".enrolment.sealedAt"))),
            proof
        );
        require(id == _bytes32(".enrolment.recordId"), "record id");
        IRecordRegistry.Record memory stored = _registry.record(id);
        require(RecordState.unwrap(stored.state) == uint256(_bytes32(".enrolment.state")), "state");
        require(stored.traceHead == _bytes32(".enrolment.traceHead"), "trace head");
    }

    function test_leaves_of_final_states() public view {
        for (uint256 i = 0; i < 3; ++i) {
            string memory at = string.concat(".finalStates[", vm.toString(i), "]");
            bytes memory data = vm.parseJsonBytes(_json, string.concat(at, ".data"));
            require(MerkleLog.hashLeaf(data) == _bytes32(string.concat(at, ".leafHash")), "leaf hash");
        }
        IRecordRegistry.Hold[] memory holds = new IRecordRegistry.Hold[](1);
        holds[0] = IRecordRegistry.Hold(_authority, bytes32(uint256(0x66) * (type(uint256).max / 0xFF)));
        require(
            keccak256(abi.encode(uint8(3), uint32(1), uint16(1), holds[0]))
                == keccak256(vm.parseJsonBytes(_json, ".finalStates[2].data")),
            "leaf of a hold on a type"
        );
    }

    function _check(uint256 trace, uint256 act, bytes32 id) private view {
        string memory at = string.concat(".traces[", vm.toString(trace), "].acts[", vm.toString(act), "]");
        IRecordRegistry.Record memory stored = _registry.record(id);
        require(RecordState.unwrap(stored.state) == uint256(_bytes32(string.concat(at, ".state"))), "state");
        require(stored.commitment == _bytes32(string.concat(at, ".commitment")), "commitment");
        require(stored.traceHead == _bytes32(string.concat(at, ".traceHeadSlot")), "slot of the trace head");
        require(_registry.traceHeadOf(id) == _bytes32(string.concat(at, ".traceHead")), "trace head");
    }

    function _grant(AgencyRegistry agencies, bytes32 role, uint32 agencyId, address account) private {
        bytes32 id = agencies.agencyRole(role, agencyId);
        vm.prank(AGENCY_ADMIN);
        agencies.grantRole(id, account);
    }

    function _bytes32(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, key);
    }

    function _uint(string memory key) private view returns (uint256) {
        return vm.parseJsonUint(_json, key);
    }

    function _address(string memory key) private view returns (address) {
        return vm.parseJsonAddress(_json, key);
    }
}
