# SPDX-License-Identifier: Apache-2.0
"""The resources, a module each: what is at which path, and who may ask for it."""
