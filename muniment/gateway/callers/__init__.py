# SPDX-License-Identifier: Apache-2.0
"""Who calls: tokens of machines, officers who signed in, and what each may ask for."""
