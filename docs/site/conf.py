"""How Sphinx builds the site: Markdown by MyST, the theme Furo, nothing from the network."""

project = "tunecase"
html_title = "tunecase"
extensions = ["myst_parser"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
highlight_language = "text"
smartquotes = False  # an option begins with two hyphens, not with a dash
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/mark.svg"
html_show_sphinx = False
html_copy_source = False
html_use_index = False
pygments_style = "xcode"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#1d4f80",
        "color-brand-content": "#1d4f80",
        "color-brand-visited": "#1d4f80",
        "color-background-primary": "#faf9f6",
        "color-background-secondary": "#f1efe9",
        "color-foreground-primary": "#16202b",
        "color-foreground-secondary": "#4d5a68",
        "color-foreground-muted": "#4d5a68",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8dbcec",
        "color-brand-content": "#8dbcec",
        "color-brand-visited": "#8dbcec",
        "color-background-primary": "#10151b",
        "color-background-secondary": "#161d26",
        "color-foreground-primary": "#e9edf1",
        "color-foreground-secondary": "#a7b2be",
        "color-foreground-muted": "#a7b2be",
    },
}
