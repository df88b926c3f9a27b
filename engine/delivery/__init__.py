"""From effect to SMTP reply. The only room that opens mail sockets."""
