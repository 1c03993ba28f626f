// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";

import {IAgencyRegistry} from "../../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../../contracts/interfaces/IRecordRegistry.sol";
import {RecordState} from "../../../contracts/libraries/RecordState.sol";
import {
    ADMIN, ADMIN_KIND, AGENCIES, GUARDIAN, OPERATOR, OUTSIDER, PAUSER, REGISTRAR, START, STEWARD, Stage, TWO_ROLES,
    UNPAUSER, Vm, authority, newcomer, officer, vm
} from "../Stage.sol";

/// @title What anybody does with the registries, beside a plain model of what must come of it.
/// @dev Every action is tried by an account that may and, as often, by one that may not. What the model forbids must
/// be refused, what it allows must go through; the first fault is kept for the invariants.
abstract contract Walk is Stage {
    bytes32 internal constant REGISTERED_TAG = keccak256("muniment.trace.registered.v1");
    bytes32 internal constant ACT_TAG = keccak256("muniment.trace.act.v1");
    uint8 internal constant HOLD_AUTHORITY = 5;

    struct Model {
        bool known;
        bytes32 head;
        RecordState last;
        uint256 acts;
    }

    bytes32[] public ids;
    mapping(bytes32 id => Model model) public models;
    mapping(bytes32 id => mapping(address authority_ => bool held)) public held;

    /// @dev Every account that ever gets a role, and some that get none.
    address[] internal accounts;
    /// @dev A bit for each kind, as the record registry keeps them; agency 0 for HOLD_AUTHORITY.
    mapping(address account => mapping(uint32 agency => uint256 kinds)) internal roles;
    mapping(address account => uint256 count) internal _operatorRoles;
    mapping(address account => uint256 count) internal _otherRoles;
    mapping(uint32 agency => uint256 count) internal _admins;

    uint256 public time = START;
    uint48 public pausedAt;
    uint256 public steps;
    bool private _pausedBefore;
    /// @dev Events of each contract so far.
    mapping(address emitter => uint64 count) public events;
    mapping(bytes32 what => uint256 count) public reached;
    string public fault;

    constructor() {
        vm.recordLogs();
        _deploy(3);
        vm.prank(officer(1, ADMIN_KIND));
        records.openJournal(1);
        _number();
        for (uint32 agency = 1; agency <= AGENCIES; ++agency) {
            for (uint8 seat = ADMIN_KIND; seat <= TWO_ROLES; ++seat) {
                accounts.push(officer(agency, seat));
                if (seat < TWO_ROLES) _given(officer(agency, seat), agency, seat);
            }
            _given(officer(agency, TWO_ROLES), agency, REGISTRAR);
            _given(officer(agency, TWO_ROLES), agency, STEWARD);
            accounts.push(newcomer(agency));
        }
        address[7] memory others = [ADMIN, GUARDIAN, PAUSER, UNPAUSER, OUTSIDER, authority(0), authority(1)];
        for (uint256 i = 0; i < others.length; ++i) {
            accounts.push(others[i]);
            if (i < 4) ++_otherRoles[others[i]];
            else if (i > 4) _given(others[i], 0, HOLD_AUTHORITY);
        }
    }

    /// @dev Every action: afterwards each new event bears the next number, and while paused there are none but those
    /// that the interface allows.
    modifier step() {
        _pausedBefore = pausedAt != 0;
        ++steps;
        vm.recordLogs();
        _;
        _number();
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    /// @dev Every account with its roles by agency, 0 first.
    function roster() external view returns (address[] memory, uint256[AGENCIES + 1][] memory kinds) {
        kinds = new uint256[AGENCIES + 1][](accounts.length);
        for (uint256 i = 0; i < kinds.length; ++i) {
            for (uint32 agency = 0; agency <= AGENCIES; ++agency) kinds[i][agency] = roles[accounts[i]][agency];
        }
        return (accounts, kinds);
    }

    // ------------------------------------------------------------- what came of it

    function _went(bool due, string memory what) internal {
        _expect(due, string.concat("went through: ", what));
        ++reached[keccak256(bytes(what))];
    }

    function _refused(bool due, string memory what) internal {
        _expect(!due, string.concat("is refused: ", what));
        // Forge keeps the logs of calls that were reverted too.
        vm.getRecordedLogs();
    }

    function _reach(string memory what) internal {
        ++reached[keccak256(bytes(what))];
    }

    function _expect(bool holds, string memory what) internal {
        if (!holds && bytes(fault).length == 0) fault = what;
    }

    /// @dev The model's part of an act that went through.
    function _acted(
        bytes32 id,
        Model storage model,
        RecordState before,
        IRecordRegistry.ActKind kind,
        uint32 agency,
        address actor,
        bytes32 argument
    ) internal {
        RecordState state = records.record(id).state;
        model.head = keccak256(abi.encode(ACT_TAG, model.head, id, kind, agency, actor, state, argument));
        ++model.acts;
        _expect(state.offeredTo() == 0, "an act that leaves an offer open");
        _expect(state.retainUntil() >= before.retainUntil(), "retention that falls");
        _expect(state.version() >= before.version(), "a version that falls");
        bool final_ = before.status() > 1 && state.status() != 4;
        _expect(!final_ || state.status() == before.status(), "a final state undone");
        _expect(before.status() != 4, "an act on a disposed record");
        model.last = state;
    }

    // ------------------------------------------------------------- roles

    function has(address account, uint32 agency, uint8 kind) public view returns (bool) {
        return roles[account][agency] & (1 << kind) != 0;
    }

    function _given(address account, uint32 agency, uint8 kind) internal {
        roles[account][agency] |= 1 << kind;
        if (kind == OPERATOR) ++_operatorRoles[account];
        else ++_otherRoles[account];
        if (kind == ADMIN_KIND) ++_admins[agency];
    }

    function _taken(address account, uint32 agency, uint8 kind) internal {
        roles[account][agency] &= ~(uint256(1) << kind);
        if (kind == OPERATOR) --_operatorRoles[account];
        else --_otherRoles[account];
        if (kind == ADMIN_KIND) --_admins[agency];
    }

    /// @dev OPERATOR never stands beside another role.
    function _mayHave(address account, uint8 kind) internal view returns (bool) {
        return kind == OPERATOR ? _otherRoles[account] == 0 : _operatorRoles[account] == 0;
    }

    // ------------------------------------------------------------- choosing

    function _agency(uint256 seed) internal pure returns (uint32) {
        return uint32(seed % AGENCIES + 1);
    }

    function _anybody(uint256 seed) internal view returns (address) {
        return accounts[seed % accounts.length];
    }

    /// @dev One that has the role; the outsider when nobody has.
    function _holder(uint32 agency, uint8 kind, uint256 seed) internal view returns (address) {
        uint256 count = accounts.length;
        for (uint256 i = 0; i < count; ++i) {
            address account = accounts[(seed % count + i) % count];
            if (has(account, agency, kind)) return account;
        }
        return OUTSIDER;
    }

    /// @dev A holder of one of two roles of the agency, somebody in a seat of it, or anybody; and whether it may.
    function _actor(
        uint32 agency,
        uint256 seed,
        uint8 first,
        uint8 second
    ) internal view returns (address actor, bool may) {
        uint256 choice = seed % 5;
        seed /= 5;
        if (choice < 3) actor = _holder(agency, choice == 0 ? second : first, seed);
        else actor = choice == 3 ? officer(agency, seed % TWO_ROLES + 1) : _anybody(seed);
        may = pausedAt == 0 && (has(actor, agency, first) || has(actor, agency, second));
    }

    function _pick(uint256 seed) internal view returns (bytes32 id, Model storage model) {
        if (ids.length != 0) id = ids[seed % ids.length];
        model = models[id];
    }

    function _isHeld(bytes32 id) internal view returns (bool) {
        return held[id][authority(0)] || held[id][authority(1)];
    }

    function _isOffered(RecordState state) internal view returns (bool) {
        return state.offeredTo() != 0 && time <= state.offerExpiresAt();
    }

    // ------------------------------------------------------------- events

    function _number() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            address emitter = logs[i].emitter;
            if (emitter == address(agencies) && _isOpenZeppelins(topic)) continue;
            _expect(uint256(bytes32(logs[i].data)) == ++events[emitter], "an event without the next number");
            if (_pausedBefore) _expect(emitter == address(agencies) && _goesOn(topic), "written while paused");
        }
    }

    /// @dev Granting, revoking, cancelling and unpausing go on while paused, and nothing else that the walk does.
    function _goesOn(bytes32 topic) private pure returns (bool) {
        return topic == IAgencyRegistry.RoleAssigned.selector || topic == IAgencyRegistry.RoleRemoved.selector
            || topic == IAgencyRegistry.AdminReplacementCancelled.selector
            || topic == IAgencyRegistry.RegistryUnpaused.selector;
    }

    function _isOpenZeppelins(bytes32 topic) private pure returns (bool) {
        return topic == IAccessControl.RoleGranted.selector || topic == IAccessControl.RoleRevoked.selector
            || topic == IAccessControl.RoleAdminChanged.selector
            || topic == IAccessControlDefaultAdminRules.DefaultAdminTransferScheduled.selector;
    }
}
