"""How pages look and speak: templates, one stylesheet, the words of each language."""
