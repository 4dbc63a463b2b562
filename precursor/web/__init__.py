"""What every page shares: the Flask database binding, languages, layout, SVG marks, the front end's sources."""
