# SPDX-License-Identifier: Apache-2.0
"""An agency's gateway: the registry over HTTP, for its systems and its officers' pages.

Needs `muniment[gateway]`. docs/spec/rest.md is what it promises; `application.py` puts it together.
"""
