"""
How Sphinx builds these pages: C{sphinx-build -W docs docs/_build}.
"""

import importlib
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE.parent))

project = "Vaurien"
author = "The Vaurien authors"
project_copyright = author
version = release = importlib.import_module("vaurien_twisted").__version__

extensions = ["sphinx_copybutton"]
exclude_patterns = ["_build", "examples"]
nitpicky = True
highlight_language = "none"

html_theme = "furo"
html_title = f"Vaurien {release}"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    # The font stacks of the system: a page loads nothing from elsewhere.
    "light_css_variables": {"font-stack": "system-ui, sans-serif"},
}

# The copy button takes the commands of a console block, without prompts and output.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"
