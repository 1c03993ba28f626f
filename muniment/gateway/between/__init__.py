# SPDX-License-Identifier: Apache-2.0
"""Between gateways: envelopes pushed and fetched by HTTP, each call signed with the agency's key
for messages (docs/spec/rest.md, "Between gateways")."""
