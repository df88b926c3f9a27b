"""From text to nodes: lines, words, the parser of the grammar, and what is built from its trees."""
