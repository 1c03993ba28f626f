// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAgencyRegistry} from "../../../contracts/interfaces/IAgencyRegistry.sol";
import {IShareRegistry} from "../../../contracts/interfaces/IShareRegistry.sol";
import {AGENCIES, STEWARD, vm} from "../Stage.sol";
import {Walk} from "./Walk.sol";

/// @title Shares are asked for, granted, denied, revoked; deliveries are acknowledged.
abstract contract ShareActs is Walk {
    struct ShareModel {
        uint32 requester;
        uint32 granter;
        IShareRegistry.ShareStatus status;
        uint48 respondBy;
        uint48 expiresAt;
        bytes32 recordId;
    }

    bytes32 public constant SALT = keccak256("salt");

    bytes32[] public shareIds;
    mapping(bytes32 shareId => ShareModel share) public shareModels;
    mapping(bytes32 shareId => mapping(bytes32 digest => bool yes)) private _acknowledged;

    /// @dev Of one record, or of a type as it is shared just now.
    function request(uint256 agencySeed, uint256 actorSeed, uint256 granterSeed, uint256 idSeed) external step {
        uint32 requester = _agency(agencySeed);
        uint32 granter = granterSeed % 16 == 0 ? AGENCIES + 1 : _agency(granterSeed);
        (address actor, bool due) = _actor(requester, actorSeed, STEWARD, STEWARD);
        ShareModel memory asked = ShareModel(
            requester,
            granter,
            IShareRegistry.ShareStatus.Requested,
            uint48(time + 1 + idSeed % 10 days),
            uint48(time + 1 + granterSeed % 40 days),
            0
        );
        bytes32 scope;
        if (granterSeed % 3 != 0) {
            (asked.recordId,) = _pick(idSeed);
            scope = keccak256(abi.encode(asked.recordId, SALT));
        } else if (granter <= AGENCIES) {
            uint16 latest = agencies.latestTypeVersion(granter, 1);
            IAgencyRegistry.Sharing sharing = agencies.recordType(granter, 1, latest).sharing;
            if (sharing == IAgencyRegistry.Sharing.Open) asked.status = IShareRegistry.ShareStatus.Granted;
            if (sharing == IAgencyRegistry.Sharing.Closed) due = false;
        }
        due = due && granter != requester && granter <= AGENCIES;
        uint16 typeId = scope == 0 ? 1 : 0;
        vm.prank(actor);
        try shares.requestShare(requester, granter, typeId, scope, "terms", asked.respondBy, asked.expiresAt) returns (
            bytes32 shareId
        ) {
            _went(due, "request a share");
            _expect(shareModels[shareId].status == IShareRegistry.ShareStatus.None, "a share's id twice");
            shareIds.push(shareId);
            shareModels[shareId] = asked;
        } catch {
            _refused(due, "request a share");
        }
    }

    function decide(uint256 shareSeed, uint256 actorSeed, uint256 period, bool deny) external step {
        (bytes32 shareId, ShareModel storage model) = _pickShare(shareSeed, IShareRegistry.ShareStatus.Requested);
        (address actor, bool may) = _actor(model.granter, actorSeed, STEWARD, STEWARD);
        bool due = may && model.status == IShareRegistry.ShareStatus.Requested && time <= model.respondBy;
        uint48 expiresAt = uint48(time + 1 + period % 40 days);
        bytes memory call_ = deny
            ? abi.encodeCall(IShareRegistry.denyShare, (shareId, 1))
            : abi.encodeCall(IShareRegistry.grantShare, (shareId, "granted", expiresAt));
        vm.prank(actor);
        (bool done,) = address(shares).call(call_);
        if (!done) return _refused(due, "decide on a share");
        _went(due, "decide on a share");
        model.status = deny ? IShareRegistry.ShareStatus.Denied : IShareRegistry.ShareStatus.Granted;
        if (!deny) model.expiresAt = expiresAt;
    }

    function endShare(uint256 shareSeed, uint256 actorSeed) external step {
        (bytes32 shareId, ShareModel storage model) = _pickShare(shareSeed, IShareRegistry.ShareStatus.Granted);
        (address actor, bool may) = _actor(model.granter, actorSeed, STEWARD, STEWARD);
        bool due = may && model.status == IShareRegistry.ShareStatus.Granted;
        vm.prank(actor);
        try shares.revokeShare(shareId, 4) {
            _went(due, "revoke a share");
            model.status = IShareRegistry.ShareStatus.Revoked;
        } catch {
            _refused(due, "revoke a share");
        }
    }

    function acknowledge(uint256 shareSeed, uint256 actorSeed, uint256 digestSeed) external step {
        (bytes32 shareId, ShareModel storage model) = _pickShare(shareSeed, IShareRegistry.ShareStatus.Granted);
        bytes32 digest = keccak256(abi.encode("delivery", digestSeed % 3));
        (address actor, bool may) = _actor(model.requester, actorSeed, STEWARD, STEWARD);
        bool granted = model.status == IShareRegistry.ShareStatus.Granted
            || model.status == IShareRegistry.ShareStatus.Revoked;
        bool due = may && granted && !_acknowledged[shareId][digest];
        vm.prank(actor);
        try shares.acknowledgeDelivery(shareId, digest) {
            _went(due, "acknowledge a delivery");
            _acknowledged[shareId][digest] = true;
        } catch {
            _refused(due, "acknowledge a delivery");
        }
    }

    function shareCount() external view returns (uint256) {
        return shareIds.length;
    }

    /// @dev Three times in four one of this status, if there is any.
    function _pickShare(
        uint256 seed,
        IShareRegistry.ShareStatus status
    ) private view returns (bytes32 shareId, ShareModel storage model) {
        uint256 count = shareIds.length;
        if (count != 0) shareId = shareIds[seed / 4 % count];
        for (uint256 i = 0; seed % 4 != 0 && i < count && shareModels[shareId].status != status; ++i) {
            shareId = shareIds[(seed / 4 % count + i) % count];
        }
        model = shareModels[shareId];
    }
}
