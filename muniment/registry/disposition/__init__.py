# SPDX-License-Identifier: Apache-2.0
"""Disposition: what may be destroyed, who decided it, and the certificate that it was."""
