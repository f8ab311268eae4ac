"""
How Sphinx builds these pages: C{sphinx-build -W docs docs/_build}.
"""

import importlib
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent)]

project = "Vaurien"
author = "The Vaurien authors"
project_copyright = author
version = release = importlib.import_module("vaurien_twisted").__version__

extensions = ["generate"]
exclude_patterns = ["_build", "examples"]
nitpicky = True
highlight_language = "none"

html_theme = "alabaster"
html_title = f"Vaurien {release}"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "description": "A TCP proxy that misbehaves on request.",
    "fixed_sidebar": True,
    "page_width": "1040px",
    "sidebar_width": "210px",
    "font_family": "system-ui, sans-serif",
    "head_font_family": "system-ui, sans-serif",
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchbox.html", "navigation.html"]}
