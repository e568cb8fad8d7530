"""Core's pages for people: plain forms that work without scripts, behind a login with roles."""
