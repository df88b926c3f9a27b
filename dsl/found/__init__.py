"""What is found wrong and where: files as text, findings, and how they are told."""
