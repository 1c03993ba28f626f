// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AgencyRegistry} from "../../contracts/AgencyRegistry.sol";
import {RecordRegistry} from "../../contracts/RecordRegistry.sol";
import {IAgencyRegistry} from "../../contracts/interfaces/IAgencyRegistry.sol";
import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {MerkleLog} from "../../contracts/libraries/MerkleLog.sol";
import {RecordState} from "../../contracts/libraries/RecordState.sol";

interface InvariantVm {
    function prank(address sender) external;
    function warp(uint256 time) external;
}

/// @title What anybody does with the registry, beside a plain model of what must come of it.
/// @dev Every action is tried by an actor that may and, as often, by one that may not. What the model forbids must revert.
contract Handler {
    InvariantVm private constant vm = InvariantVm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant AGENCIES = 3;
    bytes32 private constant REGISTERED_TAG = keccak256("muniment.trace.registered.v1");
    bytes32 private constant ACT_TAG = keccak256("muniment.trace.act.v1");

    struct Model {
        bool known;
        bytes32 head;
        RecordState last;
        uint256 acts;
    }

    RecordRegistry public immutable records;
    AgencyRegistry public immutable agencies;
    address public immutable admin;

    bytes32[] public ids;
    mapping(bytes32 id => Model model) public models;
    mapping(bytes32 id => mapping(uint256 authority => bool held)) public held;
    mapping(bytes4 action => uint256 count) public successes;
    uint256 public time = 1_700_000_000;

    bytes32[] private _leaves;
    IRecordRegistry.Seal public sealed_;
    uint64 public sealedSize;

    string public fault;

    constructor(RecordRegistry records_, address admin_) {
        records = records_;
        agencies = AgencyRegistry(records_.agencyRegistry());
        admin = admin_;
    }

    // ------------------------------------------------------------- actors

    /// @dev Officer of an agency in a role: 1 admin, 2 registrar, 3 steward, 4 operator.
    function officer(uint256 agency, uint256 role) public pure returns (address) {
        return address(uint160(0x10000 + agency * 16 + role));
    }

    function authority(uint256 which) public pure returns (address) {
        return address(uint160(0x20000 + which));
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    // ------------------------------------------------------------- acts

    function register(uint256 agencySeed, uint256 actorSeed, uint256 salt) external {
        uint32 agency = _agency(agencySeed);
        bytes32 local = keccak256(abi.encode("local", salt % 40));
        (address actor, bool may) = _actor(agency, actorSeed, 2, 4);
        bytes32 id = records.recordIdOf(agency, local);
        Model storage model = models[id];
        bool due = may && !model.known;
        bytes32 commitment = keccak256(abi.encode("content", salt));
        uint16 latest = records.recordTypeHead(agency, 1).latestVersion;
        vm.prank(actor);
        try records.register(agency, 1, latest, 1, local, commitment) {
            _expect(due, "a registration that must not be");
            _count(this.register.selector);
            RecordState state = records.record(id).state;
            if (model.head == 0 && model.acts == 0) {
                ids.push(id);
                model.head = keccak256(abi.encode(REGISTERED_TAG, id, commitment, state.withoutOffer()));
            } else {
                model.head = _next(model.head, id, IRecordRegistry.ActKind.Registered, agency, actor, state, commitment);
            }
            model.known = true;
            model.last = state;
            ++model.acts;
        } catch {
            _expect(!due, "a registration is refused");
        }
    }

    function amend(uint256 idSeed, uint256 actorSeed, uint256 salt, bool stale) external {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        (address actor, bool may) = _actor(state.custodian(), actorSeed, 2, 2);
        bool due = may && model.known && state.status() == 1 && !_held(id, state) && !stale;
        bytes32 commitment = keccak256(abi.encode("amended", salt));
        uint16 latest = records.recordTypeHead(state.issuer(), 1).latestVersion;
        uint16 expected = stale ? state.version() + 1 : state.version();
        vm.prank(actor);
        try records.amend(id, expected, latest, 1, commitment) {
            _expect(due, "an amendment that must not be");
            _count(this.amend.selector);
            _acted(id, model, state, IRecordRegistry.ActKind.Amended, state.custodian(), actor, commitment);
            RecordState now_ = records.record(id).state;
            _expect(now_.version() == state.version() + 1, "a version that does not grow by one");
        } catch {
            _expect(!due, "an amendment is refused");
        }
    }

    function revoke(uint256 idSeed, uint256 actorSeed, uint16 reason) external {
        // Seldom, or nothing stays in force.
        if (actorSeed % 4 != 0) return;
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        (address actor, bool may) = _actor(state.custodian(), actorSeed / 4, 2, 2);
        bool due = may && model.known && state.status() == 1 && !_held(id, state);
        uint16 version = state.version();
        vm.prank(actor);
        try records.revoke(id, version, reason) {
            _expect(due, "a revocation that must not be");
            _count(this.revoke.selector);
            _acted(
                id, model, state, IRecordRegistry.ActKind.Revoked, state.custodian(), actor, bytes32(uint256(reason))
            );
        } catch {
            _expect(!due, "a revocation is refused");
        }
    }

    function supersede(uint256 idSeed, uint256 otherSeed, uint256 actorSeed) external {
        if (actorSeed % 4 != 0) return;
        (bytes32 id, Model storage model) = _pick(idSeed);
        (bytes32 other,) = _pick(otherSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        RecordState replacement = records.record(other).state;
        (address actor, bool may) = _actor(state.custodian(), actorSeed / 4, 2, 2);
        bool due = may && model.known && state.status() == 1 && !_held(id, state) && other != id
            && replacement.status() == 1 && replacement.custodian() == state.custodian();
        uint16 version = state.version();
        vm.prank(actor);
        try records.supersede(id, version, other) {
            _expect(due, "a supersession that must not be");
            _count(this.supersede.selector);
            _acted(id, model, state, IRecordRegistry.ActKind.Superseded, state.custodian(), actor, other);
        } catch {
            _expect(!due, "a supersession is refused");
        }
    }

    function hold(uint256 idSeed, uint256 agencySeed, uint256 salt, uint256 who) external {
        bytes32 id;
        if (salt % 3 == 0) {
            // An id that may not be on chain yet.
            id = records.recordIdOf(_agency(agencySeed), keccak256(abi.encode("local", salt % 40)));
        } else {
            (id,) = _pick(idSeed);
        }
        if (id == 0) return;
        Model storage model = models[id];
        RecordState state = records.record(id).state;
        bool due = !held[id][who % 2] && state.status() != 4;
        vm.prank(authority(who % 2));
        try records.placeHold(id, bytes32(uint256(0xCA5E))) {
            _expect(due, "a hold that must not be");
            _count(this.hold.selector);
            held[id][who % 2] = true;
            if (!model.known && model.acts == 0) ids.push(id);
            _acted(
                id, model, state, IRecordRegistry.ActKind.Held, 0, authority(who % 2), bytes32(uint256(0xCA5E))
            );
        } catch {
            _expect(!due, "a hold is refused");
        }
    }

    function release(uint256 idSeed, uint256 who) external {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        bool due = held[id][who % 2];
        vm.prank(authority(who % 2));
        try records.releaseHold(id, bytes32(uint256(0xCA5E))) {
            _expect(due, "a release by an authority that holds nothing");
            _count(this.release.selector);
            held[id][who % 2] = false;
            _acted(
                id, model, state, IRecordRegistry.ActKind.Released, 0, authority(who % 2), bytes32(uint256(0xCA5E))
            );
        } catch {
            _expect(!due, "a release is refused");
        }
    }

    function offer(uint256 idSeed, uint256 actorSeed, uint256 toSeed, uint256 period) external {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        uint32 to = _agency(toSeed);
        (address actor, bool may) = _actor(state.custodian(), actorSeed, 3, 3);
        bool open = state.offeredTo() != 0 && time <= state.offerExpiresAt();
        bool due = may && model.known && state.status() != 4 && !open && to != state.custodian();
        uint16 version = state.version();
        vm.prank(actor);
        try records.offerCustody(id, version, to, uint48(time + 1 + period % 30 days)) {
            _expect(due, "an offer that must not be");
            _count(this.offer.selector);
            _expect(records.traceHeadOf(id) == model.head, "an offer that changed the trace");
        } catch {
            _expect(!due, "an offer is refused");
        }
    }

    function accept(uint256 idSeed, uint256 actorSeed) external {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        IRecordRegistry.Record memory stored = records.record(id);
        RecordState state = stored.state;
        uint32 to = state.offeredTo();
        (address actor, bool may) = _actor(to == 0 ? 1 : to, actorSeed, 3, 3);
        bool due = may && to != 0 && time <= state.offerExpiresAt() && !_held(id, state);
        uint16 version = state.version();
        vm.prank(actor);
        try records.acceptCustody(id, version, stored.commitment, model.head) {
            _expect(due, "an acceptance that must not be");
            _count(this.accept.selector);
            _acted(
                id,
                model,
                state,
                IRecordRegistry.ActKind.Transferred,
                to,
                actor,
                bytes32(uint256(state.custodian()))
            );
        } catch {
            _expect(!due, "an acceptance is refused");
        }
    }

    function dispose(uint256 idSeed, uint256 actorSeed, bool same) external {
        (bytes32 id, Model storage model) = _pick(idSeed);
        if (id == 0) return;
        RecordState state = records.record(id).state;
        uint32 custodian = state.custodian();
        uint16 version = state.version();
        address proposer = officer(custodian, 2);
        vm.prank(proposer);
        try records.proposeDisposition(id, version, keccak256("mandate"), uint48(time + 1 days)) {
            _expect(time / 1 days > state.retainUntil() && !_held(id, state), "a proposal within retention or held");
        } catch {
            return;
        }
        (address actor, bool may) = _actor(custodian, actorSeed, 3, 3);
        if (same) actor = proposer;
        bool due = may && !same;
        vm.prank(actor);
        try records.confirmDisposition(id, version) {
            _expect(due, "a disposition that must not be");
            _count(this.dispose.selector);
            _acted(
                id,
                model,
                state,
                IRecordRegistry.ActKind.Disposed,
                custodian,
                actor,
                keccak256(abi.encode(proposer, keccak256("mandate")))
            );
        } catch {
            _expect(!due, "a disposition is refused");
        }
    }

    // ------------------------------------------------------------- types, journals, roles, time

    function publish(uint256 agencySeed, uint256 days_) external {
        uint32 agency = _agency(agencySeed);
        vm.prank(officer(agency, 1));
        agencies.publishRecordType(
            agency, 1, "type", keccak256("schema"), uint24(days_ % 20), IAgencyRegistry.Sharing.Open
        );
        _count(this.publish.selector);
    }

    /// @dev Extends the journal of agency 1, or tries to fork, shrink or repeat it.
    function seal(uint256 more, uint256 mischief, uint256 salt) external {
        uint64 size = uint64(_leaves.length);
        uint256 added = more % 5 + 1;
        bytes32[] memory leaves = new bytes32[](size + added);
        for (uint256 i = 0; i < size; ++i) leaves[i] = _leaves[i];
        for (uint256 i = size; i < leaves.length; ++i) leaves[i] = keccak256(abi.encode(salt, i));
        mischief %= 6;
        uint64 next = uint64(leaves.length);
        if (mischief == 1 && size > 0) leaves[salt % size] = keccak256(abi.encode("forged", salt));
        if (mischief == 2 && size > 0) next = size;
        if (mischief == 3 && size > 1) next = size - 1;
        bytes32[] memory proof =
            size == 0 || next <= size ? new bytes32[](0) : _subproof(leaves, size, 0, next, true);
        if (mischief == 4 && proof.length > 0) proof[salt % proof.length] ^= bytes32(uint256(1));
        bool honest = mischief == 0 || mischief == 5 || (size == 0 && mischief != 4)
            || (mischief == 3 && size == 1) || (mischief == 4 && proof.length == 0);
        bytes32 root = next == 0 ? bytes32(0) : _root(leaves, 0, next);
        vm.prank(mischief == 5 && salt % 2 == 0 ? officer(2, 4) : officer(1, 4));
        if (mischief == 5 && salt % 2 == 0) honest = false;
        try records.sealJournal(1, 1, sealed_, next, root, proof) {
            _expect(honest, "a seal that does not extend the journal");
            _count(this.seal.selector);
            for (uint256 i = size; i < leaves.length; ++i) _leaves.push(leaves[i]);
            sealed_ = IRecordRegistry.Seal(root, next, size, uint48(time));
            sealedSize = next;
        } catch {
            _expect(!honest, "an honest seal is refused");
        }
    }

    function sealedRoot() external view returns (bytes32) {
        if (_leaves.length == 0) return 0;
        return _root(_leaves, 0, _leaves.length);
    }

    /// @dev Anybody tries to give anybody a role; only the agency's admin may.
    function grant(uint256 agencySeed, uint256 byAgency, uint256 role, uint256 account) external {
        uint32 agency = _agency(agencySeed);
        address by = byAgency % 5 == 4 ? admin : officer(_agency(byAgency), 1);
        bytes32 id = agencies.roleOfKind(uint8(role % 4 + 1), agency);
        address to = officer(_agency(account), account % 4 + 1);
        bool due = by == officer(agency, 1);
        vm.prank(by);
        try agencies.grantRole(id, to) {
            _expect(due, "a role given from outside of the agency");
            _expect((role % 4 == 3) == (account % 4 == 3), "an operator with another role");
            _count(this.grant.selector);
            // Taken back, so that every officer stays what the model says, but for its own role.
            if (id != agencies.roleOfKind(uint8(account % 4 + 1), _agency(account))) {
                vm.prank(by);
                agencies.revokeRole(id, to);
            }
        } catch {
            // An OPERATOR takes no other role and nobody else takes OPERATOR: a refusal is always allowed here.
        }
    }

    /// @dev The last admin cannot go.
    function resign(uint256 agencySeed) external {
        uint32 agency = _agency(agencySeed);
        bytes32 id = agencies.roleOfKind(1, agency);
        vm.prank(officer(agency, 1));
        try agencies.renounceRole(id, officer(agency, 1)) {
            _expect(false, "an agency without an admin");
        } catch {
            _count(this.resign.selector);
        }
    }

    function pass(uint256 seconds_) external {
        time += seconds_ % 3 days + 1;
        vm.warp(time);
        _count(this.pass.selector);
    }

    // ------------------------------------------------------------- the model

    function _acted(
        bytes32 id,
        Model storage model,
        RecordState before,
        IRecordRegistry.ActKind kind,
        uint32 agency,
        address actor,
        bytes32 argument
    ) private {
        RecordState state = records.record(id).state;
        model.head = _next(model.head, id, kind, agency, actor, state, argument);
        ++model.acts;
        _expect(state.offeredTo() == 0, "an act that leaves an offer open");
        _expect(state.retainUntil() >= before.retainUntil(), "retention that falls");
        _expect(state.version() >= before.version(), "a version that falls");
        _expect(before.status() < 2 || state.status() == before.status() || state.status() == 4, "a final state undone");
        _expect(before.status() != 4, "an act on a disposed record");
        model.last = state;
    }

    function _next(
        bytes32 head,
        bytes32 id,
        IRecordRegistry.ActKind kind,
        uint32 agency,
        address actor,
        RecordState state,
        bytes32 argument
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(ACT_TAG, head, id, kind, agency, actor, state, argument));
    }

    function _held(bytes32 id, RecordState) private view returns (bool) {
        return held[id][0] || held[id][1];
    }

    function _agency(uint256 seed) private pure returns (uint32) {
        return uint32(seed % AGENCIES + 1);
    }

    /// @dev An officer of the agency in one of two roles, or somebody who may not.
    function _actor(uint32 agency, uint256 seed, uint256 first, uint256 second)
        private
        view
        returns (address actor, bool may)
    {
        uint256 choice = seed % 5;
        if (choice < 3) return (officer(agency == 0 ? 1 : agency, choice == 0 ? second : first), agency != 0);
        if (choice == 3) {
            uint256 role = seed / 5 % 4 + 1;
            return (officer(agency == 0 ? 1 : agency, role), agency != 0 && (role == first || role == second));
        }
        uint256 other = (agency + seed / 5 % (AGENCIES - 1)) % AGENCIES + 1;
        return (seed / 5 % 7 == 0 ? admin : officer(other, first), other == agency && seed / 5 % 7 != 0);
    }

    function _pick(uint256 seed) private view returns (bytes32 id, Model storage model) {
        if (ids.length != 0) id = ids[seed % ids.length];
        model = models[id];
    }

    function _count(bytes4 action) private {
        ++successes[action];
    }

    function _expect(bool holds, string memory what) private {
        if (!holds && bytes(fault).length == 0) fault = what;
    }

    // ------------------------------------------------------------- RFC 9162 by its definitions

    function _split(uint256 count) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < count) k *= 2;
    }

    function _root(bytes32[] memory leaves, uint256 start, uint256 end) private pure returns (bytes32) {
        if (end - start == 1) return leaves[start];
        uint256 middle = start + _split(end - start);
        return MerkleLog.hashChildren(_root(leaves, start, middle), _root(leaves, middle, end));
    }

    function _subproof(bytes32[] memory leaves, uint256 size, uint256 start, uint256 end, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        if (size == end - start) {
            bytes32[] memory none = new bytes32[](0);
            return whole ? none : _with(none, _root(leaves, start, end));
        }
        uint256 k = _split(end - start);
        if (size <= k) {
            return _with(_subproof(leaves, size, start, start + k, whole), _root(leaves, start + k, end));
        }
        return _with(_subproof(leaves, size - k, start + k, end, false), _root(leaves, start, start + k));
    }

    function _with(bytes32[] memory list, bytes32 last) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = last;
    }
}

/// @title What holds whatever anybody does.
contract InvariantsTest {
    InvariantVm private constant vm = InvariantVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address private constant ADMIN = address(0xAD);
    address private constant GUARDIAN = address(0x60A2D);

    Handler private _handler;
    RecordRegistry private _records;
    AgencyRegistry private _agencies;

    function setUp() public {
        vm.warp(1_700_000_000);
        _records =
            new RecordRegistry(ADMIN, 1 days, GUARDIAN, IRecordRegistry.Origin(0, address(0), 0, 0));
        _agencies = AgencyRegistry(_records.agencyRegistry());
        _handler = new Handler(_records, ADMIN);
        bytes32 holdAuthority = _agencies.HOLD_AUTHORITY();
        for (uint256 i = 0; i < 2; ++i) {
            address authority = _handler.authority(i);
            vm.prank(ADMIN);
            _agencies.grantRole(holdAuthority, authority);
        }
        for (uint32 agency = 1; agency <= 3; ++agency) {
            address admin = _handler.officer(agency, 1);
            vm.prank(ADMIN);
            _agencies.createAgency("Agency", admin);
            for (uint8 role = 2; role <= 4; ++role) {
                bytes32 id = _agencies.roleOfKind(role, agency);
                address account = _handler.officer(agency, role);
                vm.prank(admin);
                _agencies.grantRole(id, account);
            }
            vm.prank(admin);
            _agencies.createRecordType(agency, "type", keccak256("schema"), 3, IAgencyRegistry.Sharing.Open);
        }
        address first = _handler.officer(1, 1);
        vm.prank(first);
        _records.openJournal(1);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev What must be refused was refused, what must go through went through: nobody changes another agency's record, a
    /// hold lets no change through and only its authority releases it, versions and retention never fall, final states
    /// stay, a journal is only ever extended, no role is given from outside.
    function invariant_nothing_that_must_not_be() public view {
        require(bytes(_handler.fault()).length == 0, _handler.fault());
    }

    function invariant_trace_heads_are_those_of_the_acts() public view {
        uint256 count = _handler.idCount();
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = _handler.ids(i);
            (, bytes32 head, RecordState last, uint256 acts) = _handler.models(id);
            require(_records.traceHeadOf(id) == head, "trace head");
            IRecordRegistry.Record memory stored = _records.record(id);
            require(
                RecordState.unwrap(stored.state.withoutOffer()) == RecordState.unwrap(last.withoutOffer()), "state"
            );
            require(acts == 1 || stored.traceHead == head, "stored trace head");
        }
    }

    function invariant_hold_counts_are_the_holds_that_stand() public view {
        uint256 count = _handler.idCount();
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = _handler.ids(i);
            uint256 standing = (_handler.held(id, 0) ? 1 : 0) + (_handler.held(id, 1) ? 1 : 0);
            require(_records.record(id).state.holdCount() == standing, "hold count");
        }
    }

    function invariant_the_journal_is_the_models() public view {
        IRecordRegistry.JournalHead memory head = _records.journalHead(1, 1);
        require(head.size == _handler.sealedSize(), "journal size");
        if (head.size == 0) return;
        (bytes32 root, uint64 size, uint64 previous, uint48 at) = _handler.sealed_();
        require(root == _handler.sealedRoot(), "journal root");
        require(
            _records.sealHashOf(1, 1, head.size) == keccak256(abi.encode(IRecordRegistry.Seal(root, size, previous, at))),
            "seal"
        );
    }

    function invariant_every_agency_keeps_its_admin_and_only_its_officers() public view {
        for (uint32 agency = 1; agency <= 3; ++agency) {
            require(_agencies.hasRole(_agencies.roleOfKind(1, agency), _handler.officer(agency, 1)), "admin");
            for (uint256 other = 1; other <= 3; ++other) {
                for (uint8 role = 1; role <= 4; ++role) {
                    address account = _handler.officer(other, role);
                    bool operator = _agencies.hasRole(_agencies.roleOfKind(4, agency), account);
                    bool another = _agencies.hasRole(_agencies.roleOfKind(1, agency), account)
                        || _agencies.hasRole(_agencies.roleOfKind(2, agency), account)
                        || _agencies.hasRole(_agencies.roleOfKind(3, agency), account);
                    require(!(operator && another), "an operator with another role");
                    if (other != agency) require(!operator && !another, "an officer from outside");
                }
            }
        }
    }

    function test_offer_stands_to_its_last_second_and_no_longer() public {
        address registrar = _handler.officer(1, 2);
        address giver = _handler.officer(1, 3);
        address receiver = _handler.officer(2, 3);
        vm.prank(registrar);
        bytes32 id = _records.register(1, 1, 1, 1, keccak256("offered"), keccak256("content"));
        uint48 until = 1_700_000_100;
        vm.prank(giver);
        _records.offerCustody(id, 1, 2, until);
        bytes32 head = _records.traceHeadOf(id);
        vm.warp(until + 1);
        vm.prank(receiver);
        try _records.acceptCustody(id, 1, keccak256("content"), head) {
            revert("accepted after its last second");
        } catch {}
        vm.warp(until);
        vm.prank(receiver);
        _records.acceptCustody(id, 1, keccak256("content"), head);
        require(_records.record(id).state.custodian() == 2, "custodian");
    }

    /// @dev A long deterministic walk in which every action succeeds, the rare ones included: without successes the
    /// invariants would prove nothing.
    function test_every_action_succeeds_in_a_long_walk() public {
        uint256 seed = 7;
        for (uint256 i = 0; i < 1500; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            uint256 a = seed >> 16;
            uint256 b = seed >> 80;
            uint256 c = seed >> 144;
            uint256 action = seed % 14;
            if (action < 3) _handler.register(a, b, c);
            else if (action == 3) _handler.amend(a, b, c, c % 5 == 0);
            else if (action == 4) _handler.revoke(a, b, uint16(c));
            else if (action == 5) _handler.supersede(a, b, c);
            else if (action == 6) _handler.hold(a, b, c, seed >> 200);
            else if (action == 7) _handler.release(a, b);
            else if (action == 8) _handler.offer(a, b, c, seed >> 200);
            else if (action == 9) _handler.accept(a, b);
            else if (action == 10) _handler.dispose(a, b, c % 4 == 0);
            else if (action == 11) _handler.seal(a, b, c);
            else if (action == 12) _handler.grant(a, b, c, seed >> 200);
            else _handler.pass(a);
            if (i % 100 == 0) _handler.publish(a, b);
            if (i % 100 == 50) _handler.resign(a);
        }
        invariant_nothing_that_must_not_be();
        invariant_trace_heads_are_those_of_the_acts();
        invariant_hold_counts_are_the_holds_that_stand();
        invariant_the_journal_is_the_models();
        invariant_every_agency_keeps_its_admin_and_only_its_officers();
        require(_handler.successes(Handler.register.selector) > 0, "register");
        require(_handler.successes(Handler.amend.selector) > 0, "amend");
        require(_handler.successes(Handler.revoke.selector) > 0, "revoke");
        require(_handler.successes(Handler.supersede.selector) > 0, "supersede");
        require(_handler.successes(Handler.hold.selector) > 0, "hold");
        require(_handler.successes(Handler.release.selector) > 0, "release");
        require(_handler.successes(Handler.offer.selector) > 0, "offer");
        require(_handler.successes(Handler.accept.selector) > 0, "accept");
        require(_handler.successes(Handler.dispose.selector) > 0, "dispose");
        require(_handler.successes(Handler.seal.selector) > 0, "seal");
        require(_handler.successes(Handler.grant.selector) > 0, "grant");
        require(_handler.successes(Handler.resign.selector) > 0, "resign");
        require(_handler.successes(Handler.publish.selector) > 0, "publish");
    }
}
