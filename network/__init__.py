# SPDX-License-Identifier: Apache-2.0
"""The validators' network: build the node, found a chain, run it, change who validates (README.md).

What lies here is for those who run validators. The product needs a node's URL and nothing of this.
"""
