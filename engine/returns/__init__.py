"""What comes back of mails that were handed over: complaints and bounces."""
