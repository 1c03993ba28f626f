// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RecordState} from "../libraries/RecordState.sol";

/// @title Record registry: who may act on which government record, and every act ever done.
/// @notice This interface is the manual of the registry. The deployed contract is immutable, has no proxy and
/// keeps no content: only commitments, states and hash chains of acts.
///
/// Words (docs/SPEC.md): an *agency* is an organisation with officers; a *record* is one thing it keeps; an *act*
/// is one change of a record; the *trace head* is the hash chain of a record's acts; a *journal* is an agency's
/// append-only log of entries and a *seal* its checkpoint on chain; to *enrol* is to bring a journal entry's record
/// on chain. Who the officers are stands in the agency registry, which this contract creates and which tells it of
/// every change.
///
/// Every event carries `sequence`, this contract's number of that event, from 1 without gaps: a missing log is
/// noticed. Every function that writes reverts with `RecordRegistryPaused` while the registry is paused and with
/// `RecordRegistryRetired` once a successor is final, except where its text says otherwise. Times are Unix seconds.
///
/// A missing role reverts with OpenZeppelin's `AccessControlUnauthorizedAccount(account, role)`.
///
/// WARNING: Calls may be batched with `multicall`. Never add ERC-2771 forwarding to this contract: together they let a
/// forwarder forge the sender.
interface IRecordRegistry {
    // ------------------------------------------------------------------ types

    /// @notice What an act did. The numbers are part of the trace head and never change.
    enum ActKind {
        None,
        Registered,
        Enrolled,
        Amended,
        Superseded,
        Revoked,
        Held,
        Released,
        Transferred,
        Disposed
    }

    /// @notice What stands on chain of a record: three slots, the third empty while registration is the only act.
    /// @param commitment Binds the content of the version in force to the record; reveals nothing of it.
    /// @param state Packed facts, see `RecordState`.
    /// @param traceHead Hash chain of all acts; zero while direct registration is the only one.
    struct Record {
        bytes32 commitment;
        RecordState state;
        bytes32 traceHead;
    }

    /// @notice What this contract keeps of a record type, one storage slot.
    /// @param latestVersion The version that registrations and amendments must name; from 1.
    /// @param retentionDays Of the latest version.
    /// @param holdCount Holds that freeze the whole type.
    struct RecordTypeHead {
        uint16 latestVersion;
        uint24 retentionDays;
        uint16 holdCount;
    }

    /// @notice A journal's head, one storage slot.
    /// @param size Entries sealed so far.
    /// @param repudiatedFrom First index that the agency disowns; the greatest uint64 when none is.
    /// @param opened Whether the journal exists.
    /// @param closed Whether it takes no further seal.
    struct JournalHead {
        uint64 size;
        uint64 repudiatedFrom;
        bool opened;
        bool closed;
    }

    /// @notice A checkpoint written on chain. Its storage slot holds `keccak256(abi.encode(seal))`.
    /// @param root RFC 9162 tree head of the first `size` entries.
    /// @param size Entries under the root.
    /// @param previousSize Size of the seal before, 0 for the first.
    /// @param sealedAt Block time of the seal.
    struct Seal {
        bytes32 root;
        uint64 size;
        uint64 previousSize;
        uint48 sealedAt;
    }

    /// @notice A journal entry, 78 bytes big-endian in this order when hashed (docs/SPEC.md).
    /// @param kind 1 for the registration of a record; only such entries can be enrolled.
    /// @param algorithm Of the commitment: 1 SHA-256, 2 SM3.
    /// @param typeId Record type of the sealing agency.
    /// @param typeVersion Version of the type that the content was checked against.
    /// @param time The agency's word for when the entry was made.
    /// @param localId The record's local id; the record id derives from it and the sealing agency.
    /// @param commitment Commitment of version 1.
    struct Entry {
        uint8 kind;
        uint8 algorithm;
        uint16 typeId;
        uint16 typeVersion;
        uint64 time;
        bytes32 localId;
        bytes32 commitment;
    }

    /// @notice Where an entry lies.
    /// @param agencyId The agency that sealed it.
    /// @param journal Number of the agency's journal.
    /// @param index Place in the journal, from 0.
    struct EntryPlace {
        uint32 agencyId;
        uint32 journal;
        uint64 index;
    }

    /// @notice A proposal to destroy a record.
    /// @param traceHead Trace head that the record had; any later act voids the proposal.
    /// @param mandate Commitment of the legal basis.
    /// @param proposer The REGISTRAR who proposed.
    /// @param expiresAt Last second at which it can be confirmed.
    struct DispositionProposal {
        bytes32 traceHead;
        bytes32 mandate;
        address proposer;
        uint48 expiresAt;
    }

    /// @notice Where a registry stands in a line of successors.
    /// @param lineage Hash of chain id and address of the first registry; record ids derive from it.
    /// @param predecessor The registry whose records are adopted; zero for the first.
    /// @param finalStatesRoot RFC 9162 tree head over the predecessor's final states; zero for the first.
    /// @param finalStatesCount Leaves under that root.
    struct Origin {
        bytes32 lineage;
        address predecessor;
        bytes32 finalStatesRoot;
        uint64 finalStatesCount;
    }

    /// @notice A hold on one record, as the successor adopts it.
    /// @param authority The account that placed it.
    /// @param caseCommitment Commitment of its case.
    struct Hold {
        address authority;
        bytes32 caseCommitment;
    }

    // ------------------------------------------------------------------ events

    /// @notice Act: a record was registered directly. `state` is the record's state after the act, here and below:
    /// it holds time, version, type, algorithm, retention, status and hold count of the act.
    /// The registering agency is the state's issuer: a topic of its own would cost every record 375 gas.
    event Registered(
        uint64 sequence, bytes32 indexed recordId, address account, RecordState state, bytes32 commitment
    );
    /// @notice Act: a journal record was brought on chain, by the entry at `index` under the seal of `sealSize`.
    event Enrolled(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        bytes32 commitment,
        bytes32 leafHash,
        uint32 journal,
        uint64 index,
        uint64 sealSize
    );
    /// @notice Act: the content has a new version.
    event Amended(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        bytes32 commitment
    );
    /// @notice Act: another record took this one's place.
    event Superseded(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        bytes32 indexed replacementId
    );
    /// @notice Act: the record is no longer in force.
    event Revoked(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        uint16 reason
    );
    /// @notice Act: an authority forbade change and destruction.
    event Held(
        uint64 sequence, bytes32 indexed recordId, address indexed authority, RecordState state, bytes32 caseCommitment
    );
    /// @notice Act: the authority lifted its hold.
    event Released(
        uint64 sequence, bytes32 indexed recordId, address indexed authority, RecordState state, bytes32 caseCommitment
    );
    /// @notice Act: the custodian changed from `fromAgency` to `agencyId`.
    event Transferred(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        uint32 fromAgency
    );
    /// @notice Act: the record's secrets are to be destroyed.
    event Disposed(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        RecordState state,
        address proposer,
        bytes32 mandate
    );

    /// @notice Custody was offered. No act: nothing changes until the offer is accepted.
    event CustodyOffered(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed fromAgency,
        uint32 indexed toAgency,
        address account,
        uint48 expiresAt
    );
    /// @notice An offer of custody was declined by its receiver (`agencyId` is the receiver) or withdrawn by its
    /// giver.
    event CustodyOfferClosed(uint64 sequence, bytes32 indexed recordId, uint32 indexed agencyId, address account);
    /// @notice Disposition was proposed. No act.
    event DispositionProposed(
        uint64 sequence,
        bytes32 indexed recordId,
        uint32 indexed agencyId,
        address account,
        bytes32 traceHead,
        bytes32 mandate,
        uint48 expiresAt
    );

    /// @notice An authority froze all records of a type.
    event TypeHeld(
        uint64 sequence,
        uint32 indexed agencyId,
        uint16 indexed typeId,
        address indexed authority,
        bytes32 caseCommitment
    );
    /// @notice The authority lifted its hold on a type.
    event TypeReleased(
        uint64 sequence,
        uint32 indexed agencyId,
        uint16 indexed typeId,
        address indexed authority,
        bytes32 caseCommitment
    );

    /// @notice A journal was opened.
    event JournalOpened(uint64 sequence, uint32 indexed agencyId, uint32 indexed journal, address account);
    /// @notice A journal's checkpoint was written on chain.
    event JournalSealed(
        uint64 sequence,
        uint32 indexed agencyId,
        uint32 indexed journal,
        address account,
        bytes32 root,
        uint64 size,
        uint64 previousSize,
        uint48 sealedAt
    );
    /// @notice A journal takes no further seals.
    event JournalClosed(uint64 sequence, uint32 indexed agencyId, uint32 indexed journal, address account);
    /// @notice The agency disowned a journal's entries from an index on.
    event JournalRepudiated(
        uint64 sequence,
        uint32 indexed agencyId,
        uint32 indexed journal,
        address account,
        uint64 fromIndex,
        uint16 reason
    );

    /// @notice The registry is retired for ever; ask `successor`.
    event SuccessionFinalised(uint64 sequence, address indexed successor);
    /// @notice A predecessor's record stands here now with the state and trace head it had. No act.
    event RecordAdopted(
        uint64 sequence,
        bytes32 indexed recordId,
        RecordState state,
        bytes32 commitment,
        bytes32 traceHead,
        Hold[] holds
    );
    /// @notice A predecessor's journal stands here now with its last seal.
    event JournalAdopted(
        uint64 sequence, uint32 indexed agencyId, uint32 indexed journal, JournalHead head, bytes32 sealHash
    );

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the registry is paused.
    error RecordRegistryPaused(uint48 since);
    /// @notice Thrown when the registry has handed over to `successor`.
    error RecordRegistryRetired(address successor);
    /// @notice Thrown when something new is registered, enrolled, opened or held before all final states are adopted.
    error RecordRegistryAdoptionIncomplete(uint64 remaining);

    /// @notice Thrown when another account than the agency registry tells of its changes.
    error RecordRegistryNotAgencyRegistry(address caller);
    /// @notice Thrown when no agency has the id.
    error RecordRegistryUnknownAgency(uint32 agencyId);
    /// @notice Thrown when the agency has no such record type.
    error RecordRegistryUnknownRecordType(uint32 agencyId, uint16 typeId);
    /// @notice Thrown when the record type has no such version.
    error RecordRegistryUnknownTypeVersion(uint32 agencyId, uint16 typeId, uint16 version);
    /// @notice Thrown when a version other than the latest of a record type is named.
    error RecordRegistryStaleTypeVersion(uint32 agencyId, uint16 typeId, uint16 latest, uint16 named);
    /// @notice Thrown when a counter that the state can hold is full (`what`: "versions" of a record, or "holds").
    error RecordRegistryLimitReached(string what, uint256 limit);

    /// @notice Thrown when no record stands on chain under the id.
    error RecordRegistryUnknownRecord(bytes32 recordId);
    /// @notice Thrown when a record stands on chain under the id already.
    error RecordRegistryAlreadyRegistered(bytes32 recordId);
    /// @notice Thrown when a commitment is zero or its algorithm byte is.
    error RecordRegistryInvalidCommitment(bytes32 commitment, uint8 algorithm);
    /// @notice Thrown when a batch is empty, larger than `limit`, or its lists differ in length.
    error RecordRegistryInvalidBatch(uint256 localIds, uint256 commitments, uint256 limit);
    /// @notice Thrown when a change expects another version than the current one.
    error RecordRegistryStaleVersion(bytes32 recordId, uint16 currentVersion, uint16 expectedVersion);
    /// @notice Thrown when a change expects another commitment or trace head than the current one.
    error RecordRegistryStaleTrace(bytes32 recordId, bytes32 commitment, bytes32 traceHead);
    /// @notice Thrown when the record's status does not allow the act.
    error RecordRegistryWrongStatus(bytes32 recordId, uint8 status);
    /// @notice Thrown when a record cannot take the place of another: the same, not in force, or in other custody.
    error RecordRegistryIneligibleReplacement(bytes32 recordId, bytes32 replacementId);
    /// @notice Thrown when holds on the record forbid the act.
    error RecordRegistryHeld(bytes32 recordId, uint16 holdCount);
    /// @notice Thrown when holds on the record's whole type forbid the act.
    error RecordRegistryTypeHeld(uint32 agencyId, uint16 typeId, uint16 holdCount);

    /// @notice Thrown when custody is not on offer.
    error RecordRegistryNoOffer(bytes32 recordId);
    /// @notice Thrown when custody is on offer and the offer has not expired.
    error RecordRegistryOfferOpen(bytes32 recordId, uint32 offeredTo);
    /// @notice Thrown when the offer has expired.
    error RecordRegistryOfferExpired(bytes32 recordId, uint48 expiresAt);
    /// @notice Thrown when custody is offered to the custodian itself.
    error RecordRegistryOfferToCustodian(bytes32 recordId, uint32 agencyId);
    /// @notice Thrown when an expiry lies outside of what is allowed.
    error RecordRegistryInvalidExpiry(uint48 expiresAt, uint48 earliest, uint48 latest);

    /// @notice Thrown when the same authority holds the same subject for the same case already.
    error RecordRegistryHoldExists(bytes32 subject, address authority, bytes32 caseCommitment);
    /// @notice Thrown when the authority has no such hold.
    error RecordRegistryNoHold(bytes32 subject, address authority, bytes32 caseCommitment);
    /// @notice Thrown when a case commitment is zero.
    error RecordRegistryInvalidCase();

    /// @notice Thrown when the retention period still runs; `retainUntil` is the last day (days since 1970).
    error RecordRegistryRetained(bytes32 recordId, uint24 retainUntil);
    /// @notice Thrown when no disposition is proposed, or the record has changed since.
    error RecordRegistryNoProposal(bytes32 recordId);
    /// @notice Thrown when a proposal has expired.
    error RecordRegistryProposalExpired(bytes32 recordId, uint48 expiresAt);
    /// @notice Thrown when the officer who confirms is the one who proposed.
    error RecordRegistrySameOfficer(bytes32 recordId, address account);

    /// @notice Thrown when the agency has no such journal.
    error RecordRegistryUnknownJournal(uint32 agencyId, uint32 journal);
    /// @notice Thrown when the journal is closed.
    error RecordRegistryJournalClosed(uint32 agencyId, uint32 journal);
    /// @notice Thrown when a seal is named that the journal does not have.
    error RecordRegistryUnknownSeal(uint32 agencyId, uint32 journal, uint64 size);
    /// @notice Thrown when a new size is not greater than the current one or exceeds `limit`.
    error RecordRegistryInvalidSize(uint64 current, uint64 size, uint64 limit);
    /// @notice Thrown when the new tree does not extend the sealed one.
    error RecordRegistryInconsistentTree(bytes32 previousRoot, bytes32 root);
    /// @notice Thrown when a leaf is not under the root at its index.
    error RecordRegistryNotIncluded(bytes32 leafHash, uint64 index, bytes32 root);
    /// @notice Thrown when an entry registers no record.
    error RecordRegistryInvalidEntry(uint8 kind);
    /// @notice Thrown when an entry claims a time after its seal.
    error RecordRegistryEntryAfterSeal(uint64 entryTime, uint48 sealedAt);
    /// @notice Thrown when the entry is disowned by its agency.
    error RecordRegistryRepudiated(uint64 index, uint64 repudiatedFrom);
    /// @notice Thrown when a repudiation does not start below what is sealed and not disowned yet.
    error RecordRegistryInvalidRepudiation(uint64 fromIndex, uint64 limit);

    /// @notice Thrown when the constructor's arguments contradict one another.
    error RecordRegistryInvalidOrigin();

    // ------------------------------------------------------------------ records

    /// @notice Registers a record of the agency.
    /// @dev REGISTRAR or OPERATOR. The id derives from lineage, agency and `localId`: nobody else can take it.
    /// WARNING: block time is the validators' word for when; a time that the agency asserts belongs in the content.
    /// @param typeVersion Must be the type's latest version.
    /// @param algorithm Of the commitment: 1 SHA-256, 2 SM3.
    /// @param localId Keyed hash of the agency's own reference.
    /// @param commitment Commitment of version 1.
    /// @return recordId The record's id.
    function register(
        uint32 agencyId,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32 localId,
        bytes32 commitment
    ) external returns (bytes32 recordId);

    /// @notice Registers 1 to `MAX_BATCH` records of one type, all or none.
    /// @dev REGISTRAR or OPERATOR.
    function registerMany(
        uint32 agencyId,
        uint16 typeId,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32[] calldata localIds,
        bytes32[] calldata commitments
    ) external;

    /// @notice Puts a new version of the content in force.
    /// @dev REGISTRAR of the custodian. Retention can only grow by it.
    /// @param expectedVersion The record's current version.
    /// @param typeVersion The latest version of the record's type.
    function amend(
        bytes32 recordId,
        uint16 expectedVersion,
        uint16 typeVersion,
        uint8 algorithm,
        bytes32 commitment
    ) external;

    /// @notice Lets another record in force of the same custodian take this one's place. Final.
    /// @dev REGISTRAR of the custodian.
    function supersede(bytes32 recordId, uint16 expectedVersion, bytes32 replacementId) external;

    /// @notice Takes the record out of force. Final.
    /// @dev REGISTRAR of the custodian.
    /// @param reason Code of the reason (docs/SPEC.md).
    function revoke(bytes32 recordId, uint16 expectedVersion, uint16 reason) external;

    /// @notice Proposes to destroy the record's content, once its retention is over.
    /// @dev REGISTRAR of the custodian. A later proposal replaces an earlier one; any act voids it.
    /// @param mandate Commitment of the legal basis.
    /// @param expiresAt Last second at which it can be confirmed, at most `MAX_OPEN_PERIOD` away.
    function proposeDisposition(bytes32 recordId, uint16 expectedVersion, bytes32 mandate, uint48 expiresAt) external;

    /// @notice Confirms a disposition: the custodian must now destroy the record's secrets. Final.
    /// @dev STEWARD of the custodian, another account than the proposer's. Trace head, holds, retention and open
    /// offers are checked again.
    /// WARNING: the chain proves that destruction was decided by two officers, not that every copy is gone.
    function confirmDisposition(bytes32 recordId, uint16 expectedVersion) external;

    // ------------------------------------------------------------------ custody

    /// @notice Offers custody to another agency. Nothing changes until it accepts; any act closes the offer, so that
    /// what is accepted is what was offered.
    /// @dev STEWARD of the custodian.
    /// @param expiresAt Last second at which it can be accepted, at most `MAX_OPEN_PERIOD` away.
    function offerCustody(
        bytes32 recordId,
        uint16 expectedVersion,
        uint32 toAgency,
        uint48 expiresAt
    ) external;

    /// @notice Accepts custody. Refused while any hold stands.
    /// @dev STEWARD of the agency to which custody is offered.
    /// @param expectedCommitment The current commitment: custody is a matter of exactly this content.
    /// @param expectedTraceHead The current trace head, derived where it is not stored yet (`traceHeadOf`).
    function acceptCustody(
        bytes32 recordId,
        uint16 expectedVersion,
        bytes32 expectedCommitment,
        bytes32 expectedTraceHead
    ) external;

    /// @notice Declines an offer of custody.
    /// @dev STEWARD of the agency to which custody is offered.
    function declineCustody(bytes32 recordId) external;

    /// @notice Withdraws an offer of custody.
    /// @dev STEWARD of the custodian.
    function withdrawCustody(bytes32 recordId) external;

    // ------------------------------------------------------------------ holds

    /// @notice Forbids change and destruction of a record, for one case; also of an id that is not on chain yet.
    /// @dev Only HOLD_AUTHORITY. Names no version, so that no amendment can outrun it.
    /// WARNING: holds belong to the account that placed them; an authority should be a multi-signature account, whose
    /// keys can change while its address stays.
    /// @param caseCommitment Commitment of the case, salted.
    function placeHold(bytes32 recordId, bytes32 caseCommitment) external;

    /// @notice Lifts the caller's own hold.
    /// @dev Only HOLD_AUTHORITY, and only the account that placed it.
    function releaseHold(bytes32 recordId, bytes32 caseCommitment) external;

    /// @notice Freezes all records of a type, those in journals included.
    /// @dev Only HOLD_AUTHORITY.
    function holdType(uint32 agencyId, uint16 typeId, bytes32 caseCommitment) external;

    /// @notice Lifts the caller's own hold on a type.
    /// @dev Only HOLD_AUTHORITY, and only the account that placed it.
    function releaseType(uint32 agencyId, uint16 typeId, bytes32 caseCommitment) external;

    // ------------------------------------------------------------------ journals

    /// @notice Opens the agency's next journal.
    /// @dev Only AGENCY_ADMIN.
    /// @return journal From 1, without gaps, per agency.
    function openJournal(uint32 agencyId) external returns (uint32 journal);

    /// @notice Writes a checkpoint of the journal on chain, if the new tree extends the sealed one (RFC 9162 § 2.1.4).
    /// @dev Only OPERATOR. At most `MAX_SEAL_GROWTH` entries more than before.
    /// @param previous The journal's last seal, all zero for the first.
    /// @param proof Consistency proof from `previous.size` to `size`; empty for the first seal.
    function sealJournal(
        uint32 agencyId,
        uint32 journal,
        Seal calldata previous,
        uint64 size,
        bytes32 root,
        bytes32[] calldata proof
    ) external;

    /// @notice Ends a journal; what is sealed stays.
    /// @dev Only AGENCY_ADMIN.
    function closeJournal(uint32 agencyId, uint32 journal) external;

    /// @notice Disowns a journal's entries from an index on, and ends it: they can no longer be enrolled.
    /// @dev Only AGENCY_ADMIN. Can be repeated with a lower index, never undone. For a stolen operator key.
    /// WARNING: records already enrolled keep their state; revoke them.
    function repudiateJournal(uint32 agencyId, uint32 journal, uint64 fromIndex, uint16 reason) external;

    /// @notice Brings a journal record on chain by its inclusion proof (RFC 9162 § 2.1.3). Use `multicall` to act on
    /// it in the same transaction.
    /// @dev REGISTRAR or STEWARD of the sealing agency. Retention counts from the seal.
    /// @param place Where the entry lies.
    /// @param entry The entry, from which the leaf hash is made.
    /// @param named Any seal of the journal that covers the entry.
    /// @param proof Inclusion proof of the entry under the seal's root.
    function enrol(
        EntryPlace calldata place,
        Entry calldata entry,
        Seal calldata named,
        bytes32[] calldata proof
    ) external returns (bytes32 recordId);

    // ------------------------------------------------------------------ succession

    /// @notice Takes a record of the predecessor over, with the state, trace head and holds it had.
    /// @dev Anybody: the proof decides. An open offer is dropped.
    /// @param holds The record's holds; as many as its state counts.
    /// @param index Of the leaf among the final states.
    function adoptRecord(
        bytes32 recordId,
        Record calldata adopted,
        Hold[] calldata holds,
        uint64 index,
        bytes32[] calldata proof
    ) external;

    /// @notice Takes a journal of the predecessor over, with its head and last seal.
    /// @dev Anybody: the proof decides.
    function adoptJournal(
        uint32 agencyId,
        uint32 journal,
        JournalHead calldata head,
        bytes32 sealHash,
        uint64 index,
        bytes32[] calldata proof
    ) external;

    /// @notice Takes a hold on a type of the predecessor over.
    /// @dev Anybody: the proof decides. The type must have been created here.
    function adoptTypeHold(
        uint32 agencyId,
        uint16 typeId,
        Hold calldata hold,
        uint64 index,
        bytes32[] calldata proof
    ) external;

    // ------------------------------------------------------------------ told by the agency registry

    /// @notice An agency was created.
    /// @dev Only the agency registry, here and below. No event: the agency registry's are complete.
    function onAgencyCreated(uint32 agencyId) external;

    /// @notice An account was given a role, or it was taken away.
    /// @param agencyId The agency; 0 for HOLD_AUTHORITY, the one global role that this contract checks.
    /// @param kind 1 AGENCY_ADMIN, 2 REGISTRAR, 3 STEWARD, 4 OPERATOR, 5 HOLD_AUTHORITY.
    function onRoleChanged(uint32 agencyId, uint8 kind, address account, bool granted) external;

    /// @notice Writing stopped (`since` is not 0) or goes on.
    function onPaused(uint48 since) external;

    /// @notice The registry is retired for ever.
    function onSucceeded(address heir) external;

    /// @notice A version of a record type was published.
    function onRecordTypePublished(uint32 agencyId, uint16 typeId, uint16 version, uint24 retentionDays) external;

    // ------------------------------------------------------------------ reading

    /// @notice The agency registry.
    function agencyRegistry() external view returns (address);

    /// @notice Reverts with `RecordRegistryPaused` or `RecordRegistryRetired` when nothing may be written.
    function requireOpen() external view;

    /// @notice Since when the registry is paused; 0 when it is not.
    function pausedSince() external view returns (uint48);

    /// @notice The number of the last event.
    function sequence() external view returns (uint64);

    /// @notice What stands here of a record type; zeros when there is none.
    function recordTypeHead(uint32 agencyId, uint16 typeId) external view returns (RecordTypeHead memory);

    /// @notice The id of an agency's record.
    function recordIdOf(uint32 agencyId, bytes32 localId) external view returns (bytes32);

    /// @notice A record's three slots; zeros when there is none.
    function record(bytes32 recordId) external view returns (Record memory);

    /// @notice The record's trace head, derived where it is not stored yet; zero when the record has no act.
    function traceHeadOf(bytes32 recordId) external view returns (bytes32);

    /// @notice The proposed disposition of a record; zeros when there is none.
    function dispositionProposal(bytes32 recordId) external view returns (DispositionProposal memory);

    /// @notice Since when the authority holds the record for the case; 0 when it does not.
    function heldSince(bytes32 recordId, address authority, bytes32 caseCommitment) external view returns (uint48);

    /// @notice Since when the authority holds the type for the case; 0 when it does not.
    function typeHeldSince(
        uint32 agencyId,
        uint16 typeId,
        address authority,
        bytes32 caseCommitment
    ) external view returns (uint48);

    /// @notice How many journals the agency has.
    function journalCount(uint32 agencyId) external view returns (uint32);

    /// @notice A journal's head; zeros when there is none.
    function journalHead(uint32 agencyId, uint32 journal) external view returns (JournalHead memory);

    /// @notice The hash of the journal's seal of that size; zero when there is none.
    function sealHashOf(uint32 agencyId, uint32 journal, uint64 size) external view returns (bytes32);

    /// @notice Where this registry stands in a line of successors.
    function origin() external view returns (Origin memory);

    /// @notice Final states of the predecessor that are not adopted yet.
    function adoptionRemaining() external view returns (uint64);

    /// @notice The final successor; zero while there is none.
    function successor() external view returns (address);
}
