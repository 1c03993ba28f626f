# SPDX-License-Identifier: Apache-2.0
"""Operations: checking that what runs is what was published."""
