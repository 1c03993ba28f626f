# SPDX-License-Identifier: Apache-2.0
"""What moves records: the outbox sender and the indexer, and the daemon that runs them."""
