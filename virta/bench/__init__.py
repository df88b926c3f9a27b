"""What Virta costs on this machine: each measure in a process of its own, no figure without its counts."""
