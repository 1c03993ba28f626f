// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Keeps Tessera's checker among the pinned modules: it is built as it is.
package main

import _ "github.com/transparency-dev/tessera/cmd/fsck"
