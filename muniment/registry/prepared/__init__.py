# SPDX-License-Identifier: Apache-2.0
"""Acts that are prepared here and signed elsewhere, with the officer's own key (docs/spec/rest.md).

`facade.PreparedActs` prepares and takes what was signed; `document` is what the officer is given,
`signing` what the officer's own side makes of it, without a database and without a chain.
"""
