"""What is told of mails that were handed over: complaints, bounces, deliveries."""
