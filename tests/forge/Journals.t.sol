// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRecordRegistry} from "../../contracts/interfaces/IRecordRegistry.sol";
import {FunctionStage} from "./FunctionStage.sol";
import {ADMIN_KIND, OPERATOR, REGISTRAR, START, officer, vm} from "./Stage.sol";
import {Trees} from "./Trees.sol";

/// @title Journals: one flipped bit anywhere and an entry is not enrolled, a seal not written.
contract JournalsTest is FunctionStage {
    uint64 private constant _GROWTH = 1 << 32;

    address private _registrar = officer(1, REGISTRAR);
    address private _operator = officer(1, OPERATOR);
    bytes32[] private _leaves;
    IRecordRegistry.Entry[] private _entries;
    IRecordRegistry.Seal[] private _seals;

    /// @dev The officers have their roles in agency 3 too, and agency 1 has a journal 3: another agency's or journal's
    /// number is refused for what is not sealed there, not only for a missing role.
    function setUp() public {
        _deploy(3);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(officer(1, ADMIN_KIND));
            records.openJournal(1);
        }
        vm.prank(officer(3, ADMIN_KIND));
        records.openJournal(3);
        _grant(officer(3, ADMIN_KIND), agencies.roleOfKind(REGISTRAR, 3), _registrar);
        _grant(officer(3, ADMIN_KIND), agencies.roleOfKind(OPERATOR, 3), _operator);
    }

    // ------------------------------------------------------------- enrol

    /// @dev The fields of an entry's place (3), the entry (7) and the seal (4), in order, as words.
    struct Enrolment {
        uint256[14] words;
        bytes32[] proof;
    }

    /// @dev Any bit of any field, each refused with the exact error; then the true call goes through.
    function testFuzz_enrol_takes_no_flipped_bit(uint256 seed) public {
        seed = _spread(seed);
        Enrolment memory named = _enrolment(seed);
        uint256 field = (seed >> 96) % (14 + named.proof.length);
        uint256 bit = (seed >> 128) % (field < 14 ? _width(field) : 256);
        bytes memory true_ = _enrolCall(named);
        if (field < 14) named.words[field] ^= 1 << bit;
        else named.proof[field - 14] ^= bytes32(1 << bit);
        vm.warp(block.timestamp + (seed >> 160) % 30 days);
        _try(_registrar, _enrolCall(named), _enrolRefusal(named, field));
        if (field < 14) named.words[field] ^= 1 << bit;
        else named.proof[field - 14] ^= bytes32(1 << bit);
        bytes32 id = abi.decode(_try(_registrar, true_, ""), (bytes32));
        _enrolled(named, id);
    }

    /// @dev Any bit of the call itself: lengths, offsets and padding included.
    function testFuzz_enrol_takes_no_flipped_bit_of_its_call(uint256 seed) public {
        seed = _spread(seed);
        Enrolment memory named = _enrolment(seed);
        bytes memory call_ = _enrolCall(named);
        uint256 bit = (seed >> 128) % (call_.length * 8);
        call_[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        uint64 sequence = records.sequence();
        vm.prank(_registrar);
        (bool done,) = address(records).call(call_);
        require(!done && records.sequence() == sequence, "a flipped bit goes through");
        call_[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        _try(_registrar, call_, "");
    }

    // ------------------------------------------------------------- sealJournal

    /// @dev Agency, journal, the previous seal (4), size and root, in order, as words.
    struct Sealing {
        uint256[8] words;
        bytes32[] proof;
    }

    /// @dev Any bit of any field. A root does not say its tree's size: another size is taken exactly when RFC 9162's
    /// own definition, read recursively, takes the same proof for it.
    function testFuzz_sealJournal_takes_no_flipped_bit(uint256 seed) public {
        seed = _spread(seed);
        Sealing memory named = _sealing(seed);
        bytes memory true_ = _sealCall(named);
        uint256 field = (seed >> 96) % 10;
        if (field < 8) named.words[field] ^= 1 << ((seed >> 128) % _sealWidth(field));
        else named.proof[(seed >> 192) % named.proof.length] ^= bytes32(1 << ((seed >> 128) % 256));
        vm.warp(block.timestamp + (seed >> 160) % 30 days);
        bytes memory refusal = _sealRefusal(named, field);
        require(refusal.length != 0 || field == 6, "only another size can be true");
        _try(_operator, _sealCall(named), refusal);
        if (refusal.length == 0) return _sealed(named);
        _try(_operator, true_, "");
        _sealed(_sealingOf(seed));
    }

    /// @dev The greatest step is 2^32 entries; a root alone opens a journal, with no proof and no seal before it.
    function testFuzz_first_seal(uint64 size, bytes32 root, bytes32[] memory proof, uint8 previousSize) public {
        if (size % 4 == 0) size = uint64(_GROWTH + size % 5 - 2);
        IRecordRegistry.Seal memory previous;
        previous.size = previousSize % 2;
        if (proof.length % 4 != 0) proof = new bytes32[](0);
        bytes memory refusal;
        if (size == 0 || size > _GROWTH) {
            refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryInvalidSize.selector, 0, size, _GROWTH);
        } else if (previous.size != 0 || proof.length != 0) {
            refusal = abi.encodeWithSelector(IRecordRegistry.RecordRegistryInconsistentTree.selector, 0, root);
        }
        bytes memory call_ = abi.encodeCall(IRecordRegistry.sealJournal, (1, 2, previous, size, root, proof));
        _try(_operator, call_, refusal);
        bytes32 due = keccak256(abi.encode(root, size, uint64(0), uint48(block.timestamp)));
        require(records.sealHashOf(1, 2, size) == (refusal.length == 0 ? due : bytes32(0)), "seal");
    }

    // ------------------------------------------------------------- what is due

    /// @dev A journal of two seals, and the true call for one of its entries under one of them.
    function _enrolment(uint256 seed) private returns (Enrolment memory named) {
        uint256 size1 = seed % 12 + 2;
        uint256 size2 = size1 + (seed >> 8) % 8 + 1;
        _journal(seed, size1, size2);
        uint256 which = (seed >> 16) % 2;
        IRecordRegistry.Seal memory under = _seals[which];
        uint256 index = (seed >> 24) % under.size;
        IRecordRegistry.Entry memory entry = _entries[index];
        named.proof = Trees.path(_leaves, index, 0, under.size);
        named.words = [
            1, 1, index, entry.kind, entry.algorithm, entry.typeId, entry.typeVersion, entry.time,
            uint256(entry.localId), uint256(entry.commitment), uint256(under.root), under.size, under.previousSize,
            under.sealedAt
        ];
    }

    /// @dev Entries with times up to the seal that they fall under.
    function _journal(uint256 seed, uint256 size1, uint256 size2) private {
        for (uint256 i = 0; i < size2; ++i) {
            uint256 word = _spread(seed + i);
            uint64 time = uint64(START + (i < size1 ? word % 100 : word % 1000));
            _entries.push(
                IRecordRegistry.Entry(
                    1, uint8((word >> 16) % 2 + 1), 1, 1, time, bytes32(word), keccak256(abi.encode(word))
                )
            );
            _leaves.push(_leafOf(_entries[i]));
        }
        vm.warp(START + 100);
        _seal(0, size1, new bytes32[](0));
        vm.warp(START + 1000);
        _seal(size1, size2, Trees.consistency(_leaves, size1, size2));
    }

    function _seal(uint256 size1, uint256 size2, bytes32[] memory proof) private {
        IRecordRegistry.Seal memory previous;
        if (size1 != 0) previous = _seals[_seals.length - 1];
        bytes32 root = Trees.root(_leaves, 0, size2);
        vm.prank(_operator);
        records.sealJournal(1, 1, previous, uint64(size2), root, proof);
        _seals.push(IRecordRegistry.Seal(root, uint64(size2), uint64(size1), uint48(block.timestamp)));
    }

    function _leafOf(IRecordRegistry.Entry memory entry) private pure returns (bytes32) {
        bytes memory packed = abi.encodePacked(
            entry.kind, entry.algorithm, entry.typeId, entry.typeVersion, entry.time, entry.localId, entry.commitment
        );
        require(packed.length == 78, "an entry has 78 bytes");
        return sha256(bytes.concat(hex"00", packed));
    }

    function _width(uint256 field) private pure returns (uint256) {
        return [uint256(32), 32, 64, 8, 8, 16, 16, 64, 256, 256, 256, 64, 64, 48][field];
    }

    function _entryOf(Enrolment memory named) private pure returns (IRecordRegistry.Entry memory) {
        return IRecordRegistry.Entry(
            uint8(named.words[3]),
            uint8(named.words[4]),
            uint16(named.words[5]),
            uint16(named.words[6]),
            uint64(named.words[7]),
            bytes32(named.words[8]),
            bytes32(named.words[9])
        );
    }

    function _enrolCall(Enrolment memory named) private pure returns (bytes memory) {
        return abi.encodeCall(
            IRecordRegistry.enrol,
            (
                IRecordRegistry.EntryPlace(
                    uint32(named.words[0]), uint32(named.words[1]), uint64(named.words[2])
                ),
                _entryOf(named),
                IRecordRegistry.Seal(
                    bytes32(named.words[10]),
                    uint64(named.words[11]),
                    uint64(named.words[12]),
                    uint48(named.words[13])
                ),
                named.proof
            )
        );
    }

    /// @dev The error for a call of which one field is not what it was.
    function _enrolRefusal(Enrolment memory named, uint256 field) private view returns (bytes memory) {
        uint32 agency = uint32(named.words[0]);
        uint32 journal = uint32(named.words[1]);
        if (field == 0 && agency != 3) return _unauthorized(_registrar, REGISTRAR, agency);
        if (field == 1 && journal != 3) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryUnknownJournal.selector, agency, journal);
        }
        if (field < 2 || (field > 9 && field < 14)) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryUnknownSeal.selector, agency, journal, named.words[11]
            );
        }
        if (field == 3) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryInvalidEntry.selector, named.words[3]);
        }
        if (named.words[7] > named.words[13]) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryEntryAfterSeal.selector, named.words[7], named.words[13]
            );
        }
        return abi.encodeWithSelector(
            IRecordRegistry.RecordRegistryNotIncluded.selector,
            _leafOf(_entryOf(named)),
            named.words[2],
            named.words[10]
        );
    }

    /// @dev docs/SPEC.md §§ 4, 5 and 7: retention counts from the seal, the state's time is now.
    function _enrolled(Enrolment memory named, bytes32 id) private {
        IRecordRegistry.Entry memory entry = _entryOf(named);
        require(id == _idOf(1, entry.localId), "record id");
        uint256 state = 1 | 1 << 32 | 1 << 132 | 1 << 148 | 1 << 160 | uint256(entry.algorithm) << 176 | 1 << 184
            | block.timestamp << 200 | (named.words[13] / 1 days + 3) << 236;
        bytes32 leaf = _leafOf(entry);
        bytes32 argument = keccak256(abi.encode(entry.commitment, leaf, 1, named.words[2], named.words[11]));
        bytes32 head = _act(0, id, IRecordRegistry.ActKind.Enrolled, 1, _registrar, state, argument);
        _stands(id, entry.commitment, state, head);
        bytes memory data = abi.encode(
            records.sequence(), _registrar, state, entry.commitment, leaf, 1, named.words[2], named.words[11]
        );
        _logged(IRecordRegistry.Enrolled.selector, id, data);
    }

    /// @dev A journal with one seal, and the true call for the next one.
    function _sealing(uint256 seed) private returns (Sealing memory named) {
        uint256 size1 = seed % 20 + 1;
        uint256 size2 = size1 + (seed >> 8) % 20 + 1;
        for (uint256 i = 0; i < size2; ++i) _leaves.push(bytes32(_spread(seed + i)));
        _seal(0, size1, new bytes32[](0));
        return _sealingOf(seed);
    }

    function _sealingOf(uint256 seed) private view returns (Sealing memory named) {
        uint256 size1 = seed % 20 + 1;
        uint256 size2 = size1 + (seed >> 8) % 20 + 1;
        uint256 root = uint256(Trees.root(_leaves, 0, size2));
        named.words = [1, 1, uint256(_seals[0].root), size1, 0, _seals[0].sealedAt, size2, root];
        named.proof = Trees.consistency(_leaves, size1, size2);
    }

    function _sealWidth(uint256 field) private pure returns (uint256) {
        return [uint256(32), 32, 256, 64, 64, 48, 64, 256][field];
    }

    function _sealCall(Sealing memory named) private pure returns (bytes memory) {
        return abi.encodeCall(
            IRecordRegistry.sealJournal,
            (
                uint32(named.words[0]),
                uint32(named.words[1]),
                IRecordRegistry.Seal(
                    bytes32(named.words[2]), uint64(named.words[3]), uint64(named.words[4]), uint48(named.words[5])
                ),
                uint64(named.words[6]),
                bytes32(named.words[7]),
                named.proof
            )
        );
    }

    /// @dev The error for a call of which one field is not what it was; empty when the proof is as true for it.
    function _sealRefusal(Sealing memory named, uint256 field) private view returns (bytes memory) {
        uint32 agency = uint32(named.words[0]);
        uint32 journal = uint32(named.words[1]);
        uint256 size1 = _seals[0].size;
        uint256 size = named.words[6];
        if (field == 0 && agency != 3) return _unauthorized(_operator, OPERATOR, agency);
        if (field == 1 && journal != 3) {
            return abi.encodeWithSelector(IRecordRegistry.RecordRegistryUnknownJournal.selector, agency, journal);
        }
        // Those two have a journal of that number, without a seal: there is nothing to extend.
        if (field < 2) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryInconsistentTree.selector, named.words[2], named.words[7]
            );
        }
        if (size <= size1 || size > size1 + _GROWTH) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryInvalidSize.selector, size1, size, size1 + _GROWTH
            );
        }
        if (field > 1 && field < 6) {
            return abi.encodeWithSelector(
                IRecordRegistry.RecordRegistryUnknownSeal.selector, agency, journal, named.words[3]
            );
        }
        bytes32 root = bytes32(named.words[7]);
        if (field == 6 && Trees.extends(size1, _seals[0].root, size, root, named.proof)) return "";
        return abi.encodeWithSelector(
            IRecordRegistry.RecordRegistryInconsistentTree.selector, named.words[2], root
        );
    }

    function _sealed(Sealing memory named) private {
        (uint256 root, uint256 size, uint256 previous) = (named.words[7], named.words[6], named.words[3]);
        require(
            records.sealHashOf(1, 1, uint64(size)) == keccak256(abi.encode(root, size, previous, block.timestamp)),
            "seal"
        );
        require(records.journalHead(1, 1).size == size, "size");
        bytes memory data =
            abi.encode(records.sequence(), _operator, root, size, previous, block.timestamp);
        _logged(IRecordRegistry.JournalSealed.selector, bytes32(uint256(1)), data);
    }
}
