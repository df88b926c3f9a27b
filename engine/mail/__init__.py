"""The bytes of a mail. No sockets."""
