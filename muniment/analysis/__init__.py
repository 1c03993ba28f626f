# SPDX-License-Identifier: Apache-2.0
"""What the registry knows, for analysis: provenance, pictures, archives, frames."""
