# SPDX-License-Identifier: Apache-2.0
"""Events out: what the chain says, told to systems (webhooks) and pages as CloudEvents
(docs/spec/events.md)."""
