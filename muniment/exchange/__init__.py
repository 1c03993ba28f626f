# SPDX-License-Identifier: Apache-2.0
"""What goes from one agency to another: envelopes, terms, messages, deliveries, custody packages.

Formats alone: no chain, no database. `registry` sends and receives them. docs/spec/exchange.md.
"""
