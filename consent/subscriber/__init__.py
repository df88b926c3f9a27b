"""What people do and have done for them: agree, choose, leave, ask what is known, be erased."""
