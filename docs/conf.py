"""Settings of the documentation: Markdown, one theme, nothing fetched from elsewhere."""

import blueops_qb

project = "QuickBooks for BlueOps"
author = "BlueOps"
version = release = blueops_qb.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["**/_*.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}
