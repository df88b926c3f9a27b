"""What people are told beside what they agree to: the notice under Art. 13 GDPR."""
